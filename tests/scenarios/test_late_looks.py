"""Operations that run for hours, and last looks: what was not read says nothing of the disk."""

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from restore_core.lifecycle.quota import Bucket, Quota
from simulator import faults, outcomes
from tests import builders
from tests.world import World

NOT_BEGUN = replace(outcomes.never(), with_job=False)
"""An operation that says that it runs, and whose job has not begun."""
MOST_WAIT = timedelta(hours=1)


def test_one_look_without_an_answer_is_no_reason_to_restore_again_however_old_the_operation_is(
    world: World,
) -> None:
    world.simulator.script("disk-1-restored", operation=[NOT_BEGUN])
    world.send(backupInstanceId=world.protect())
    world.run(hours=2)
    world.simulator.next("GET", "/operationStatus/*", faults.status(503))

    world.run(hours=3)

    assert world.status() == "Restoring"
    assert len(world.arm_calls("POST", "/restore")) == 1


def test_an_operation_that_nobody_could_read_for_an_hour_is_lost(world: World) -> None:
    world.simulator.script("disk-1-restored", operation=[NOT_BEGUN])
    world.send(backupInstanceId=world.protect())
    world.run(hours=2)
    world.simulator.next("GET", "/operationStatus/*", faults.status(503), times=10)

    world.run()

    assert world.result()["status"] == "Completed"
    assert len(world.arm_calls("POST", "/restore")) == 2


@pytest.mark.parametrize("jobs", [0, 3_000], ids=["from the first page", "read on"])
def test_a_search_beside_an_operation_waits_as_long_as_arm_asks(jobs: int) -> None:
    """The simulator accuses who comes sooner."""
    with World(graph="forbidden") as world:
        world.simulator.habits.page_size = 98
        world.simulator.script("disk-1-restored", operation=[NOT_BEGUN])
        instance = world.protect()
        world.simulator.add_history(instance, jobs)
        world.send(backupInstanceId=instance)
        world.run(hours=1, minutes=10)
        world.simulator.next("GET", re.compile("backupJobs"), faults.throttle(3000))

        world.run(minutes=30)

        assert world.simulator.calls[-1].status == 429


def test_a_deadline_brings_no_look_before_arm_wants_one() -> None:
    """The simulator accuses who comes sooner."""
    with World(rules={"max_age": timedelta(hours=2)}) as world:
        world.simulator.script("disk-1-restored", job=outcomes.succeeds(lasts=MOST_WAIT * 1.9))
        world.send(backupInstanceId=world.protect())
        world.run(hours=1, minutes=30)
        world.simulator.next("GET", "/backupJobs/*", faults.throttle(2700))

        world.run(hours=2)

        assert world.result()["status"] == "Completed"


def test_whoever_arm_takes_no_call_for_at_its_deadline_is_looked_at_once_more_when_it_does() -> (
    None
):
    """Another restore was answered 429 a minute before."""
    with World(rules={"max_age": MOST_WAIT}) as world:
        lasts = timedelta(minutes=52)
        world.simulator.script("disk-1-restored", job=outcomes.succeeds(lasts=lasts))
        world.send(backupInstanceId=world.protect())
        world.run(minutes=58)
        world.simulator.next("GET", re.compile("recoveryPoints"), faults.throttle(150))
        world.clock.advance(minutes=1)
        another = world.protect("disk-2")
        world.send(requestId="r2", backupInstanceId=another, targetDiskId=builders.disk("b"))

        world.run()

        assert world.result()["status"] == "Completed"


@pytest.mark.parametrize("state", ["Restoring", "Running"])
def test_an_app_that_was_off_for_days_finds_every_job_that_ended_however_little_arm_takes(
    world: World, state: str
) -> None:
    names = [f"r{number}" for number in range(12)]
    for name in names:
        instance, target = world.protect(f"disk-{name}"), builders.disk(name)
        world.send(requestId=name, backupInstanceId=instance, targetDiskId=target)
    world.run(until=lambda: all(world.status(name) == state for name in names))
    assert len(world.simulator.jobs()) == len(names)

    world.rules["quota"] = Quota(reads=Bucket(3, 0.02), writes=Bucket(200, 10))
    world.deploy()
    world.clock.advance(days=3)
    world.run()

    assert Counter(world.result(name)["status"] for name in names) == {"Completed": 12}


def test_what_was_not_started_by_its_deadline_is_given_up_without_a_call() -> None:
    with World(rules={"max_age": MOST_WAIT}) as world:
        world.simulator.next("POST", "/validateRestore", faults.throttle(), times=None)
        world.send(backupInstanceId=world.protect())
        world.run(minutes=59)
        calls = len(world.simulator.calls)

        world.run()

        assert world.result()["status"] == "TimedOut"
        assert len(world.simulator.calls) <= calls + 1
