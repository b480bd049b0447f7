"""Disks whose backups somebody deleted: the vault keeps them for a while, and restores nothing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from simulator import faults
from tests import builders, sets
from tests.world import World


@pytest.fixture(params=["open", "empty"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Resource Graph shows the instance of a disk, or the vault's list has to."""
    with World(graph=request.param) as world:
        yield world


def vault_of(instance: str) -> str:
    return instance.rsplit("/", 2)[0]


def named(world: World, instance: str, by: str) -> dict[str, Any]:
    if by == "instance":
        return {"backupInstanceId": instance}
    source = world.simulator.source_disk(instance)
    return {"backupInstanceId": ..., "sourceDiskId": source, "vaultId": vault_of(instance)}


@pytest.mark.parametrize("by", ["instance", "disk"])
def test_what_was_deleted_is_told_with_the_commands_that_bring_it_back(
    world: World, by: str
) -> None:
    instance = world.protect()
    world.simulator.soft_delete(instance)

    world.send(**named(world, instance, by))
    world.run()

    row, name = world.result(), instance.rpartition("/")[2]
    assert (row["status"], row["errorCode"]) == ("Rejected", "BackupInstanceSoftDeleted")
    assert "soft delete" in row["errorMessage"]
    assert name in row["errorMessage"]
    assert "14 days" in row["errorMessage"]
    action = row["recommendedAction"]
    assert "az extension add --name dataprotection && az dataprotection" in action
    assert "deleted-backup-instance list --vault-name 'vault-1'" in action
    assert f"deleted-backup-instance undelete --backup-instance-name '{name}'" in action
    assert world.arm_calls("POST", "/backupInstances/") == []


@pytest.mark.parametrize("by", ["instance", "disk"])
def test_what_was_undeleted_restores(world: World, by: str) -> None:
    instance = world.protect()
    world.simulator.soft_delete(instance)
    world.simulator.undelete(instance)

    world.send(**named(world, instance, by))
    world.run()

    assert world.result()["status"] == "Completed"


def test_what_was_undeleted_a_moment_ago_restores_whatever_was_read_before(world: World) -> None:
    instance = world.protect()
    world.simulator.soft_delete(instance)
    world.send(**named(world, instance, "disk"))
    world.run(seconds=5)
    world.simulator.undelete(instance)

    world.send(**named(world, instance, "disk"), requestId="r2")
    world.run()

    assert world.result("r1")["errorCode"] == "BackupInstanceSoftDeleted"
    assert world.result("r2")["status"] == "Completed"


def test_a_disk_that_was_protected_anew_restores_from_the_backups_that_are_there(
    world: World,
) -> None:
    old = world.protect()
    world.simulator.soft_delete(old)
    new = world.simulator.protect_again(old)

    world.send(**named(world, old, "disk"))
    world.run()

    row = world.result()
    assert (row["status"], row["backupInstanceId"]) == ("Completed", new)


def test_two_that_were_deleted_are_both_named(world: World) -> None:
    first = world.protect()
    second = world.simulator.protect_again(first)
    for each in (first, second):
        world.simulator.soft_delete(each)

    world.send(**named(world, first, "disk"))
    world.run()

    row = world.result()
    assert row["errorCode"] == "BackupInstanceSoftDeleted"
    assert first.rpartition("/")[2] in row["errorMessage"]
    assert second.rpartition("/")[2] in row["errorMessage"]


def test_what_is_deleted_before_its_validation_is_told_too(world: World) -> None:
    instance = world.protect()
    world.simulator.next("POST", "/validateRestore", faults.throttle(retry_after=60))
    world.send(backupInstanceId=instance)
    world.run(seconds=30)

    world.simulator.soft_delete(instance)
    world.run()

    row = world.result()
    assert (row["status"], row["errorCode"]) == ("Rejected", "UserErrorBackupInstanceSoftDeleted")
    assert "deleted-backup-instance undelete" in row["recommendedAction"]


def test_what_the_vault_does_not_show_any_more_may_have_been_deleted(world: World) -> None:
    world.protect()
    world.send()
    world.run()

    assert "deleted-backup-instance list" in world.result()["recommendedAction"]


def test_a_disk_that_the_vault_does_not_know_may_have_been_deleted_there(world: World) -> None:
    vault = vault_of(world.protect())

    world.send(backupInstanceId=..., sourceDiskId=builders.disk("never-seen"), vaultId=vault)
    world.run()

    row = world.result()
    assert row["errorCode"] == "DiskNotProtected"
    assert "deleted-backup-instance list" in row["recommendedAction"]


@pytest.mark.parametrize("by", ["list", "group"])
def test_a_disk_of_a_set_that_was_protected_anew_a_moment_ago_is_found_like_one_alone(
    by: str,
) -> None:
    """Resource Graph shows its deleted instance, and not yet the one that protects it now."""
    vault_2 = sets.VAULT.replace("vault-1", "vault-2")
    allow = f"{sets.VAULT} => {builders.TARGET_GROUP}; {vault_2} => {builders.TARGET_GROUP}"
    with World(allow=allow, graph_lag=timedelta(seconds=230)) as world:
        deleted = world.protect("disk-1")
        disks = [world.simulator.source_disk(deleted), *sets.protect(world, "disk-2")]
        world.protect("disk-3", vault="vault-2")
        world.clock.advance(minutes=10)
        world.simulator.soft_delete(deleted)
        world.clock.advance(minutes=10)
        world.simulator.protect(disks[0], vault="vault-2", subscription=builders.SUBSCRIPTION)
        world.clock.advance(minutes=1)
        of_group = {"sourceResourceGroupId": sets.SOURCES}
        asked: dict[str, Any] = {"sourceDiskIds": disks} if by == "list" else of_group

        row = sets.ask(world, vaultId=..., **asked)

        assert sets.counts(row) == {"Completed": 2 if by == "list" else 3}
