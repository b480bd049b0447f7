"""Sets where storage fails or is slow, or a row is not what it was: taken up where it was left."""

from datetime import timedelta
from typing import Any

import pytest

from restore_core.engine.columns import as_json
from restore_core.lifecycle.outbox import Stage
from tests import builders
from tests.sets import a_machine, ask, counts, plan, protect, send, withdraw
from tests.slow_storage import fails_once, slow_reads, ticks_once_before
from tests.world import World


def until(world: World, state: str, request_id: str = "set-1") -> None:
    world.run(until=lambda: world.status(request_id) == state)
    assert world.status(request_id) == state


def held_up(world: World) -> None:
    """Let another restore have the only turn."""
    world.deploy(max_active=1, max_age=timedelta(hours=2))
    world.send(requestId="other", backupInstanceId=world.protect("elsewhere"))
    until(world, "Running", "other")


def edited(world: World, request_id: str, **columns: Any) -> None:
    rows = world.tables.tables["Restores"].rows
    etag, row = rows[(request_id, "restore")]
    rows[(request_id, "restore")] = (etag, {**row, **columns})


def test_a_plan_whose_save_was_lost_stands_and_is_not_made_anew(world: World) -> None:
    machine = a_machine(world, "data-1")
    world.io.before = fails_once("Restores.update")
    send(world, sourceVirtualMachineId=machine)
    world.deliver()
    first, asked = plan(world), len(world.arm_calls())

    world.run()

    assert counts(world.result("set-1")) == {"Completed": 2}
    assert {row["RowKey"] for row in plan(world).values()} == {r["RowKey"] for r in first.values()}
    assert len(world.arm_calls("POST", "ResourceGraph")) == asked - 1  # And the machine's GET.


def test_members_that_were_recorded_before_the_save_was_lost_are_the_set_s_own(
    world: World,
) -> None:
    world.io.before = fails_once("Restores.update", after=1)

    row = ask(world, sourceDiskIds=protect(world, "disk-1", "disk-2"))

    assert (row["status"], counts(row)) == ("Completed", {"Completed": 2})
    assert len(world.simulator.jobs()) == 2


def test_a_member_is_no_orphan_however_old_its_set_is(world: World) -> None:
    """A tick between its two rows takes neither, where the set's plan came two hours late."""
    world.deploy(notices=frozenset(Stage))
    world.io.before = fails_once("RestoreSets.get")
    send(world, sourceDiskIds=protect(world, "disk-1", "disk-2"))
    world.deliver()
    world.clock.advance(seconds=7_200)
    world.io.before = fails_once("RestoreSets.get")
    world.tick_now()
    world.io.before = ticks_once_before(world, "Restores.create_entity")

    world.run()

    assert counts(world.result("set-1")) == {"Completed": 2}


def test_a_row_that_cannot_be_read_under_a_members_id_is_a_stranger_s(world: World) -> None:
    disks = protect(world, "disk-1", "disk-2")
    ask(world, sourceDiskIds=disks, requestId="other")
    stranger = plan(world, "other")["disk-1"]["memberId"].replace("other", "set-1", 1)
    world.send(requestId=stranger, backupInstanceId=world.protect("disk-3"))
    world.run()
    edited(world, stranger, document="{")

    row = ask(world, sourceDiskIds=disks, force=True)

    assert counts(row) == {"Completed": 1, "Rejected": 1}
    assert plan(world)["disk-1"]["errorCode"] == "RequestIdReused"


def test_members_are_recalled_for_half_a_minute_at_a_time(world: World) -> None:
    held_up(world)
    send(world, sourceDiskIds=protect(world, "disk-1", "disk-2", "disk-3"))
    until(world, "Gathering")

    withdraw(world)
    world.io.before = slow_reads(world)
    world.deliver()
    states = [row["status"] for row in world.rows("Restores") if row.get("partOf")]
    world.io.before = lambda _: None
    world.run()

    assert sorted(states) == ["Cancelled", "Cancelled", "Enrolled"]
    assert counts(world.result("set-1")) == {"Cancelled": 3}


def test_a_member_that_is_gone_is_not_recalled_and_its_set_ends(world: World) -> None:
    held_up(world)
    send(world, sourceDiskIds=protect(world, "disk-1", "disk-2"))
    until(world, "Gathering")
    del world.tables.tables["Restores"].rows[(plan(world)["disk-1"]["memberId"], "restore")]

    withdraw(world)
    world.run()

    assert counts(world.result("set-1")) == {"Cancelled": 1, "TimedOut": 1}


def test_a_member_whose_recall_was_saved_and_not_scheduled_ends_soon(world: World) -> None:
    held_up(world)
    send(world, sourceDiskIds=protect(world, "disk-1", "disk-2"))
    until(world, "Gathering")
    withdraw(world)
    # The set's own row is written first, then the member's.
    world.io.before = fails_once("OutstandingRestores.upsert", after=1)

    world.run(minutes=3)

    assert counts(world.result("set-1")) == {"Cancelled": 2}


def test_a_rehearsal_ends_without_an_estimate_where_that_cannot_be_read(world: World) -> None:
    disks = protect(world, "disk-1")
    ask(world, sourceDiskIds=disks, requestId="real")
    world.io.before = fails_once("VaultDurations.get")

    row = ask(world, sourceDiskIds=disks, validateOnly=True)

    assert row["status"] == "Validated"
    assert "expectedSeconds" not in row


def test_a_restore_ends_though_its_duration_cannot_be_kept(world: World) -> None:
    world.io.before = fails_once("VaultDurations.get")

    assert world.restore(world.protect())["status"] == "Completed"
    assert world.rows("VaultDurations") == []


def test_who_waits_for_a_turn_and_is_gone_keeps_nobody_from_his(world: World) -> None:
    held_up(world)
    world.send(requestId="gone", backupInstanceId=world.protect("disk-2"), **to("two"))
    world.clock.advance(seconds=1)
    world.send(requestId="next", backupInstanceId=world.protect("disk-3"), **to("three"))
    until(world, "Queued", "next")
    del world.tables.tables["Restores"].rows[("gone", "restore")]

    world.run(until=lambda: world.status("next") == "Ended")

    assert world.result("next")["status"] == "Completed"


def to(name: str) -> dict[str, str]:
    return {"targetDiskId": builders.disk(name)}


def test_a_withdrawal_that_failed_after_its_save_goes_on_when_it_comes_again(world: World) -> None:
    held_up(world)
    world.send(backupInstanceId=world.protect("disk-2"), **to("two"))
    until(world, "Queued", "r1")
    withdraw(world, "r1")
    world.io.before = fails_once("OutstandingRestores.upsert")

    world.run(minutes=2)

    assert world.result()["status"] == "Cancelled"
    assert [row for row in world.rows("RestoreResults") if "~" in row["RowKey"]] == []


@pytest.mark.parametrize("counts_text", ["", "[]", "{", '{"a": "x"}', "[" * 9_999])
def test_counts_that_are_none_are_told_as_none(counts_text: str) -> None:
    assert as_json({"counts": counts_text})["counts"] == {}
