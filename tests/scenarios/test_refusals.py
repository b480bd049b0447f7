"""What ARM refuses, with the sentences it is known to use: the role that is missing, or none."""

import hashlib

import pytest

from restore_core.text import MAX_TEXT
from simulator import outcomes
from tests import builders
from tests.builders import TARGET_GROUP
from tests.world import World

CLIENT = "The client 'c' with object id 'aaaaaaaa-0000-4000-8000-000000000001' "
HAS = (
    f"{CLIENT}has permission to perform action "
    "'Microsoft.DataProtection/backupVaults/backupInstances/restore/action' on scope '/x'; "
    "however, "
)
TARGET = builders.disk("disk-1-restored")
KEYS = f"{TARGET_GROUP}-keys/providers/Microsoft.Compute/diskEncryptionSets/des-1"


def linked(action: str, scope: str) -> str:
    return (
        f"{HAS}it does not have permission to perform action(s) '{action}' on the linked scope(s) "
        f"'{scope}' (respectively) or the linked scope(s) are invalid."
    )


@pytest.mark.parametrize(
    ("action", "scope", "told"),
    [
        (
            "Microsoft.Compute/disks/write",
            TARGET,
            f"--role 'Disk Restore Operator' --scope '{TARGET_GROUP}'",
        ),
        ("Microsoft.Compute/diskEncryptionSets/read", KEYS, f"--role 'Reader' --scope '{KEYS}'"),
    ],
)
def test_a_linked_refusal_names_the_role_that_is_missing_where_it_is(
    world: World, action: str, scope: str, told: str
) -> None:
    instance = world.protect()
    vault = instance.rsplit("/", 2)[0]
    world.simulator.refuse(vault, "LinkedAuthorizationFailed", linked(action, scope))

    row = world.restore(instance)

    assert (row["status"], row["errorCode"]) == ("Rejected", "LinkedAuthorizationFailed")
    assert told in row["recommendedAction"]
    assert "Azure Disk Restore" not in row["recommendedAction"]
    assert "aaaaaaaa-0000-4000-8000-000000000001" in row["recommendedAction"]


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        (
            "LinkedAuthorizationFailed",
            linked(
                "Microsoft.DataProtection/resourceGuards/dppTriggerRestoreRequests/read",
                f"{TARGET_GROUP}/providers/Microsoft.DataProtection/resourceGuards/g"
                "/dppTriggerRestoreRequests/default",
            ),
            "a resource guard",
        ),
        (
            "DenyAssignmentAuthorizationFailed",
            f"{HAS}the access is denied because of the deny assignment with name 'n' and Id 'i'.",
            "a deny assignment",
        ),
        (
            "RequestDisallowedByPolicy",
            "Resource 'disk-1-restored' was disallowed by policy. Policy identifiers: 'p'.",
            "a policy",
        ),
    ],
)
def test_what_no_role_mends_is_told(world: World, code: str, message: str, told: str) -> None:
    instance = world.protect()
    world.simulator.refuse(instance.rsplit("/", 2)[0], code, message)

    row = world.restore(instance)

    assert (row["status"], row["errorCode"]) == ("Rejected", code)
    assert f"No role mends this: {told}" in row["recommendedAction"]
    assert "az role" not in row["recommendedAction"]


def test_an_unknown_linked_scope_is_left_to_arm_s_own_words(world: World) -> None:
    instance = world.protect()
    message = linked("Microsoft.KeyVault/vaults/read", "/subscriptions/x/resourceGroups/y")
    world.simulator.refuse(instance.rsplit("/", 2)[0], "LinkedAuthorizationFailed", message)

    row = world.restore(instance)

    assert row["errorMessage"] == message
    assert "az role" not in row["recommendedAction"]
    assert "the role '" not in row["recommendedAction"]


@pytest.mark.parametrize(
    ("named", "how"),
    [
        ({"targetDiskId": TARGET}, "name another disk in targetDiskId"),
        (
            {
                "targetDiskId": ...,
                "targetResourceGroupId": TARGET_GROUP,
                "targetDiskName": "disk-1-restored",
            },
            "name another disk in targetDiskName",
        ),
    ],
)
def test_a_disk_in_the_way_names_the_field_that_named_it(
    world: World, named: dict[str, str], how: str
) -> None:
    instance = world.protect()
    world.simulator.add_disk(TARGET)

    row = world.restore(instance, **named)

    assert how in row["recommendedAction"]
    assert "delete" not in row["recommendedAction"]


def test_a_derived_name_in_the_way_is_told_to_come_of_the_request_s_id(world: World) -> None:
    instance = world.protect()
    derived = f"disk-1-{hashlib.sha256(b'r1').hexdigest()[:10]}"
    world.simulator.add_disk(builders.disk(derived))

    row = world.restore(instance, targetDiskId=..., targetResourceGroupId=TARGET_GROUP)

    assert row["targetDiskId"] == builders.disk(derived)
    assert "with a new requestId, of which the app makes the name" in row["recommendedAction"]


def test_a_restore_onto_its_own_source_is_told_that_azure_restores_over_nothing() -> None:
    with World(allow=f"* => /subscriptions/{builders.SUBSCRIPTION}") as world:
        instance = world.protect()

        row = world.restore(instance, targetDiskId=world.simulator.source_disk(instance))

        assert row["errorCode"] == "UserErrorSameNameDiskAlreadyExists"
        assert "the source disk itself" in row["recommendedAction"]
        assert "Azure restores over nothing" in row["recommendedAction"]
        assert "delete" not in row["recommendedAction"]


def test_the_advice_reaches_a_receiver_with_its_commands_whole(world: World) -> None:
    instance = world.protect()
    long = "Ask whoever owns the vault. " * 50
    world.simulator.script(
        "disk-1-restored",
        validation=outcomes.fails(
            "UserErrorDiskAndSnapshotRGOrMSIPermissionsNotPresent", advice=long
        ),
    )

    row = world.restore(instance)

    told = world.events()[-1]["data"]["recommendedAction"]
    assert len(told) > MAX_TEXT
    assert told == row["recommendedAction"]
