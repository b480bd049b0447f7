"""Withdrawals: what has no claim yet ends; what Azure has taken goes on, and is counted."""

from dataclasses import replace
from datetime import timedelta

import pytest

from simulator import Limits, faults, outcomes
from tests import builders
from tests.sets import SOURCES, a_machine, counts, members, plan, protect, send, withdraw
from tests.slow_storage import fails_once
from tests.world import World

ELSEWHERE = {"targetDiskId": builders.disk("elsewhere")}
"""The target of a request that is in the way."""


def until(world: World, state: str, request_id: str = "r1") -> None:
    world.run(until=lambda: world.status(request_id) == state)
    assert world.status(request_id) == state


@pytest.mark.parametrize("state", ["Queued", "Following", "Validating", "Retrying"])
def test_a_restore_without_a_claim_is_cancelled(world: World, state: str) -> None:
    instance = world.protect("disk-1")
    match state:
        case "Queued":
            world.deploy(max_active=1)
            world.send(requestId="other", backupInstanceId=world.protect("disk-2"), **ELSEWHERE)
            world.deliver()
        case "Following":
            world.send(requestId="other", backupInstanceId=instance, **ELSEWHERE)
            world.deliver()
        case "Retrying":
            busy = outcomes.fails("CloudInternalError")
            world.simulator.script(instance, validation=busy)
    world.send(backupInstanceId=instance)
    until(world, state)

    withdraw(world, "r1", reason="found another way")
    world.run()

    row = world.result()
    assert (row["status"], row["errorCode"]) == ("Cancelled", "Withdrawn")
    assert "by the night" in row["errorMessage"]
    assert "found another way" in row["errorMessage"]
    assert world.told() == ["cancelled"]
    assert not any(job.target_id.endswith("disk-1-restored") for job in world.simulator.jobs())
    assert world.rows("TargetLocks") == []


@pytest.mark.parametrize(
    ("state", "reason"),
    [("Restoring", "Azure was asked for the restore"), ("Running", "Azure has taken the restore")],
)
def test_what_azure_has_taken_goes_on_and_that_is_written_down(
    world: World, state: str, reason: str
) -> None:
    world.send(backupInstanceId=world.protect("disk-1"))
    until(world, state)

    withdraw(world, "r1")
    world.run()

    assert world.result()["status"] == "Completed"
    told = world.refused_message()
    assert (told["status"], told["requestId"]) == ("Ignored", "r1")
    assert reason in told["errorMessage"]


def test_a_claim_whose_answer_was_lost_is_not_withdrawn(world: World) -> None:
    world.simulator.next("POST", "/restore", faults.lose_answer())
    world.send(backupInstanceId=world.protect("disk-1"))
    until(world, "Triggering")

    withdraw(world, "r1")
    world.run()

    assert world.result()["status"] == "Completed"


def test_a_withdrawal_is_idempotent(world: World) -> None:
    world.deploy(max_active=1)
    world.send(requestId="other", backupInstanceId=world.protect("disk-2"), **ELSEWHERE)
    world.deliver()
    world.send(backupInstanceId=world.protect("disk-1"))
    until(world, "Queued")

    for _ in range(3):
        withdraw(world, "r1")
        world.deliver()
    world.run()

    assert world.result()["status"] == "Cancelled"
    assert "had ended as Cancelled" in world.refused_message()["errorMessage"]
    assert world.told() == ["cancelled"]


def test_what_is_not_recorded_cannot_be_withdrawn(world: World) -> None:
    withdraw(world, "r1")
    world.run()

    row = world.refused_message()
    assert (row["status"], row["errorCode"]) == ("Rejected", "NothingToWithdraw")
    assert "send the withdrawal again" in row["recommendedAction"]


def test_a_row_that_cannot_be_read_is_named(world: World) -> None:
    world.send(backupInstanceId=world.protect("disk-1"))
    until(world, "Validating")
    key = ("r1", "restore")
    etag, row = world.tables.tables["Restores"].rows[key]
    world.tables.tables["Restores"].rows[key] = (etag, {**row, "document": "{"})

    withdraw(world, "r1")
    world.deliver()

    assert world.refused_message()["errorCode"] == "UnreadableRow"


def test_a_withdrawal_that_is_overtaken_comes_again(world: World) -> None:
    world.deploy(max_active=1)
    world.send(requestId="other", backupInstanceId=world.protect("disk-2"), **ELSEWHERE)
    world.deliver()
    world.send(backupInstanceId=world.protect("disk-1"))
    until(world, "Queued")
    once = iter([True])

    def overtake(what: str) -> None:
        if what == "Restores.update" and next(once, False):
            rows = world.tables.tables["Restores"].rows
            etag, row = rows[("r1", "restore")]
            rows[("r1", "restore")] = (f"{etag}x", {**row, "document": f"{row['document']} "})

    withdraw(world, "r1")
    world.io.before = overtake
    world.run()

    assert world.result()["status"] == "Cancelled"


# ------------------------------------------------------------------------------------ sets


def test_a_set_that_is_withdrawn_keeps_what_azure_has_taken(world: World) -> None:
    world.deploy(max_active=1)
    protect(world, "disk-1", "disk-2", "disk-3")
    send(world, sourceResourceGroupId=SOURCES)
    world.run(until=lambda: len(world.simulator.jobs()) == 1)

    withdraw(world)
    world.run()

    row = world.result("set-1")
    assert (row["status"], counts(row)) == ("PartlyCompleted", {"Cancelled": 2, "Completed": 1})
    assert row["reasons"] == '{"Withdrawn":2}'
    assert len(world.simulator.jobs()) == 1


