"""What to do where Azure refuses a restore, or fails in it: a validation, an operation, a job."""

import re
from typing import Final

from restore_core.azure.advice import roles
from restore_core.azure.advice.instances import how_to_undelete
from restore_core.azure.advice.refusals import Lack, lacks, named_principal, obstacle
from restore_core.azure.advice.roles import Grant
from restore_core.azure.advice.taken_targets import another_target
from restore_core.contract import commands
from restore_core.errors import Problem
from restore_core.lifecycle.endings import DISK_EXISTS
from restore_core.lifecycle.states import Plan

_ENCRYPTION_SET: Final = re.compile(
    r"/subscriptions/[^/\s']+/resourceGroups/[^/\s']+/providers/Microsoft\.Compute"
    r"/diskEncryptionSets/[\w-]+",
    re.IGNORECASE,
)


def failed(problem: Problem, plan: Plan) -> Problem:
    """Return `problem` with what a person can do about it, where that is known."""
    advice = _advice(problem, plan)
    return problem.advised(advice) if advice else problem


def _advice(problem: Problem, plan: Plan) -> str:
    code = problem.code.lower()
    if DISK_EXISTS in code:
        return another_target(plan)
    if "softdelete" in code:
        return how_to_undelete(plan.instance.vault, plan.instance.name)
    if against := obstacle(problem):
        return f"No role mends this: {against}."
    if missing := lacks(problem):
        return _for_lacks(missing, problem, plan)
    return _granted(_grants(problem, plan), _identity(plan), _principal(plan))


def _for_lacks(missing: list[Lack], problem: Problem, plan: Plan) -> str:
    """Return what mends what ARM itself says is missing: of an unknown scope, nothing."""
    found = [roles.grant_for(lack, plan.instance.vault, plan) for lack in missing]
    known = list(dict.fromkeys(grant for grant in found if grant is not None))
    if not known:
        return "ARM's message says which action is missing where: whoever owns that must grant it."
    rest = roles.THE_REST if None in found else ""
    named = named_principal(problem)
    if not named:
        return _granted(known, _identity(plan), _principal(plan), rest)
    return _granted(known, f"the identity {named}", commands.principal(named), rest)


def _granted(grants: list[Grant], whom: str, principal: str, rest: str = "") -> str:
    if not grants:
        return ""
    wanted = " and ".join(str(grant) for grant in grants)
    line = commands.line(*(grant.command(principal) for grant in grants))
    return f"Grant {whom} {wanted}. {rest}{roles.TAKE}{line}"


def _identity(plan: Plan) -> str:
    if plan.identity is None:
        return "the backup vault's managed identity"
    return f"the identity {plan.identity.name}, under which the disk is backed up,"


def _principal(plan: Plan) -> str:
    return commands.principal_of(plan.identity or plan.instance.vault)


def _grants(problem: Problem, plan: Plan) -> list[Grant]:
    """Return the roles that a missing-permission code of the service asks for."""
    on_target = Grant(roles.RESTORE_OPERATOR, plan.target.group)
    snapshots = plan.snapshot_group or "<the snapshot resource group>"
    on_snapshots = Grant(roles.SNAPSHOT_CONTRIBUTOR, snapshots)
    on_disk = Grant(roles.BACKUP_READER, plan.source)
    table = {
        "notenoughpermissionontargetrg": [on_target],
        "diskbackuprestorergormsipermissionsnotpresent": [on_target],
        "diskandsnapshotrgormsipermissionsnotpresent": [on_snapshots, on_disk],
        "notenoughpermissiononsnapshotrg": [on_snapshots],
        "snapshotrgormsipermissionsnotpresent": [on_snapshots],
        "diskbackupauthorizationfailed": [on_disk],
        "msipermissionsnotpresentondes": [_on_encryption_set(problem)],
        "vaultmsiunauthorized": [on_target, on_snapshots],
        "missingrequiredpermissions": [on_target, on_snapshots],
    }
    code = problem.code.lower()
    return next((grants for part, grants in table.items() if part in code), [])


def _on_encryption_set(problem: Problem) -> Grant:
    named = _ENCRYPTION_SET.search(problem.message)
    return Grant(roles.READER, named[0] if named else "<the disk encryption set>")
