"""Which role holds a missing action, and at which scope it is given: only where both are known."""

from dataclasses import dataclass
from typing import Final

from restore_core.azure.advice.refusals import Lack
from restore_core.contract import commands
from restore_core.contract.resource_ids import ArmId, BackupVaultId, EncryptionSetId, InvalidId
from restore_core.lifecycle.states import Plan

APP_ROLE: Final = "Azure Disk Restore"
"""The custom role of docs/operations.md: no built-in role holds every action the app needs."""

RESTORE_OPERATOR: Final = "Disk Restore Operator"
SNAPSHOT_CONTRIBUTOR: Final = "Disk Snapshot Contributor"
BACKUP_READER: Final = "Disk Backup Reader"
READER: Final = "Reader"

TAKE: Final = (
    "A new role assignment takes up to 15 minutes to apply; then send the request again with a new "
    "requestId. "
)

ASK_AGAIN: Final = "A new role assignment takes up to 15 minutes to apply; then ask again. "

THE_REST: Final = "What else the message names is for its owner to grant. "

_VAULT: Final = "microsoft.dataprotection/backupvaults/"
_COMPUTE: Final = "microsoft.compute/"
_HELD: Final = {
    APP_ROLE: {
        f"{_VAULT}backupinstances/read",
        f"{_VAULT}backupinstances/recoverypoints/read",
        f"{_VAULT}backupinstances/validaterestore/action",
        f"{_VAULT}backupinstances/restore/action",
        f"{_VAULT}operationstatus/read",
        f"{_VAULT}backupjobs/read",
    },
    RESTORE_OPERATOR: {
        "microsoft.resources/subscriptions/resourcegroups/read",
        f"{_COMPUTE}disks/read",
        f"{_COMPUTE}disks/write",
    },
    SNAPSHOT_CONTRIBUTOR: {
        "microsoft.resources/subscriptions/resourcegroups/read",
        f"{_COMPUTE}snapshots/read",
        f"{_COMPUTE}snapshots/write",
        f"{_COMPUTE}snapshots/delete",
        f"{_COMPUTE}snapshots/begingetaccess/action",
        f"{_COMPUTE}snapshots/endgetaccess/action",
        f"{_COMPUTE}disks/begingetaccess/action",
    },
    BACKUP_READER: {f"{_COMPUTE}disks/read", f"{_COMPUTE}disks/begingetaccess/action"},
    READER: {f"{_COMPUTE}diskencryptionsets/read"},
}
"""What each role holds of what a restore needs, in lower case."""


@dataclass(frozen=True)
class Grant:
    """A role at a scope."""

    role: str
    scope: ArmId | str

    def command(self, principal: str) -> str:
        """Return the command that gives it."""
        return commands.grant(principal, self.role, self.scope)

    def __str__(self) -> str:
        gone = ", or on its resource group where that disk is gone"
        return f"the role '{self.role}' on {self.scope}{gone if self.role == BACKUP_READER else ''}"


def grant_for(lack: Lack, vault: BackupVaultId, plan: Plan | None) -> Grant | None:
    """Return the role that mends a lack, at a scope that exists; None where either is unknown.

    A target disk does not exist yet: its role is given on its group.
    """
    action = lack.action.lower()
    known = [Grant(APP_ROLE, vault), *_places(lack.scope, plan)]
    return next((grant for grant in known if action in _HELD[grant.role]), None)


def _places(scope: str, plan: Plan | None) -> list[Grant]:
    """Return what may be granted for this scope."""
    found = []
    if plan is not None:
        group, snapshots = plan.target.group, plan.snapshot_group
        if scope.lower() == plan.source.key and plan.source != plan.target:
            found.append(Grant(BACKUP_READER, plan.source))
        if _is_within(scope, group):
            found.append(Grant(RESTORE_OPERATOR, group))
        if snapshots is not None and _is_within(scope, snapshots):
            found.append(Grant(SNAPSHOT_CONTRIBUTOR, snapshots))
    try:
        return [*found, Grant(READER, EncryptionSetId.parse(scope))]
    except InvalidId:
        return found


def _is_within(scope: str, group: ArmId) -> bool:
    return f"{scope.lower()}/".startswith(f"{group.key}/")
