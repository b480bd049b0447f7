"""What an instance tells of the identity that it works under, in every form that was seen."""

from typing import Any

import pytest

from restore_core.azure.protected_disk import protected_disk
from restore_core.contract.resource_ids import BackupInstanceId
from restore_core.engine.ports import BackupInstance
from restore_core.errors import Unavailable
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
