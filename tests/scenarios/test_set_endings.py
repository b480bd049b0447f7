"""How a set ends: once, when all its disks have, with one status for all of them."""

from datetime import timedelta
from typing import Any

import pytest

from restore_core.text import utc_text
from simulator import outcomes
from tests.fakes import NOON
from tests.sets import SOURCES, a_machine, ask, counts, members, plan, protect, send, source
from tests.world import World

BROKEN = outcomes.fails("UserErrorDiskSnapshotNotFound")
WARNED = outcomes.completes_with_warnings()
STOPPED = outcomes.cancelled()


@pytest.mark.parametrize(
    ("jobs", "status"),
    [
        ((None, None), "Completed"),
        ((None, WARNED), "CompletedWithWarnings"),
        ((None, BROKEN), "PartlyCompleted"),
        ((WARNED, STOPPED), "PartlyCompleted"),
        ((BROKEN, BROKEN), "Failed"),
        ((BROKEN, STOPPED), "Failed"),
        ((STOPPED, STOPPED), "Cancelled"),
    ],
)
def test_a_set_ends_by_the_jobs_of_its_disks(world: World, jobs: Any, status: str) -> None:
    for name, job in zip(("disk-1", "disk-2"), jobs, strict=True):
        instance = world.protect(name)
        if job:
            world.simulator.script(instance, job=job)

    row = ask(world, sourceResourceGroupId=SOURCES)

    assert row["status"] == status
    assert sum(counts(row).values()) == row["disks"] == 2


def test_a_set_whose_validations_fail_is_rejected(world: World) -> None:
    for name in ("disk-1", "disk-2"):
        world.simulator.script(world.protect(name), validation=BROKEN)

    row = ask(world, sourceResourceGroupId=SOURCES)

    assert (row["status"], row["errorCode"]) == ("Rejected", "SetRejected")
    assert counts(row) == {"Rejected": 2}
    assert row["reasons"] == '{"UserErrorDiskSnapshotNotFound":2}'


def test_a_set_that_is_partly_back_says_what_is_not_and_what_to_do(world: World) -> None:
    world.simulator.script(world.protect("disk-1"), job=BROKEN)
    protect(world, "disk-2")

    row = ask(world, sourceResourceGroupId=SOURCES)

    assert row["errorCode"] == "SetPartlyCompleted"
    assert row["errorMessage"] == (
        "Of 2 disks: 1 Completed, 1 Failed. Reasons: 1 UserErrorDiskSnapshotNotFound."
    )
    assert "partOf=set-1" in row["recommendedAction"]


def test_a_disk_that_is_not_protected_is_counted_and_named(world: World) -> None:
    machine = a_machine(world, "data-1", unprotected=["scratch"])

    row = ask(world, sourceVirtualMachineId=machine)

    assert (row["status"], row["disks"], row["members"]) == ("PartlyCompleted", 3, 2)
    assert counts(row) == {"Completed": 2, "NotProtected": 1}
    missing = plan(world)["scratch"]
    assert (missing["status"], missing["errorCode"]) == ("NotProtected", "DiskNotProtected")
    assert source("scratch") in missing["errorMessage"]


def test_a_disk_that_is_deleted_from_its_vault_is_missing_too(world: World) -> None:
    world.simulator.soft_delete(world.protect("disk-1"))
    protect(world, "disk-2")

    row = ask(world, sourceDiskIds=[source("disk-1"), source("disk-2")])

    assert row["status"] == "PartlyCompleted"
    assert plan(world)["disk-1"]["errorCode"] == "BackupInstanceSoftDeleted"


def test_a_disk_that_is_back_already_is_counted_apart_with_that_disk(world: World) -> None:
    instance = world.protect("disk-1")
    protect(world, "disk-2")
    alone = world.restore(instance)

    row = ask(world, sourceResourceGroupId=SOURCES)

    assert (row["status"], row["alreadyBack"]) == ("CompletedWithWarnings", 1)
    assert counts(row) == {"AlreadyBack": 1, "Completed": 1}
    assert plan(world)["disk-1"]["backAs"] == alone["targetDiskId"]
    assert members(world)["disk-1"]["errorCode"] == "RestoredAlready"


def test_a_disk_that_is_back_from_after_the_cut_off_is_not_what_was_asked_for(world: World) -> None:
    alone = world.restore(world.protect("disk-1"))
    protect(world, "disk-2")
    earlier = alone["recoveryPointTime"] - timedelta(seconds=1)

    row = ask(world, sourceResourceGroupId=SOURCES, pointInTime=earlier.isoformat())

    assert (row["status"], row["alreadyBack"]) == ("PartlyCompleted", 0)
    assert row["cutOffTime"] == earlier
    assert row["newestPointTime"] <= earlier
    refused = members(world)["disk-1"]
    assert (refused["status"], refused["errorCode"]) == ("Rejected", "RestoredAlready")
    assert utc_text(alone["recoveryPointTime"]) in refused["errorMessage"]
    assert "force set to true, and pointInTime" in refused["recommendedAction"]


