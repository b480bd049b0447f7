"""What the simulated worlds have found in sets and withdrawals, each as a scenario."""

import json
from dataclasses import replace
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from simulator import faults
from tests import builders
from tests.sets import VAULT, a_machine, ask, counts, plan, protect, send, source, withdraw
from tests.world import World

MORE_THAN_A_MACHINE_HAS = 9


def until(world: World, request_id: str, state: str) -> None:
    world.run(until=lambda: world.status(request_id) == state)
    assert world.status(request_id) == state


def is_recalled(world: World) -> bool:
    row = next(row for row in world.rows("Restores") if row["PartitionKey"] == "set-1")
    return bool(json.loads(row["document"])["state"].get("recalled"))


def test_a_disk_for_which_its_vault_has_no_room_waits_until_there_is(world: World) -> None:
    habits = world.simulator.habits
    habits.limits = replace(habits.limits, restores_of_vault=1)

    row = ask(world, sourceVirtualMachineId=a_machine(world, "data-1", "data-2"))

    assert (row["status"], counts(row)) == ("Completed", {"Completed": 3})


def test_who_follows_a_set_that_is_withdrawn_goes_ahead(world: World) -> None:
    world.deploy(max_active=1)
    world.send(requestId="other", backupInstanceId=world.protect("elsewhere"))
    machine = a_machine(world, "data-1")
    send(world, sourceVirtualMachineId=machine)
    until(world, "set-1", "Gathering")
    send(world, requestId="set-2", sourceVirtualMachineId=machine)
    until(world, "set-2", "Following")

    withdraw(world)
    world.run()

    assert world.result("set-1")["status"] == "Cancelled"
    assert counts(world.result("set-2")) == {"Completed": 2}


def test_who_follows_a_set_that_expected_other_disks_goes_ahead(world: World) -> None:
    machine = a_machine(world, "data-1")
    world.simulator.next("GET", "/virtualMachines/vm-1", faults.status(503))
    send(world, sourceVirtualMachineId=machine, expectedDisks=MORE_THAN_A_MACHINE_HAS)
    world.deliver()
    send(world, requestId="set-2", sourceVirtualMachineId=machine)
    until(world, "set-2", "Following")

    world.run()

    assert world.result("set-1")["errorCode"] == "UnexpectedDisks"
    assert counts(world.result("set-2")) == {"Completed": 2}


def test_a_member_says_which_disk_is_back_also_where_its_leader_only_followed(world: World) -> None:
    (disk,) = protect(world, "disk-1")
    whole = {"backupInstanceId": ..., "sourceDiskId": source("disk-1"), "vaultId": VAULT}
    for name in ("first", "second"):
        world.send(requestId=name, targetDiskId=builders.disk(name), **whole)
    world.deliver()
    send(world, sourceDiskIds=[disk])

    world.run()

    assert counts(world.result("set-1")) == {"AlreadyBack": 1}
    assert plan(world)["disk-1"]["backAs"] == builders.disk("first")


def test_a_set_of_which_a_row_cannot_be_read_can_be_withdrawn(world: World) -> None:
    world.deploy(max_active=1)
    protect(world, "disk-1", "disk-2")
    send(world, sourceDiskIds=[source("disk-1"), source("disk-2")])
    until(world, "set-1", "Gathering")
    key = (plan(world)["disk-2"]["memberId"], "restore")
    etag, row = world.tables.tables["Restores"].rows[key]
    world.tables.tables["Restores"].rows[key] = (etag, {**row, "document": "{"})

    withdraw(world)
    world.run(until=lambda: is_recalled(world))

    assert is_recalled(world)


def test_who_is_withdrawn_while_it_follows_ends_though_storage_fails_then(world: World) -> None:
    (disk,) = protect(world, "disk-1")
    named = {"backupInstanceId": ..., "sourceDiskId": disk, "vaultId": VAULT}
    for name in ("first", "second"):
        world.send(requestId=name, targetDiskId=builders.disk(name), **named)
    until(world, "second", "Following")
    failed = fail_once(world, "RestoreResults.upsert")

    withdraw(world, "second")
    world.run(minutes=3)

    assert failed
    assert world.result("second")["status"] == "Cancelled"
    assert world.status("first") == "Running"


def fail_once(world: World, call: str) -> list[str]:
    """Let one call of storage fail; return the calls that have."""
    failed = list[str]()

    def before(what: str) -> None:
        if what == call and not failed:
            failed.append(what)
            raise ServiceRequestError("no answer")

    world.io.before = before
    return failed


@pytest.mark.parametrize("vault", [..., VAULT])
def test_who_follows_a_set_that_wanted_what_its_disks_have_not_goes_ahead(vault: Any) -> None:
    with World(allow=f"{VAULT} => {builders.TARGET_GROUP}") as world:
        machine = a_machine(world, "data")
        of = {"sourceVirtualMachineId": machine, "vaultId": vault}
        send(world, **of, pointInTime="2001-01-01T00:00:00Z")
        world.deliver()
        world.clock.advance(seconds=1)
        send(world, requestId="set-2", **of)
        world.run()

        assert world.result("set-1")["errorCode"] == "SetRejected"
        assert world.result("set-2")["status"] == "Completed"
