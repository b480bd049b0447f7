"""What to do where ARM refuses the app itself: the identity that the app runs under."""

from typing import Final

from restore_core.azure.advice import roles
from restore_core.azure.advice.refusals import lacks, named_principal, obstacle
from restore_core.contract import commands
from restore_core.contract.resource_ids import BackupVaultId
from restore_core.errors import Problem, Rejected
from restore_core.lifecycle.states import Plan

GOES_ON: Final = "The restore goes on by itself then; do not send it again. "
_FORBIDDEN: Final = 403
_UNKNOWN: Final = (
    "ARM's message says what is missing and where: no role of docs/operations.md is known to mend "
    "it. "
)
_ROLE_IS_MISSING: Final = frozenset({"authorizationfailed", "forbidden"})
"""Codes that ask for the app's role even where the message names no action."""


def concerns(error: Rejected) -> bool:
    """Tell whether ARM refused the app itself, and not the service the vault's identity."""
    code = error.problem.code.lower()
    if code.startswith(("usererror", "vaultmsi")):
        return False
    return error.status == _FORBIDDEN or code.startswith("linkedaccesscheck")


def refused(problem: Problem, vault: BackupVaultId, plan: Plan | None = None) -> Problem:
    """Return `problem` of a call that ARM refused with the role that the app lacks, if one is."""
    return problem.advised(_told(problem, vault, plan, then=roles.TAKE))


def while_waiting(problem: Problem, plan: Plan) -> Problem:
    """Return `problem` of a look at a restore under way, which goes on when it may."""
    return problem.advised(_told(problem, plan.instance.vault, plan, then=GOES_ON))


def while_looking(problem: Problem, vault: BackupVaultId) -> Problem:
    """Return `problem` of a look that no request asked for."""
    return problem.advised(_told(problem, vault, None, then=roles.ASK_AGAIN))


def _told(problem: Problem, vault: BackupVaultId, plan: Plan | None, *, then: str) -> str:
    afterwards = GOES_ON if then == GOES_ON else ""
    if against := obstacle(problem):
        return f"No role mends this: {against}. {afterwards}".strip()
    missing = lacks(problem)
    grants = [roles.grant_for(lack, vault, plan) for lack in missing]
    known = list(dict.fromkeys(grant for grant in grants if grant is not None))
    if not missing and problem.code.lower() in _ROLE_IS_MISSING:
        known = [roles.Grant(roles.APP_ROLE, vault)]
    told = "The app's own identity may not do this. "
    told += "".join(f"It lacks {lack.action}. " for lack in missing)
    if not known:
        return f"{told}{_UNKNOWN}{afterwards}".strip()
    principal = commands.principal(named_principal(problem) or "<object id of the app identity>")
    wanted = " and ".join(str(grant) for grant in known)
    rest = roles.THE_REST if None in grants else ""
    return (
        f"{told}Grant it {wanted} (docs/operations.md). {rest}{then}"
        f"{commands.line(*(grant.command(principal) for grant in known))}"
    )
