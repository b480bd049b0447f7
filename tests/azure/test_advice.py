"""What a person can do about a failure that Azure only names: the right role, or that none helps.

ARM's sentences are those of public reports, with other names in them.
"""

from typing import TYPE_CHECKING

import pytest

from restore_core.azure.advice import for_app, for_restore
from restore_core.contract.resource_ids import DiskId, IdentityId, ResourceGroupId
from restore_core.contract.target_field import TargetField
from restore_core.errors import Problem, Rejected
from tests.azure.printed_advice import (
    ENCRYPTION_SET,
    GROUP,
    HOME,
    IDENTITY,
    PRINCIPAL,
    SNAPSHOTS,
    SOURCE,
    TARGET,
    VAULT,
    a_nasty_plan,
    not_authorised,
    not_linked,
)
from tests.builders import a_plan

if TYPE_CHECKING:
    from restore_core.lifecycle.states import Plan

RESTORE, SNAPSHOT, READER = (
    "Disk Restore Operator",
    "Disk Snapshot Contributor",
    "Disk Backup Reader",
)
APP = "Azure Disk Restore"
DISKS, COMPUTE = "Microsoft.Compute/disks", "Microsoft.Compute"
BACKUPS = "Microsoft.DataProtection/backupVaults"
GUARD = f"{HOME}/rg-guard/providers/Microsoft.DataProtection/resourceGuards/guard-1"
EXISTS = Problem("UserErrorSameNameDiskAlreadyExists", "It exists.", "Provide another name.")
GOES_ON = "The restore goes on by itself then; do not send it again."


def told(code: str, action: str = "", message: str = "m") -> str:
    return for_restore.failed(Problem(code, message, action), a_nasty_plan()).action


def granted(action: str) -> list[tuple[str, str]]:
    """Return each role that a command of an advice gives, with its scope."""
    words = action.partition("The command: ")[2].split(" --role ")[1:]
    return [(word.split("'")[1], word.split("'")[3]) for word in words]


# --------------------------------------------------------------- what the service says is missing


@pytest.mark.parametrize(
    ("code", "roles"),
    [
        ("UserErrorNotEnoughPermissionOnTargetRG", [(RESTORE, GROUP)]),
        ("UserErrorDiskBackupRestoreRGOrMSIPermissionsNotPresent", [(RESTORE, GROUP)]),
        (
            "UserErrorDiskAndSnapshotRGOrMSIPermissionsNotPresent",
            [(SNAPSHOT, SNAPSHOTS), (READER, SOURCE)],
        ),
        ("UserErrorNotEnoughPermissionOnSnapshotRG", [(SNAPSHOT, SNAPSHOTS)]),
        ("UserErrorSnapshotRGOrMSIPermissionsNotPresent", [(SNAPSHOT, SNAPSHOTS)]),
        ("UserErrorDiskBackupSnapshotRGOrMSIPermissionsNotPresent", [(SNAPSHOT, SNAPSHOTS)]),
        ("UserErrorDiskBackupAuthorizationFailed", [(READER, SOURCE)]),
        ("UserErrorMSIPermissionsNotPresentOnDES", [("Reader", "<the disk encryption set>")]),
        ("VaultMSIUnauthorized", [(RESTORE, GROUP), (SNAPSHOT, SNAPSHOTS)]),
        ("UserErrorMissingRequiredPermissions", [(RESTORE, GROUP), (SNAPSHOT, SNAPSHOTS)]),
    ],
)
def test_a_missing_right_of_the_vault_is_told_with_role_scope_and_command(
    code: str, roles: list[tuple[str, object]]
) -> None:
    action = told(code)

    assert granted(action) == [(role, str(scope)) for role, scope in roles]
    assert f"az resource show --ids '{VAULT}' --query identity.principalId" in action
    assert "15 minutes" in action


def test_codes_are_matched_without_case() -> None:
    assert told("usererrornotenoughpermissionontargetrg") == told(
        "UserErrorNotEnoughPermissionOnTargetRG"
    )


