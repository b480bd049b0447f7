"""What the simulated worlds have found in sets and withdrawals, each as a scenario."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from simulator import faults, outcomes
from tests import builders
from tests.sets import VAULT, a_machine, ask, counts, plan, protect, send, source, withdraw
from tests.world import World

MORE_THAN_A_MACHINE_HAS = 9
BROKEN = outcomes.fails("UserErrorDiskSnapshotNotFound")


def until(world: World, request_id: str, state: str) -> None:
    world.run(until=lambda: world.status(request_id) == state)
    assert world.status(request_id) == state


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
    world.deploy(max_active=1, max_age=timedelta(hours=1))
    protect(world, "disk-1", "disk-2")
    send(world, sourceDiskIds=[source("disk-1"), source("disk-2")])
    until(world, "set-1", "Gathering")
    key = (plan(world)["disk-2"]["memberId"], "restore")
    etag, row = world.tables.tables["Restores"].rows[key]
    world.tables.tables["Restores"].rows[key] = (etag, {**row, "document": "{"})

    withdraw(world)
    world.run()

    assert counts(world.result("set-1")) == {"Cancelled": 1, "TimedOut": 1}


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


@pytest.mark.parametrize("why", ["too late", "each disk withdrawn"])
def test_who_follows_a_set_whose_disks_nobody_wanted_any_more_goes_ahead(why: str) -> None:
    with World(allow=f"{VAULT} => {builders.TARGET_GROUP}", rules={"max_active": 1}) as world:
        world.simulator.script("busy", job=outcomes.succeeds(lasts=timedelta(minutes=30)))
        busy = world.protect("other")
        world.send(requestId="other", backupInstanceId=busy, targetDiskId=builders.disk("busy"))
        until(world, "other", "Running")
        of = {"sourceVirtualMachineId": a_machine(world, "data"), "vaultId": ...}
        soon = (world.clock() + timedelta(minutes=5)).isoformat()
        send(world, **of, notAfter=soon if why == "too late" else ...)
        until(world, "set-1", "Gathering")
        send(world, requestId="set-2", **of)
        until(world, "set-2", "Following")

        for row in plan(world).values() if why != "too late" else ():
            withdraw(world, row["memberId"])
        world.run()

        ended = "Rejected" if why == "too late" else "Cancelled"
        assert counts(world.result("set-1")) == {ended: 2}
        assert counts(world.result("set-2")) == {"Completed": 2}


def test_a_set_that_was_withdrawn_too_late_to_stop_any_disk_counts_as_tried(world: World) -> None:
    machine = a_machine(world, "data")
    names = ["set-1", "set-2", "set-3"]
    for name in names:
        for disk in ("vm-1-os", "data"):
            world.simulator.script(f"{disk}-{name}", job=BROKEN)
        send(world, requestId=name, sourceVirtualMachineId=machine, targetDiskSuffix=f"-{name}")
        world.deliver()
        world.clock.advance(seconds=1)
    for name in names[:2]:
        begun = len(world.simulator.jobs())
        world.run(until=lambda begun=begun: len(world.simulator.jobs()) == begun + 2)
        withdraw(world, name)

    world.run()

    assert [world.result(name)["status"] for name in names] == ["Failed", "Failed", "Rejected"]