def test_a_set_says_that_it_was_withdrawn_though_azure_had_taken_all_of_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    protect(world, "disk-1", "disk-2")
    send(world, sourceResourceGroupId=SOURCES)
    world.run(until=lambda: len(world.simulator.jobs()) == 2)

    withdraw(world, requestedBy="ops", reason="enough")
    world.deliver()
    (under_way,) = (
        row["withdrawn"] for row in world.rows("Restores") if row["requestId"] == "set-1"
    )
    world.run()

    row = world.result("set-1")
    assert (row["status"], counts(row)) == ("Completed", {"Completed": 2})
    assert row["withdrawn"] == under_way
    assert "withdrawn by ops: enough" in under_way
    assert "set.withdrawn requestId=set-1 in=Gathering code=Withdrawn" in caplog.text


def test_a_set_that_is_withdrawn_before_anything_began_is_cancelled(world: World) -> None:
    world.deploy(max_active=1)
    world.send(requestId="other", backupInstanceId=world.protect("elsewhere"))
    until(world, "Running", "other")
    machine = a_machine(world, "data-1")
    send(world, sourceVirtualMachineId=machine)
    until(world, "Gathering", "set-1")

    for _ in range(2):
        withdraw(world)
    world.run()

    row = world.result("set-1")
    assert (row["status"], counts(row)) == ("Cancelled", {"Cancelled": 2})
    assert {row["status"] for row in members(world).values()} == {"Cancelled"}
    assert len(world.simulator.jobs()) == 1


def test_a_set_without_a_plan_is_cancelled_as_a_restore_is(world: World) -> None:
    machine = a_machine(world, "data-1")
    for _ in range(3):
        world.simulator.next("POST", "Microsoft.ResourceGraph/resources", faults.status(503))
    send(world, sourceVirtualMachineId=machine)
    world.deliver()
    assert world.status("set-1") == "Accepted"

    withdraw(world)
    world.run()

    row = world.result("set-1")
    assert (row["status"], row["errorCode"]) == ("Cancelled", "Withdrawn")
    assert plan(world) == {}


def test_one_member_can_be_withdrawn_alone(world: World) -> None:
    world.deploy(max_active=1)
    protect(world, "disk-1", "disk-2")
    send(world, sourceResourceGroupId=SOURCES)
    until(world, "Gathering", "set-1")
    late = plan(world)["disk-2"]["memberId"]

    withdraw(world, late)
    world.run()

    assert counts(world.result("set-1")) == {"Cancelled": 1, "Completed": 1}


def test_a_member_that_moves_on_while_it_is_recalled_is_looked_at_again(world: World) -> None:
    world.deploy(max_active=1)
    protect(world, "disk-1", "disk-2")
    send(world, sourceResourceGroupId=SOURCES)
    until(world, "Gathering", "set-1")
    rows = world.tables.tables["Restores"].rows
    key = (plan(world)["disk-2"]["memberId"], "restore")
    updates = iter(range(99))

    def overtake(what: str) -> None:
        is_recalled = "Withdrawn" in rows[("set-1", "restore")][1]["document"]
        if what == "Restores.update" and is_recalled and next(updates) == 1:
            _etag, row = rows[key]
            rows[key] = ("another", {**row, "document": f"{row['document']} "})

    withdraw(world)
    world.io.before = overtake
    world.run()

    assert counts(world.result("set-1")) == {"Cancelled": 2}


def test_members_that_give_their_claims_back_after_a_withdrawal_are_recalled_too(
    world: World,
) -> None:
    """The vault takes one at a time: what else was asked for there has not begun, and waits."""
    world.simulator.habits.limits = replace(Limits.none(), restores_of_vault=1)
    protect(world, *[f"disk-{number}" for number in range(8)])
    send(world, sourceResourceGroupId=SOURCES)
    world.run(
        until=lambda: [row["status"] for row in world.rows("Restores")].count("Restoring") > 4
    )

    withdraw(world)
    world.run()

    assert counts(world.result("set-1")) == {"Completed": 1, "Cancelled": 7}
    assert len(world.simulator.jobs()) == 1


def test_a_member_whose_job_failed_is_not_started_anew_after_a_withdrawal(world: World) -> None:
    machine = a_machine(world, "data")
    for name in ("vm-1-os-back", "data-back"):
        world.simulator.script(name, job=[outcomes.fails("CloudInternalError")])
    send(world, sourceVirtualMachineId=machine, targetDiskSuffix="-back")
    world.run(until=lambda: len(world.simulator.jobs()) == 2)

    withdraw(world)
    world.run()

    assert len(world.simulator.jobs()) == 2
    assert counts(world.result("set-1")) == {"Failed": 2}


def test_what_waits_to_be_started_anew_is_withdrawn_though_storage_fails_then() -> None:
    with World(rules={"max_active": 1}) as world:
        world.simulator.script("disk-1-restored", job=[outcomes.fails("CloudInternalError")])
        world.send(backupInstanceId=world.protect("disk-1"))
        until(world, "Retrying")
        world.simulator.script("elsewhere", job=outcomes.succeeds(lasts=timedelta(hours=20)))
        world.send(requestId="other", backupInstanceId=world.protect("disk-2"), **ELSEWHERE)
        until(world, "Queued")

        withdraw(world, "r1")
        world.io.before = fails_once("OutstandingRestores.upsert")
        world.run(minutes=10)

        assert world.result()["status"] == "Failed"
        assert len(world.simulator.jobs()) == 2