def test_a_role_goes_to_the_identity_that_the_disk_is_backed_up_under() -> None:
    plan = a_nasty_plan(identity=IDENTITY)

    action = for_restore.failed(Problem("UserErrorNotEnoughPermissionOnTargetRG", "m"), plan).action

    assert "Grant the identity id_backup-1, under which the disk is backed up, the role" in action
    assert f"az identity show --ids '{IDENTITY}' --query principalId" in action
    assert "vault's managed identity" not in action
    assert "resource show" not in action


def test_a_snapshot_group_that_the_vault_does_not_tell_is_left_to_the_reader() -> None:
    problem = Problem("UserErrorNotEnoughPermissionOnSnapshotRG", "m")

    advised = for_restore.failed(problem, a_plan(snapshot_group=None))

    assert granted(advised.action) == [(SNAPSHOT, "<the snapshot resource group>")]


def test_an_encryption_set_that_the_message_names_is_the_scope() -> None:
    action = told("UserErrorMSIPermissionsNotPresentOnDES", message=f"No right on {ENCRYPTION_SET}")

    assert granted(action) == [("Reader", ENCRYPTION_SET)]


@pytest.mark.parametrize("code", ["UserErrorSubscriptionDiskQuotaLimitReached", "Unknown", ""])
def test_an_unknown_code_keeps_the_services_own_advice_alone(code: str) -> None:
    problem = Problem(code, "m", "Ask for a higher quota.")

    assert for_restore.failed(problem, a_plan()) == problem


# ------------------------------------------------------------------------ what ARM says is missing

