"""Disks whose backup works under a user-assigned identity of a vault that has no other."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import builders
from tests.builders import IDENTITY
from tests.world import World

DETAILS = {"useSystemAssignedIdentity": False, "userAssignedIdentityArmUrl": IDENTITY}


@pytest.fixture(params=["open", "empty"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Resource Graph shows the instance of a disk, or the vault's list has to."""
    with World(graph=request.param) as world:
        yield world


def protected(world: World) -> str:
    """Have a disk protected under such an identity; return its backup instance's id."""
    instance = world.protect(identity=IDENTITY)
    world.simulator.take_identity(instance.rsplit("/", 2)[0])
    return instance


def named(world: World, instance: str, by: str) -> dict[str, Any]:
    if by == "instance":
        return {"backupInstanceId": instance}
    source = world.simulator.source_disk(instance)
    vault = instance.rsplit("/", 2)[0]
    return {"backupInstanceId": ..., "sourceDiskId": source, "vaultId": vault}


@pytest.mark.parametrize("by", ["instance", "disk"])
def test_a_restore_is_done_under_the_identity_of_its_instance(world: World, by: str) -> None:
    world.send(**named(world, protected(world), by))
    world.run()

    assert world.result()["status"] == "Completed"
    validation, restore = (call.body for call in world.arm_calls("POST", "/backupInstances/"))
    assert validation["restoreRequestObject"]["identityDetails"] == DETAILS
    assert restore["identityDetails"] == DETAILS
    assert "identityDetails" not in validation


def test_another_worker_goes_on_under_the_same_identity(world: World) -> None:
    world.send(backupInstanceId=protected(world))
    world.run(seconds=20)

    world.deploy()
    world.run()

    assert world.result()["status"] == "Completed"
    assert world.arm_calls("POST")[-1].body["identityDetails"] == DETAILS


def test_a_restore_under_the_vault_s_own_identity_names_none(world: World) -> None:
    assert world.restore(world.protect())["status"] == "Completed"
    assert all(
        "identityDetails" not in str(call.body)
        for call in world.arm_calls("POST", "/backupInstances/")
    )


def test_an_identity_that_the_vault_lost_ends_with_the_service_s_words(world: World) -> None:
    instance = world.protect()
    world.simulator.take_identity(instance.rsplit("/", 2)[0])

    row = world.restore(instance)

    assert row["status"] == "Rejected"
    assert row["errorCode"] == "VaultMSIUnauthorized"
    assert world.simulator.disks() == [world.simulator.source_disk(instance).lower()]
    assert builders.TARGET_GROUP in row["recommendedAction"]
