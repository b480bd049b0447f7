"""Every advice that the app can print, for names with all that Azure allows in them; its commands.

`COMMANDS` is what a shell, and azure-cli's own parser, must understand.
"""

from typing import Final

from restore_core.azure.advice import for_app, for_restore, instances
from restore_core.azure.advice.obstacles import with_remedy
from restore_core.contract.commands import HERE
from restore_core.contract.resource_ids import (
    BackupInstanceId,
    DiskId,
    IdentityId,
    ResourceGroupId,
    recovery_point_id,
)
from restore_core.contract.target_field import TargetField
from restore_core.errors import Problem
from restore_core.lifecycle.states import Plan
from tests.builders import SUBSCRIPTION, a_plan

PRINCIPAL: Final = "aaaaaaaa-0000-4000-8000-000000000001"
HOME: Final = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
GROUP: Final = ResourceGroupId.parse(f"{HOME}/rg-(prod)")
SNAPSHOTS: Final = ResourceGroupId.parse(f"{HOME}/(snap.shots)_1")
SOURCE: Final = DiskId.parse(f"{HOME}/rg-(a).b_c/providers/Microsoft.Compute/disks/disk_1.data")
TARGET: Final = DiskId.named(GROUP, "disk_1.restored")
INSTANCE: Final = BackupInstanceId.parse(
    f"{HOME}/rg-((backup))/providers/Microsoft.DataProtection/backupVaults/vault-1"
    "/backupInstances/disk_1.(data)-7d5b2a6e"
)
VAULT: Final = INSTANCE.vault
OTHER: Final = BackupInstanceId.of(VAULT, "another")
IDENTITY: Final = IdentityId.parse(
    f"{HOME}/rg-(ids)/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id_backup-1"
)
ENCRYPTION_SET: Final = (
    f"{HOME}/rg-(keys)/providers/Microsoft.Compute/diskEncryptionSets/des_1-prod"
)
SCOPES: Final = {str(one) for one in (GROUP, SNAPSHOTS, SOURCE, VAULT, ENCRYPTION_SET)}
"""What a role may be given on."""

CODES: Final = (
    "UserErrorNotEnoughPermissionOnTargetRG",
    "UserErrorDiskBackupRestoreRGOrMSIPermissionsNotPresent",
    "UserErrorDiskAndSnapshotRGOrMSIPermissionsNotPresent",
    "UserErrorNotEnoughPermissionOnSnapshotRG",
    "UserErrorSnapshotRGOrMSIPermissionsNotPresent",
    "UserErrorDiskBackupSnapshotRGOrMSIPermissionsNotPresent",
    "UserErrorDiskBackupAuthorizationFailed",
    "UserErrorMSIPermissionsNotPresentOnDES",
    "UserErrorMissingRequiredPermissions",
    "UserErrorSameNameDiskAlreadyExists",
    "UserErrorBackupInstanceSoftDeleted",
    "VaultMSIUnauthorized",
)


def a_nasty_plan(**changes: object) -> Plan:
    """Return a plan of which every name holds what a shell would take for its own."""
    whole = {
        "instance": INSTANCE,
        "source": SOURCE,
        "target": TARGET,
        "snapshot_group": SNAPSHOTS,
        **changes,
    }
    return a_plan(**whole)


def not_authorised(action: str, scope: object) -> Problem:
    """Return ARM's refusal of an action."""
    return Problem(
        "AuthorizationFailed",
        f"The client '{PRINCIPAL}' with object id '{PRINCIPAL}' does not have authorization to "
        f"perform action '{action}' over scope '{scope}' or the scope is invalid. If access was "
        "recently granted, please refresh your credentials.",
    )


def not_linked(actions: str, scopes: object, *, code: str = "LinkedAuthorizationFailed") -> Problem:
    """Return ARM's refusal of an action that needs another one elsewhere."""
    return Problem(
        code,
        f"The client '{PRINCIPAL}' with object id '{PRINCIPAL}' has permission to perform action "
        f"'Microsoft.DataProtection/backupVaults/backupInstances/restore/action' on scope "
        f"'{INSTANCE}'; however, it does not have permission to perform action(s) '{actions}' on "
        f"the linked scope(s) '{scopes}' (respectively) or the linked scope(s) are invalid.",
    )


def advices() -> dict[str, str]:
    """Return every advice by a name of its own."""
    plan, system = a_nasty_plan(identity=IDENTITY), a_nasty_plan()
    point = recovery_point_id("a05715f103bc4ec498a311801f3baf01")
    read, write = "Microsoft.Compute/disks/read", "Microsoft.Compute/disks/write"
    set_read = "Microsoft.Compute/diskEncryptionSets/read"
    jobs_read = "Microsoft.DataProtection/backupVaults/backupJobs/read"
    linked = {
        "target": not_linked(write, TARGET),
        "group": not_linked(write, GROUP),
        "source": not_linked("Microsoft.Compute/disks/beginGetAccess/action", SOURCE),
        "snapshots": not_linked("Microsoft.Compute/snapshots/read", SNAPSHOTS),
        "set": not_linked(set_read, ENCRYPTION_SET),
        "two": not_linked(f"{write},{set_read}", f"{TARGET},{ENCRYPTION_SET}"),
        "unknown": not_linked(read, f"{HOME}/rg-other"),
    }
    problems = {code: Problem(code, "It failed.") for code in CODES} | linked
    locked = (
        f"The scope '{INSTANCE}' cannot perform write operation because following scope(s) are "
        f"locked: '{GROUP}'. Please remove the lock and try again."
    )
    return {
        "locked": with_remedy(Problem("ScopeLocked", locked), "").action,
        "unregistered": with_remedy(
            Problem("MissingSubscriptionRegistration", "Not registered."), f"https://arm{INSTANCE}"
        ).action,
        **{f"{name} own": for_restore.failed(one, system).action for name, one in problems.items()},
        **{f"{name} user": for_restore.failed(one, plan).action for name, one in problems.items()},
        **{f"{name} app": for_app.refused(one, VAULT, plan).action for name, one in linked.items()},
        "no snapshot group": for_restore.failed(
            Problem(CODES[3], ""), a_nasty_plan(snapshot_group=None)
        ).action,
        "set in message": for_restore.failed(
            Problem(CODES[7], f"No right on {ENCRYPTION_SET}."), plan
        ).action,
        **{
            f"taken {field}": for_restore.failed(
                Problem(CODES[9], ""), a_nasty_plan(target_field=field)
            ).action
            for field in (*TargetField, None)
        },
        "app": for_app.refused(not_authorised(jobs_read, VAULT), VAULT).action,
        "app unnamed": for_app.refused(Problem("AuthorizationFailed", "No."), VAULT).action,
        "app waiting": for_app.while_waiting(not_authorised(jobs_read, VAULT), plan).action,
        "no vault": instances.no_vault(VAULT),
        "no instance": instances.no_instance(INSTANCE),
        "no point": instances.no_point(INSTANCE, point),
        "not protected": instances.not_protected(SOURCE, [VAULT]).action,
        "several": instances.several(SOURCE, [INSTANCE, OTHER]).action,
        "deleted": instances.soft_deleted([INSTANCE]).action,
        "deleted, both": instances.soft_deleted([INSTANCE, OTHER]).action,
    }


COMMANDS: Final = {
    name: text.partition(HERE)[2] for name, text in advices().items() if HERE in text
}