def test_what_is_back_already_counts_among_the_points_of_a_set(world: World) -> None:
    old = NOON - timedelta(days=2)
    alone = world.restore(world.protect("disk-1"), pointInTime=old.isoformat())
    protect(world, "disk-2")

    row = ask(world, sourceResourceGroupId=SOURCES)

    assert (row["alreadyBack"], row["oldestPointTime"]) == (1, alone["recoveryPointTime"])
    assert row["pointSpreadSeconds"] >= 24 * 3600


def test_force_brings_back_what_is_back_already(world: World) -> None:
    world.restore(world.protect("disk-1"))

    row = ask(world, sourceResourceGroupId=SOURCES, force=True)

    assert (row["status"], counts(row)) == ("Completed", {"Completed": 1})


def test_a_disk_that_another_restores_meanwhile_is_waited_for(world: World) -> None:
    instance = world.protect("disk-1")
    world.send(backupInstanceId=instance)
    world.run(until=lambda: world.status() == "Running")

    row = ask(world, sourceResourceGroupId=SOURCES)

    assert counts(row) == {"AlreadyBack": 1}
    assert plan(world)["disk-1"]["backAs"] == world.result()["targetDiskId"]


def test_a_set_whose_members_are_given_up_is_timed_out_with_them(world: World) -> None:
    world.deploy(max_age=timedelta(hours=2))
    world.simulator.script(world.protect("disk-1"), job=outcomes.never())
    send(world, sourceResourceGroupId=SOURCES)

    world.run(hours=2, minutes=2)

    row = world.result("set-1")
    assert (row["status"], counts(row)) == ("TimedOut", {"TimedOut": 1})
    assert row["durationSeconds"] == 2 * 3600


def test_a_member_without_an_end_is_counted_as_given_up_an_hour_after_the_deadline(
    world: World,
) -> None:
    world.deploy(max_age=timedelta(hours=2))
    protect(world, "disk-1", "disk-2")
    send(world, sourceResourceGroupId=SOURCES)
    world.run(until=lambda: world.status("set-1") == "Gathering")
    lost = plan(world)["disk-1"]["memberId"]
    for table in ("Restores", "OutstandingRestores"):
        rows = world.tables.tables[table].rows
        for key in [key for key in rows if lost in key]:
            del rows[key]

    world.run(hours=2, minutes=59)
    early = world.status("set-1")
    world.run(minutes=2)

    row = world.result("set-1")
    assert early == "Gathering"
    assert (row["status"], counts(row)) == ("PartlyCompleted", {"Completed": 1, "TimedOut": 1})
    assert row["reasons"] == '{"NoEnd":1}'


def test_a_set_that_is_too_late_triggers_nothing(world: World) -> None:
    protect(world, "disk-1")
    send(world, sourceResourceGroupId=SOURCES, notAfter=(NOON - timedelta(hours=1)).isoformat())

    world.run()

    row = world.result("set-1")
    assert (row["status"], row["errorCode"]) == ("Rejected", "TooLate")
    assert world.arm_calls() == []


def test_members_that_wait_longer_than_not_after_end_too_late(world: World) -> None:
    world.deploy(max_active=1)
    protect(world, "disk-1", "disk-2")

    row = ask(
        world, sourceResourceGroupId=SOURCES, notAfter=(NOON + timedelta(minutes=3)).isoformat()
    )

    assert counts(row) == {"Completed": 1, "Rejected": 1}
    assert row["reasons"] == '{"TooLate":1}'


# ------------------------------------------------------------------------------ rehearsals


def test_a_rehearsal_validates_every_disk_and_restores_none(world: World) -> None:
    machine = a_machine(world, "data-1")
    ask(world, sourceVirtualMachineId=machine, requestId="real")

    row = ask(world, sourceVirtualMachineId=machine, validateOnly=True)

    assert (row["status"], counts(row)) == ("Validated", {"Validated": 2})
    assert row["sizeGib"] == 64
    assert row["oldestPointTime"] == NOON - timedelta(hours=10)
    assert row["expectedSeconds"] == 291
    assert len(world.simulator.jobs()) == 2
    assert world.told("set-1") == ["validated"]


def test_a_rehearsal_of_a_vault_that_never_restored_expects_nothing(world: World) -> None:
    row = ask(world, sourceDiskIds=protect(world, "disk-1"), validateOnly=True)

    assert row["status"] == "Validated"
    assert "expectedSeconds" not in row


def test_a_rehearsal_that_would_not_bring_all_back_says_so(world: World) -> None:
    protect(world, "disk-1")
    world.simulator.script(world.protect("disk-2"), validation=BROKEN)

    row = ask(world, sourceResourceGroupId=SOURCES, validateOnly=True)

    assert (row["status"], counts(row)) == ("PartlyCompleted", {"Rejected": 1, "Validated": 1})
    assert world.simulator.jobs() == []


def test_members_of_a_rehearsal_take_turns(world: World) -> None:
    world.deploy(max_active=1)
    protect(world, "disk-1", "disk-2", "disk-3")
    send(world, sourceResourceGroupId=SOURCES, validateOnly=True)
    at_once = []

    def ended() -> bool:
        rows = world.rows("OutstandingRestores")
        at_once.append(sum(row["turn"] == "taken" for row in rows))
        return world.status("set-1") == "Ended" and world.is_idle()

    world.run(until=ended)

    assert max(at_once) == 1
    assert counts(world.result("set-1")) == {"Validated": 3}
