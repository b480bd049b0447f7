"""What an instance tells of its identity, and of its state, in every form that was seen."""

from typing import Any

import pytest

from restore_core.azure.protected_disk import protected_disk
from restore_core.contract.resource_ids import BackupInstanceId
from restore_core.errors import Rejected, Unavailable
from restore_core.lifecycle.backup_instance import BackupInstance
from tests.builders import IDENTITY, INSTANCE, SOURCE

NO_IDENTITY: list[Any] = [
    None,
    {},
    [],
    "x",
    {"useSystemAssignedIdentity": True},
    {"useSystemAssignedIdentity": True, "userAssignedIdentityArmUrl": None},
    {"useSystemAssignedIdentity": True, "userAssignedIdentityArmUrl": IDENTITY},
    {"useSystemAssignedIdentity": "true", "userAssignedIdentityArmUrl": IDENTITY},
    {"useSystemAssignedIdentity": False, "userAssignedIdentityArmUrl": ""},
    {"useSystemAssignedIdentity": False, "userAssignedIdentityArmUrl": None},
    {"useSystemAssignedIdentity": False, "userAssignedIdentityArmUrl": 7},
]


def told(**properties: Any) -> BackupInstance:
    source = {
        "datasourceType": "Microsoft.Compute/disks",
        "resourceID": str(SOURCE),
        "resourceLocation": "westeurope",
    }
    body = {"properties": {"dataSourceInfo": source, **properties}}
    return protected_disk(BackupInstanceId.parse(INSTANCE), body)


@pytest.mark.parametrize(
    "details",
    [
        {"useSystemAssignedIdentity": False, "userAssignedIdentityArmUrl": IDENTITY},
        {"useSystemAssignedIdentity": "False", "userAssignedIdentityArmUrl": IDENTITY},
        {"useSystemAssignedIdentity": None, "userAssignedIdentityArmUrl": IDENTITY},
        {"userAssignedIdentityArmUrl": IDENTITY.replace("resourceGroups", "resourcegroups")},
        {"UseSystemAssignedIdentity": False, "UserAssignedIdentityARMUrl": IDENTITY.upper()},
    ],
)
@pytest.mark.parametrize("key", ["identityDetails", "IdentityDetails"])
def test_an_instance_under_a_user_assigned_identity_tells_it(
    key: str, details: dict[str, Any]
) -> None:
    identity = told(**{key: details}).identity

    assert identity is not None
    assert str(identity).lower() == IDENTITY.lower()


@pytest.mark.parametrize("details", NO_IDENTITY)
def test_an_instance_under_the_vault_s_own_identity_tells_none(details: Any) -> None:
    assert told(identityDetails=details).identity is None


@pytest.mark.parametrize(
    "url", ["id-backup", f"{IDENTITY}'; rm -rf /", str(SOURCE), f"{IDENTITY}/"]
)
def test_an_identity_that_is_none_is_never_passed_over(url: str) -> None:
    with pytest.raises(Unavailable, match="identity"):
        told(identityDetails={"userAssignedIdentityArmUrl": url})


@pytest.mark.parametrize(
    "properties",
    [
        {"currentProtectionState": "SoftDeleted"},
        {"CurrentProtectionState": "softdeleted"},
        {"currentProtectionState": "SoftDeleting"},
        {"protectionStatus": {"status": "SoftDeleted"}},
        {"currentProtectionState": None, "protectionStatus": {"status": "SoftDeleted"}},
    ],
)
def test_an_instance_that_was_deleted_and_is_kept_is_refused(properties: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as refused:
        told(**properties)

    assert refused.value.problem.code == "BackupInstanceSoftDeleted"
    assert "14 days, unless" in refused.value.problem.message


def test_until_when_it_is_kept_is_told_where_it_says_so() -> None:
    purge = {"deletionTime": "x", "scheduledPurgeTime": "2026-12-05T10:00:00.1234567Z"}

    with pytest.raises(Rejected, match="kept until 2026-12-05T10:00:00Z"):
        told(currentProtectionState="SoftDeleted", deletionInfo=purge)


@pytest.mark.parametrize(
    "state",
    [
        "ProtectionConfigured",
        "ProtectionStopped",
        "ProtectionError",
        "BackupSchedulesSuspended",
        "RetentionSchedulesSuspended",
        "UpdatingProtection",
        "AWordOfTomorrow",
        "",
        None,
        7,
        {},
    ],
)
def test_an_instance_in_any_other_state_is_read(state: Any) -> None:
    assert told(currentProtectionState=state, protectionStatus=state).source == SOURCE
