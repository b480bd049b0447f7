"""What a person can do about a failure that Azure only names. Pure.

Roles and scopes: Microsoft's documentation of disk restore (restore-managed-disks, disk-backup-faq,
disk-backup-troubleshoot) and the recorded errors. The app never guesses at an unknown code: then
the service's own advice stands alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from restore_core.contract.resource_ids import (
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    RecoveryPointId,
)
from restore_core.errors import Problem
from restore_core.lifecycle.states import Plan
from restore_core.text import quoted

ROLES_TAKE: Final = (
    "A new role assignment takes up to 15 minutes to apply; then send the request again with a new "
    "requestId. The command: "
)
APP_ROLE: Final = "Azure Disk Restore"
"""The custom role of docs/operations.md: no built-in role holds every action the app needs."""

MAX_TOLD: Final = 5
"""Instances that a reason names one by one."""

_FORBIDDEN: Final = re.compile(r"perform action(?:\(s\))? '(?P<action>[^']+)'")
_LINKED: Final = re.compile(r"linked scope\(s\) '(?P<scope>/subscriptions/[^',]+)")
_PRINCIPAL: Final = re.compile(r"object id '(?P<id>[0-9a-fA-F-]{36})'")


@dataclass(frozen=True)
class _Grant:
    role: str
    scope: str

    def command(self, vault: BackupVaultId) -> str:
        """Return the command that gives the vault's identity this role."""
        principal = (
            f'"$(az dataprotection backup-vault show --ids {vault} '
            '--query identity.principalId -o tsv)"'
        )
        return _assignment(principal, self.role, self.scope)

    def __str__(self) -> str:
        return f"the role '{self.role}' on {self.scope}"


def for_restore(problem: Problem, plan: Plan) -> Problem:
    """Return `problem` of a validation or a restore with what a person can do about it."""
    code = problem.code.lower()
    if "diskalreadyexists" in code:
        return _with(
            problem,
            f"{plan.target.name} exists already, and Azure restores over no existing disk, the "
            "source disk included: name another targetDiskName, or delete that disk first.",
        )
    grants = _grants(code, plan)
    if not grants:
        return problem
    wanted = " and ".join(str(grant) for grant in grants)
    commands = " && ".join(grant.command(plan.instance.vault) for grant in grants)
    return _with(
        problem,
        f"Grant the backup vault's managed identity {wanted}. {ROLES_TAKE}{commands}",
    )


def no_instance(instance: BackupInstanceId) -> str:
    """Return what to do where the vault knows no such instance."""
    vault = instance.vault
    return (
        f"backupInstanceId names no backup instance: {quoted(instance.name)} of the vault "
        f"{vault.name}. Take the id from: az dataprotection backup-instance list --vault-name "
        f"{vault.name} --resource-group '{vault.group.name}' "
        f"--subscription {vault.group.subscription}"
    )


def no_vault(vault: BackupVaultId) -> str:
    """Return what to do where there is no such vault."""
    return (
        f"There is no backup vault {vault}: correct vaultId, or the app setting "
        "RESTORE_DEFAULT_VAULT where the request has none."
    )


def not_one_instance(
    source: DiskId, vaults: Sequence[BackupVaultId], found: Sequence[BackupInstanceId]
) -> Problem:
    """Return why a disk alone does not say what to restore."""
    if not found:
        vault, named = vaults[0], ", ".join(str(vault) for vault in vaults[:MAX_TOLD])
        return Problem(
            "DiskNotProtected",
            f"The disk {source} is protected by no vault that was looked in: {named}.",
            f"Name the vault that protects it in vaultId. What {vault.name} protects: "
            f"az dataprotection backup-instance list --vault-name {vault.name} "
            f"--resource-group '{vault.group.name}' --subscription {vault.group.subscription}",
        )
    ids = ", ".join(str(instance) for instance in sorted(found, key=str)[:MAX_TOLD])
    return Problem(
        "SeveralBackupInstances",
        f"{len(found)} backup instances protect the disk {source}: {ids}.",
        "Send the backupInstanceId of one of them in place of sourceDiskId.",
    )


def no_point(instance: BackupInstanceId, point: RecoveryPointId) -> str:
    """Return what to do where the instance has no such recovery point."""
    return (
        f"recoveryPointId names no recovery point of {quoted(instance.name)}: {quoted(point)}. "
        "Leave it out to restore the newest, or name one of: az dataprotection recovery-point list"
    )


def for_app(problem: Problem, vault: BackupVaultId) -> Problem:
    """Return `problem` of a 403 to the app itself with the role that it lacks."""
    return _with(problem, f"{_lacking(problem)} {ROLES_TAKE}{_app_command(problem, vault)}")


def while_waiting(problem: Problem, vault: BackupVaultId) -> Problem:
    """Return `problem` of a 403 to a restore under way, which goes on when it may."""
    goes_on = "The restore goes on by itself then; do not send it again. The command: "
    return _with(problem, f"{_lacking(problem)} {goes_on}{_app_command(problem, vault)}")


def _lacking(problem: Problem) -> str:
    found = _FORBIDDEN.search(problem.message)
    lacks = f" It lacks {found['action']}." if found else ""
    return (
        f"The app's own identity may not do this.{lacks} Grant it the role '{_app_role(problem)}' "
        "(docs/operations.md)."
    )


def _app_role(problem: Problem) -> str:
    """Return the role that holds the missing action: on a linked disk it is not ours."""
    return "Disk Restore Operator" if _LINKED.search(problem.message) else APP_ROLE


def _app_command(problem: Problem, vault: BackupVaultId) -> str:
    """Return the command that gives the app's identity, which ARM names, the role it lacks."""
    named, linked = _PRINCIPAL.search(problem.message), _LINKED.search(problem.message)
    principal = named["id"] if named else "'<object id of the app identity>'"
    scope = linked["scope"] if linked else str(vault)
    return _assignment(principal, _app_role(problem), scope)


def _grants(code: str, plan: Plan) -> list[_Grant]:
    """Return the roles that a missing-permission code of the service asks for."""
    snapshots = str(plan.snapshot_group or "<the snapshot resource group>")
    on_target = _Grant("Disk Restore Operator", str(plan.target.group))
    on_snapshots = _Grant("Disk Snapshot Contributor", snapshots)
    on_disk = _Grant("Disk Backup Reader", str(plan.source))
    table = {
        "notenoughpermissionontargetrg": [on_target],
        "diskbackuprestorergormsipermissionsnotpresent": [on_target],
        "diskandsnapshotrgormsipermissionsnotpresent": [on_snapshots, on_disk],
        "notenoughpermissiononsnapshotrg": [on_snapshots],
        "snapshotrgormsipermissionsnotpresent": [on_snapshots],
        "diskbackupauthorizationfailed": [on_disk],
        "vaultmsiunauthorized": [on_target, on_snapshots],
        "missingrequiredpermissions": [on_target, on_snapshots],
    }
    return next((grants for part, grants in table.items() if part in code), [])


def _assignment(principal: str, role: str, scope: str) -> str:
    return (
        f"az role assignment create --assignee-object-id {principal} "
        f"--assignee-principal-type ServicePrincipal --role '{role}' --scope {scope}"
    )


def _with(problem: Problem, advice: str) -> Problem:
    """Put our advice after the service's own."""
    action = f"{problem.action} Here: {advice}" if problem.action else advice
    return replace(problem, action=action)