LINKED = [
    (f"{DISKS}/write", TARGET, (RESTORE, GROUP)),
    (f"{DISKS}/read", TARGET, (RESTORE, GROUP)),
    (f"{DISKS}/write", str(TARGET).upper(), (RESTORE, GROUP)),
    (f"{DISKS}/write", GROUP, (RESTORE, GROUP)),
    (f"{DISKS}/read", SOURCE, (READER, SOURCE)),
    (f"{DISKS}/beginGetAccess/action", SOURCE, (READER, SOURCE)),
    (f"{COMPUTE}/snapshots/read", SNAPSHOTS, (SNAPSHOT, SNAPSHOTS)),
    (
        f"{COMPUTE}/snapshots/beginGetAccess/action",
        f"{SNAPSHOTS}/providers/{COMPUTE}/snapshots/s-1",
        (SNAPSHOT, SNAPSHOTS),
    ),
    (f"{COMPUTE}/diskEncryptionSets/read", ENCRYPTION_SET, ("Reader", ENCRYPTION_SET)),
]
UNKNOWN = [
    (f"{DISKS}/write", f"{HOME}/rg-other/providers/{DISKS}/disk-9"),
    (f"{DISKS}/write", f"{GROUP}-2/providers/{DISKS}/disk-9"),
    (f"{DISKS}/delete", TARGET),
    (f"{DISKS}/beginGetAccess/action", TARGET),
    (f"{DISKS}/write", SOURCE),
    (f"{COMPUTE}/diskEncryptionSets/write", ENCRYPTION_SET),
    (f"{COMPUTE}/diskEncryptionSets/read", f"{ENCRYPTION_SET}/x"),
    ("Microsoft.KeyVault/vaults/read", f"{HOME}/rg/providers/Microsoft.KeyVault/vaults/kv"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", IDENTITY),
    ("Microsoft.Network/virtualNetworks/subnets/join/action", "/subscriptions/x"),
]


@pytest.mark.parametrize(("action", "scope", "role"), LINKED)
def test_of_a_linked_refusal_the_second_action_counts_at_a_scope_that_exists(
    action: str, scope: object, role: tuple[str, object]
) -> None:
    problem, plan = not_linked(action, scope), a_nasty_plan()

    for advised in (
        for_app.refused(problem, VAULT, plan).action,
        for_restore.failed(problem, plan).action,
    ):
        assert granted(advised) == [(role[0], str(role[1]))]
        assert f"--assignee-object-id '{PRINCIPAL}'" in advised
    assert f"It lacks {action}." in for_app.refused(problem, VAULT, plan).action


@pytest.mark.parametrize(("action", "scope"), UNKNOWN)
def test_of_a_scope_or_an_action_that_is_not_known_no_role_is_named(
    action: str, scope: object
) -> None:
    problem, plan = not_linked(action, scope), a_nasty_plan()

    for advised in (
        for_app.refused(problem, VAULT, plan).action,
        for_restore.failed(problem, plan).action,
    ):
        assert "az role" not in advised
        assert "the role '" not in advised
        assert advised.startswith(("ARM's message says", "The app's own identity"))


def test_each_of_several_linked_scopes_has_its_own_role() -> None:
    problem = not_linked(
        f"{DISKS}/write,{COMPUTE}/diskEncryptionSets/read,x/y/read",
        f"{TARGET},{ENCRYPTION_SET},{HOME}/rg-other",
    )

    action = for_app.refused(problem, VAULT, a_nasty_plan()).action

    assert granted(action) == [(RESTORE, str(GROUP)), ("Reader", ENCRYPTION_SET)]
    assert "What else the message names is for its owner to grant." in action


def test_one_action_may_be_missing_at_several_scopes() -> None:
    problem = not_linked(f"{DISKS}/read", f"{TARGET},{SOURCE}")

    action = for_restore.failed(problem, a_nasty_plan()).action

    assert granted(action) == [(RESTORE, str(GROUP)), (READER, str(SOURCE))]
    assert f"Grant the identity {PRINCIPAL} the role" in action


def test_a_disk_that_is_source_and_target_gets_its_role_on_its_group() -> None:
    plan = a_nasty_plan(target=SOURCE)

    action = for_restore.failed(not_linked(f"{DISKS}/read", SOURCE), plan).action

    assert granted(action) == [(RESTORE, str(SOURCE.group))]


def test_a_source_in_the_target_group_gets_its_role_on_the_disk() -> None:
    source = DiskId.named(GROUP, "disk-in-the-same-group")

    action = for_restore.failed(
        not_linked(f"{DISKS}/beginGetAccess/action", source), a_nasty_plan(source=source)
    ).action

    assert granted(action) == [(READER, str(source))]


def test_a_group_of_targets_and_snapshots_gets_the_role_that_holds_the_action() -> None:
    plan = a_nasty_plan(snapshot_group=ResourceGroupId.parse(str(GROUP)))

    action = for_restore.failed(not_linked(f"{COMPUTE}/snapshots/read", GROUP), plan).action

    assert granted(action) == [(SNAPSHOT, str(GROUP))]


def test_arm_s_own_sentence_inside_the_service_s_detail_counts_more_than_the_code() -> None:
    detail = not_linked(f"{COMPUTE}/diskEncryptionSets/read", ENCRYPTION_SET).message

    action = told("UserErrorMissingRequiredPermissions", message=f"No. Detail: {detail}")

    assert granted(action) == [("Reader", ENCRYPTION_SET)]


def test_an_identity_that_arm_does_not_name_is_asked_for() -> None:
    message = f"It does not have permission to perform action '{DISKS}/write' over scope '{GROUP}'."

    action = told("UserErrorMissingRequiredPermissions", message=message)

    assert granted(action) == [(RESTORE, str(GROUP))]
    assert f"az resource show --ids '{VAULT}'" in action


def test_a_refusal_of_the_app_itself_names_the_action_it_lacks_and_its_role() -> None:
    problem = not_authorised(f"{BACKUPS}/backupJobs/read", "/subscriptions/z")

    advised = for_app.refused(problem, VAULT)

    assert f"It lacks {BACKUPS}/backupJobs/read." in advised.action
    assert granted(advised.action) == [(APP, str(VAULT))]
    assert advised.message == problem.message


def test_an_action_that_no_role_of_ours_holds_names_none() -> None:
    problem = not_authorised("Microsoft.DataProtection/locations/operationStatus/read", "/x")

    action = for_app.refused(problem, VAULT, a_nasty_plan()).action

    assert "It lacks Microsoft.DataProtection/locations/operationStatus/read." in action
    assert "az role" not in action


@pytest.mark.parametrize("code", ["Forbidden", "AuthorizationFailed"])
def test_a_refusal_of_the_app_without_an_action_names_its_role_alone(code: str) -> None:
    advised = for_app.refused(Problem(code, "No.", "Ask."), VAULT)

    assert advised.action.startswith("Ask. Here: The app's own identity may not do this. Grant it")
    assert "It lacks" not in advised.action
    assert granted(advised.action) == [(APP, str(VAULT))]


@pytest.mark.parametrize("code", ["ReadOnlyDisabledSubscription", "PublicNetworkAccessDisabled"])
def test_a_refusal_for_another_reason_names_no_role(code: str) -> None:
    action = for_app.refused(Problem(code, "The subscription is disabled."), VAULT).action

    assert action
    assert "the role '" not in action


@pytest.mark.parametrize(
    ("code", "status", "is_the_app"),
    [
        ("AuthorizationFailed", 403, True),
        ("LinkedAuthorizationFailed", 403, True),
        ("LinkedAccessCheckFailed", 400, True),
        ("UserErrorNotEnoughPermissionOnTargetRG", 403, False),
        ("VaultMSIUnauthorized", 403, False),
        ("BMSUserErrorInvalidInput", 400, False),
    ],
)
def test_what_arm_refuses_the_app_is_told_from_what_the_service_refuses_the_vault(
    code: str, status: int, *, is_the_app: bool
) -> None:
    assert for_app.concerns(Rejected(Problem(code, "No."), status=status)) is is_the_app


# -------------------------------------------------------------------------- what no role mends

DENIED = (
    f"The client '{PRINCIPAL}' with object id '{PRINCIPAL}' has permission to perform action "
    f"'{DISKS}/write' on scope '{TARGET}'; however, the access is denied because of the deny "
    f"assignment with name 'node resource group deny assignment' and Id 'x' at scope '{GROUP}'."
)
BLOCKED = (
    f"The client '{PRINCIPAL}' with object id '{PRINCIPAL}' has permission to perform action "
    f"'{BACKUPS}/backupInstances/restore/action' on scope '{VAULT}'; however, it does not have "
    f"permission to perform action '{DISKS}/write' on the '0' linked scope(s) '' or the linked "
    "scope(s) are invalid and is blocked by deny assignments on the '1' linked scope(s) "
    f"'{TARGET}'."
)
POLICY = (
    "Resource 'disk-1' was disallowed by policy. Policy identifiers: "
    '\'[{"policyAssignment":{"name":"Allowed locations"}}]\'.'
)
LOCKED = (
    f"The scope '{TARGET}' cannot perform write operation because following scope(s) are locked: "
    f"'{GROUP}'. Please remove the lock and try again."
)
TENANT = (
    f"The client has permission to perform action '{DISKS}/write' on scope '{TARGET}', however the "
    "current tenant 't' is not authorized to access linked subscription 's'."
)
GUARDED = not_linked(
    "Microsoft.DataProtection/resourceGuards/dppTriggerRestoreRequests/read",
    f"{GUARD}/dppTriggerRestoreRequests/default",
)
OBSTACLES = [
    (Problem("DenyAssignmentAuthorizationFailed", DENIED), "a deny assignment"),
    (Problem("LinkedAuthorizationFailed", BLOCKED), "a deny assignment"),
    (Problem("UserErrorNotEnoughPermissionOnTargetRG", f"No. Detail: {DENIED}"), "a deny assign"),
    (Problem("RequestDisallowedByPolicy", "Resource 'x' was disallowed."), "a policy"),
    (Problem("UserErrorMissingRequiredPermissions", f"No. Detail: {POLICY}"), "a policy"),
    (Problem("RequestDisallowedByAzure", "Resource 'x' was disallowed by Azure."), "a policy"),
    (GUARDED, "a resource guard"),
    (Problem("UserErrorResourceGuardRequestMissing", "Guarded."), "a resource guard"),
    (Problem("ScopeLocked", LOCKED), "a lock"),
    (Problem("UserErrorMissingRequiredPermissions", f"No. Detail: {LOCKED}"), "a lock"),
    (Problem("LinkedAuthorizationFailed", TENANT), "another tenant"),
]


@pytest.mark.parametrize(("problem", "against"), OBSTACLES)
def test_what_no_role_mends_is_told_and_no_role_is_named(problem: Problem, against: str) -> None:
    plan = a_nasty_plan()

    for advised in (
        for_app.refused(problem, VAULT, plan).action,
        for_app.while_waiting(problem, plan).action,
        for_restore.failed(problem, plan).action,
    ):
        assert advised.startswith("No role mends this: ")
        assert against in advised
        assert "az role" not in advised
        assert "the role '" not in advised
    assert for_app.while_waiting(problem, plan).action.endswith(GOES_ON)


def test_a_group_that_is_called_like_a_guard_is_none() -> None:
    group = f"{HOME}/resourceGuards"
    plan = a_nasty_plan(target=DiskId.named(ResourceGroupId.parse(group), "d"))

    action = for_restore.failed(not_linked(f"{DISKS}/write", plan.target), plan).action

    assert granted(action) == [(RESTORE, group)]


@pytest.mark.parametrize(
    "problem",
    [not_authorised(f"{BACKUPS}/backupJobs/read", VAULT), Problem("SomethingElse", "No.")],
)
def test_a_restore_under_way_goes_on_whatever_it_waits_for(problem: Problem) -> None:
    action = for_app.while_waiting(problem, a_nasty_plan()).action

    assert GOES_ON in action
    assert "new requestId" not in action


# ----------------------------------------------------------------------------- a disk in the way


@pytest.mark.parametrize(
    ("field", "how"),
    [
        (TargetField.DISK_ID, "name another disk in targetDiskId and"),
        (TargetField.DISK_NAME, "name another disk in targetDiskName and"),
        (TargetField.DERIVED, "send the request with a new requestId, of which the app makes"),
        (None, "name another target disk and"),
    ],
)
@pytest.mark.parametrize("target", [TARGET, SOURCE])
def test_a_disk_in_the_way_stays_and_the_field_that_named_it_is_told(
    target: DiskId, field: TargetField | None, how: str
) -> None:
    action = for_restore.failed(EXISTS, a_nasty_plan(target=target, target_field=field)).action

    assert action.startswith(f"{EXISTS.action} Here: ")
    assert how in action
    assert ("targetDiskName" in action) is (field in {TargetField.DISK_NAME, TargetField.DERIVED})
    assert ("targetDiskId" in action) is (field is TargetField.DISK_ID)
    assert "delete" not in action


def test_a_disk_in_the_way_is_told_that_azure_restores_over_none() -> None:
    action = for_restore.failed(EXISTS, a_nasty_plan()).action

    assert f"{TARGET.name} exists already in {GROUP}" in action
    assert "Azure restores over no existing disk, the source disk included" in action


@pytest.mark.parametrize("target", [SOURCE, DiskId.parse(str(SOURCE).upper())])
def test_a_source_that_is_its_own_target_is_told_to_be_both(target: DiskId) -> None:
    action = for_restore.failed(EXISTS, a_nasty_plan(target=target)).action

    assert "The target is the source disk itself" in action
    assert "Azure restores over nothing" in action


# ------------------------------------------------------------------------------- what was deleted


@pytest.mark.parametrize("code", ["UserErrorBackupInstanceSoftDeleted", "UserErrorSoftDeletedItem"])
def test_what_the_service_says_is_soft_deleted_is_told_how_to_come_back(code: str) -> None:
    plan: Plan = a_nasty_plan(identity=IdentityId.parse(str(IDENTITY)))

    action = for_restore.failed(Problem(code, "No."), plan).action

    assert "14 days" in action
    assert f"undelete --backup-instance-name '{plan.instance.name}'" in action
