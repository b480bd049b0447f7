"""What a person can do about a failure that Azure only names."""

import pytest

from restore_core.azure import advice
from restore_core.contract.resource_ids import BackupInstanceId
from restore_core.errors import Problem
from tests.builders import INSTANCE, SOURCE, TARGET_GROUP, a_plan

VAULT = BackupInstanceId.parse(INSTANCE).vault
SNAPSHOTS = TARGET_GROUP
RESTORE, SNAPSHOT, READER = (
    "Disk Restore Operator",
    "Disk Snapshot Contributor",
    "Disk Backup Reader",
)


def told(code: str, action: str = "", message: str = "m") -> str:
    return advice.for_restore(Problem(code, message, action), a_plan()).action


@pytest.mark.parametrize(
    ("code", "roles"),
    [
        ("UserErrorNotEnoughPermissionOnTargetRG", [(RESTORE, TARGET_GROUP)]),
        ("UserErrorDiskBackupRestoreRGOrMSIPermissionsNotPresent", [(RESTORE, TARGET_GROUP)]),
        (
            "UserErrorDiskAndSnapshotRGOrMSIPermissionsNotPresent",
            [(SNAPSHOT, SNAPSHOTS), (READER, str(SOURCE))],
        ),
        ("UserErrorNotEnoughPermissionOnSnapshotRG", [(SNAPSHOT, SNAPSHOTS)]),
        ("UserErrorSnapshotRGOrMSIPermissionsNotPresent", [(SNAPSHOT, SNAPSHOTS)]),
        ("UserErrorDiskBackupSnapshotRGOrMSIPermissionsNotPresent", [(SNAPSHOT, SNAPSHOTS)]),
        ("UserErrorDiskBackupAuthorizationFailed", [(READER, str(SOURCE))]),
        ("VaultMSIUnauthorized", [(RESTORE, TARGET_GROUP), (SNAPSHOT, SNAPSHOTS)]),
        ("UserErrorMissingRequiredPermissions", [(RESTORE, TARGET_GROUP), (SNAPSHOT, SNAPSHOTS)]),
    ],
)
def test_a_missing_right_of_the_vault_is_told_with_role_scope_and_command(
    code: str, roles: list[tuple[str, str]]
) -> None:
    action = told(code)

    assert action.count("az role assignment create") == len(roles)
    for role, scope in roles:
        assert f"--role '{role}' --scope {scope}" in action
    assert f"az dataprotection backup-vault show --ids {VAULT}" in action
    assert "15 minutes" in action


def test_codes_are_matched_without_case() -> None:
    assert told("usererrornotenoughpermissionontargetrg") == told(
        "UserErrorNotEnoughPermissionOnTargetRG"
    )


def test_a_snapshot_group_that_the_vault_does_not_tell_is_left_to_the_reader() -> None:
    problem = Problem("UserErrorNotEnoughPermissionOnSnapshotRG", "m")

    advised = advice.for_restore(problem, a_plan(snapshot_group=None))

    assert "<the snapshot resource group>" in advised.action


def test_a_disk_that_exists_is_told_that_azure_restores_over_none() -> None:
    action = told("UserErrorSameNameDiskAlreadyExists", "Provide a different disk name.")

    assert action.startswith("Provide a different disk name. Here: disk-1-restored exists already")
    assert "the source disk included" in action


@pytest.mark.parametrize("code", ["UserErrorSubscriptionDiskQuotaLimitReached", "Unknown", ""])
def test_an_unknown_code_keeps_the_services_own_advice_alone(code: str) -> None:
    problem = Problem(code, "m", "Ask for a higher quota.")

    assert advice.for_restore(problem, a_plan()) == problem


def test_a_refusal_of_the_app_itself_names_the_action_it_lacks_and_its_role() -> None:
    message = (
        "The client 'x' with object id 'y' does not have authorization to perform action "
        "'Microsoft.DataProtection/backupVaults/backupJobs/read' over scope '/subscriptions/z' "
        "or the scope is invalid."
    )

    advised = advice.for_app(Problem("AuthorizationFailed", message), VAULT)

    assert "It lacks Microsoft.DataProtection/backupVaults/backupJobs/read." in advised.action
    assert f"--role 'Azure Disk Restore' --scope {VAULT}" in advised.action
    assert advised.message == message


def test_a_refusal_of_the_app_without_an_action_names_its_role_alone() -> None:
    advised = advice.for_app(Problem("Forbidden", "No.", "Ask."), VAULT)

    assert advised.action.startswith("Ask. Here: The app's own identity may not do this. Grant it")
    assert "It lacks" not in advised.action
