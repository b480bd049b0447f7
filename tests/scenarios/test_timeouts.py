"""What becomes of a restore that grows older than the maximum age."""

from datetime import timedelta

import pytest

from simulator import Pace, faults, outcomes
from tests import builders
from tests.fakes import OneAfterTheOther
from tests.world import World

# The same lines thousands of times: their coverage, which doubles the cost, is not measured.
pytestmark = pytest.mark.no_cover

LONG = timedelta(hours=48)


def _stuck(world: World, **scripted: outcomes.Outcome) -> None:
    world.simulator.script("disk-1-restored", **scripted)
    world.send(backupInstanceId=world.protect())


def test_a_job_that_never_ends_times_out_and_says_that_it_may_still_run(world: World) -> None:
    _stuck(world, job=outcomes.never())

    world.run(hours=49)

    row = world.result()
    assert row["status"] == "TimedOut"
    assert row["jobId"]
    assert "may still run" in row["errorMessage"]
    assert row["durationSeconds"] >= LONG.total_seconds()
    assert len(world.rows("TargetLocks")) == 1


def test_the_target_stays_locked_until_the_job_is_seen_ended(world: World) -> None:
    instance = world.protect()
    world.simulator.script("disk-1-restored", job=outcomes.succeeds(lasts=timedelta(hours=60)))
    world.send(requestId="slow", backupInstanceId=instance)
    world.run(hours=50)
    assert world.result("slow")["status"] == "TimedOut"

    world.send(requestId="next", backupInstanceId=instance)
    world.run(minutes=5)
    assert world.result("next")["errorCode"] == "TargetInUse"

    world.run(hours=12)
    assert world.rows("TargetLocks") == []
    assert world.rows("OutstandingRestores") == []
    assert world.result("slow")["status"] == "TimedOut"


def test_after_a_week_the_target_is_released_all_the_same(world: World) -> None:
    _stuck(world, job=outcomes.never())
    world.tick = timedelta(minutes=10)

    world.run(days=2 + 6)
    assert len(world.rows("TargetLocks")) == 1
    world.run(days=2)

    assert world.rows("TargetLocks") == []
    assert world.rows("OutstandingRestores") == []


def test_a_restore_that_was_never_claimed_times_out_without_a_lock(world: World) -> None:
    world.simulator.next("POST", "/validateRestore", faults.throttle(), times=None)
    world.send(backupInstanceId=world.protect())

    world.run(hours=49)

    row = world.result()
    assert row["status"] == "TimedOut"
    assert "No job was started" in row["errorMessage"]
    assert "SubscriptionRequestsThrottled" in row["errorMessage"]
    assert world.rows("TargetLocks") == []
    assert world.rows("OutstandingRestores") == []


def test_an_app_that_was_switched_off_for_three_days_starts_nothing_old(world: World) -> None:
    world.send(backupInstanceId=world.protect())
    world.run(seconds=20)

    world.clock.advance(days=3)
    world.run()

    assert world.result()["status"] == "TimedOut"
    assert world.arm_calls("POST", "/restore") == []


def test_an_app_that_was_switched_off_for_three_days_finds_the_job_that_ended(
    world: World,
) -> None:
    world.send(backupInstanceId=world.protect())
    world.run(until=lambda: world.status() == "Running")

    world.clock.advance(days=3)
    world.run()

    assert world.result()["status"] == "Completed"


def test_the_maximum_age_is_the_one_that_was_set_at_acceptance() -> None:
    with World(pace=Pace(job=timedelta(hours=3))) as world:
        world.deploy(max_age=timedelta(hours=1))
        world.send(backupInstanceId=world.protect())
        world.run(minutes=10)

        world.deploy(max_age=timedelta(hours=48))
        world.run(hours=2)

        assert world.result()["status"] == "TimedOut"


def test_a_lost_answer_whose_job_never_shows_times_out_guarded(world: World) -> None:
    world.simulator.deny("Microsoft.DataProtection/backupVaults/backupJobs/read")
    world.simulator.next("POST", "/restore", faults.lose_answer())
    world.send(backupInstanceId=world.protect())
    world.run(hours=49)
    row = world.result()
    assert row["status"] == "TimedOut"
    assert "AuthorizationFailed" in row["errorMessage"]
    assert len(world.rows("TargetLocks")) == 1
    assert len(world.arm_calls("POST", "/restore")) == 1

    world.simulator.allow("Microsoft.DataProtection/backupVaults/backupJobs/read")
    world.run(hours=3)

    assert world.rows("TargetLocks") == []
    assert world.result()["status"] == "TimedOut"


def test_the_guard_costs_one_look_an_hour(world: World) -> None:
    _stuck(world, job=outcomes.never())
    world.run(hours=49)
    before = len(world.simulator.calls)

    world.run(hours=24)

    assert len(world.simulator.calls) - before <= 25
    assert builders.disk("disk-1-restored").lower() not in world.simulator.disks()
    world.engine.sweep.tick(OneAfterTheOther())


def test_a_job_is_looked_at_once_more_at_the_maximum_age() -> None:
    with World(pace=Pace(job=timedelta(minutes=28))) as world:
        world.deploy(max_age=timedelta(minutes=30))

        row = world.restore(world.protect())

        assert row["status"] == "Completed"


def test_a_job_that_ends_after_the_restore_was_given_up_is_told_in_its_row(world: World) -> None:
    instance = world.protect()
    world.simulator.script("disk-1-restored", job=outcomes.succeeds(lasts=timedelta(hours=60)))
    world.send(backupInstanceId=instance)

    world.run(hours=62)

    row = world.result()
    assert (row["status"], row["jobStatus"]) == ("TimedOut", "Completed")
    assert "The job ended as Completed" in row["errorMessage"]
    assert "may still run" not in row["errorMessage"]
