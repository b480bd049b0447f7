"""Restores that go well, from the message to the row."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from simulator import Point, outcomes
from tests import builders
from tests.world import World

NOT_THERE = ("errorCode", "errorMessage", "recommendedAction")


def test_a_message_brings_a_disk_back_and_a_row_tells_of_it(world: World) -> None:
    instance = world.protect("disk-1")
    sent = world.clock()

    row = world.restore(
        instance, requestedBy="logic-app", correlationId="INC-7", reason="disk lost"
    )

    job = world.simulator.jobs()[0]
    assert builders.disk("disk-1-restored").lower() in world.simulator.disks()
    assert row["status"] == "Completed"
    assert row["backupInstanceId"] == instance
    assert row["sourceDiskId"] == world.simulator.source_disk(instance)
    assert row["targetDiskId"] == builders.disk("disk-1-restored")
    assert row["recoveryPointId"] == world.simulator.points(instance)[0].id
    assert row["recoveryPointTime"] == world.simulator.points(instance)[0].time
    assert row["recoveryPointAgeSeconds"] == 10 * 3600
    assert row["jobId"] == job.id.rpartition("/")[2]
    assert row["jobStatus"] == "Completed"
    assert row["requestedAt"] == row["acceptedAt"] == sent
    assert row["triggeredAt"] == sent + timedelta(seconds=45)
    assert row["completedAt"] == job.ended
    assert row["durationSeconds"] == (job.ended - sent).total_seconds()
    assert row["requestedBy"] == "logic-app"
    assert row["correlationId"] == "INC-7"
    assert row["reason"] == "disk lost"
    assert row["armCorrelationId"]
    assert not set(NOT_THERE) & set(row)


def test_the_result_stands_under_the_day_of_acceptance(world: World) -> None:
    row = world.restore(world.protect())

    assert (row["PartitionKey"], row["RowKey"]) == ("2026-11-21", "r1")


def test_nothing_is_left_behind_when_a_restore_has_ended(world: World) -> None:
    world.restore(world.protect())

    assert world.rows("OutstandingRestores") == []
    assert world.rows("TargetLocks") == []
    assert world.is_idle()
    assert world.status() == "Completed"


def test_a_base64_message_is_served_as_a_plain_one(world: World) -> None:
    instance = world.protect()

    world.send(builders.in_base64(backupInstanceId=instance))
    world.run()

    assert world.result()["status"] == "Completed"


def test_without_a_selector_the_newest_point_at_acceptance_is_restored(world: World) -> None:
    instance = world.protect()
    newest = world.simulator.points(instance)[0]
    world.simulator.add_point(instance, time=world.clock() + timedelta(minutes=5))

    row = world.restore(instance)

    assert row["recoveryPointId"] == newest.id


def test_latest_takes_a_point_made_after_acceptance_too(world: World) -> None:
    instance = world.protect()
    world.simulator.add_point(instance, time=world.clock() + timedelta(seconds=1), id="a" * 32)

    row = world.restore(instance, pointInTime="latest")

    assert row["recoveryPointId"] == "a" * 32


def test_a_point_in_time_takes_the_newest_point_at_or_before_it(world: World) -> None:
    instance = world.protect()
    wanted = world.simulator.points(instance)[2]

    row = world.restore(instance, pointInTime=wanted.time.isoformat())

    assert row["recoveryPointId"] == wanted.id


def test_a_named_point_is_restored(world: World) -> None:
    instance = world.protect()
    wanted = world.simulator.points(instance)[3]

    row = world.restore(instance, recoveryPointId=wanted.id)

    assert row["recoveryPointId"] == wanted.id
    assert world.arm_calls("GET", f"recoveryPoints/{wanted.id}")


def test_the_newest_point_that_qualifies_is_taken_not_the_newest_one(world: World) -> None:
    good = Point(datetime(2026, 11, 20, 2, tzinfo=UTC))
    unfit = [
        Point(datetime(2026, 11, 21, 2, tzinfo=UTC), store_type="VaultStore"),
        Point(datetime(2026, 11, 21, 3, tzinfo=UTC), state="DELETED"),
        Point(datetime(2026, 11, 21, 4, tzinfo=UTC), visible=False),
        Point(datetime(2026, 11, 21, 5, tzinfo=UTC), point_state="Partial"),
        Point(datetime(2026, 11, 21, 6, tzinfo=UTC), expiry=datetime(2026, 11, 21, 11, tzinfo=UTC)),
    ]
    instance = world.protect(points=[*unfit, good])

    row = world.restore(instance)

    assert row["recoveryPointTime"] == good.time


def test_points_on_later_pages_are_considered(world: World) -> None:
    instance = world.protect()
    oldest = world.simulator.points(instance)[-1]
    world.simulator.habits.page_size = 2

    row = world.restore(instance, pointInTime=oldest.time.isoformat())

    assert row["recoveryPointId"] == oldest.id


def test_validate_only_stops_after_the_validation(world: World) -> None:
    instance = world.protect()

    row = world.restore(instance, validateOnly=True)

    assert row["status"] == "Validated"
    assert "jobId" not in row
    assert "triggeredAt" not in row
    assert world.simulator.jobs() == []


def test_validate_only_takes_no_lock(world: World) -> None:
    instance = world.protect()
    world.send(backupInstanceId=instance)
    world.run(seconds=20)

    world.send(requestId="r2", backupInstanceId=instance, validateOnly=True)
    world.run()

    assert world.result("r1")["status"] == "Completed"
    assert world.result("r2")["status"] == "Validated"


def test_a_group_alone_names_the_disk_after_its_source_and_the_request(world: World) -> None:
    instance = world.protect("disk-1")

    row = world.restore(
        instance, targetDiskId=..., targetResourceGroupId=builders.TARGET_GROUP, requestId="INC-9"
    )

    digest = hashlib.sha256(b"INC-9").hexdigest()[:10]
    assert row["targetDiskId"] == builders.disk(f"disk-1-{digest}")


def test_a_group_and_a_name_make_the_target(world: World) -> None:
    row = world.restore(
        world.protect(),
        targetDiskId=...,
        targetResourceGroupId=builders.TARGET_GROUP,
        targetDiskName="named",
    )

    assert row["targetDiskId"] == builders.disk("named")


@pytest.mark.parametrize(
    ("scripted", "status"),
    [
        (outcomes.completes_with_warnings("UserWarningTierLost"), "CompletedWithWarnings"),
        (outcomes.ends_as("Success"), "Completed"),
        (outcomes.ends_as("SuccessWithWarning"), "CompletedWithWarnings"),
        (outcomes.cancelled(), "Cancelled"),
        (outcomes.fails("UserErrorDiskSnapshotNotFound"), "Failed"),
    ],
)
def test_a_restore_ends_as_its_job_ends(
    world: World, scripted: outcomes.Outcome, status: str
) -> None:
    instance = world.protect()
    world.simulator.script("disk-1-restored", job=scripted)

    row = world.restore(instance)

    assert row["status"] == status
    assert row["jobId"]


def test_a_failed_job_s_code_and_message_reach_the_row(world: World) -> None:
    instance = world.protect()
    world.simulator.script(
        "disk-1-restored",
        job=outcomes.fails(
            "UserErrorDiskSnapshotNotFound",
            message="The snapshot is gone.",
            advice="Take another recovery point.",
            detail="principal 1\r\nrequest 2",
        ),
    )

    row = world.restore(instance)

    assert row["errorCode"] == "UserErrorDiskSnapshotNotFound"
    assert "The snapshot is gone." in row["errorMessage"]
    assert "principal 1 request 2" in row["errorMessage"]
    assert row["recommendedAction"] == "Take another recovery point."


def test_an_unknown_word_for_a_job_s_status_means_that_it_runs(world: World) -> None:
    instance = world.protect()
    world.simulator.script("disk-1-restored", job=outcomes.ends_as("Finalising"))
    world.send(backupInstanceId=instance)

    world.run(minutes=30)

    assert world.status() == "Running"
