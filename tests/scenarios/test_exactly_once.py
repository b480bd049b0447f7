"""One restore job per request: redelivery, races, lost answers, deaths. DESIGN: I2."""

import threading
from datetime import timedelta

import pytest

from simulator import Pace, faults, outcomes
from tests import builders
from tests.fakes import OneAfterTheOther
from tests.world import World


class Killed(BaseException):
    """The process dies here; no except clause of the app may save it."""


def test_a_redelivered_request_does_not_trigger_again(world: World) -> None:
    instance = world.protect()
    world.restore(instance)

    world.restore(instance)

    assert world.simulator.restores_of("disk-1-restored") == 1
    assert len(world.rows("RestoreResults")) == 1


def test_the_same_message_sent_five_times_at_once_restores_once(world: World) -> None:
    instance = world.protect()
    body = builders.message(backupInstanceId=instance)
    barrier = threading.Barrier(5)

    def accept() -> None:
        barrier.wait()
        world.engine.intake.accept(body, world.clock())

    threads = [threading.Thread(target=accept) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.run()

    assert world.simulator.restores_of("disk-1-restored") == 1
    assert world.result()["status"] == "Completed"
    assert len(world.arm_calls("POST", "/restore")) == 1


def test_a_restore_whose_answer_was_lost_is_adopted(world: World) -> None:
    instance = world.protect()
    world.simulator.next("POST", "/restore", faults.lose_answer())

    row = world.restore(instance)

    assert world.simulator.restores_of("disk-1-restored") == 1
    assert len(world.arm_calls("POST", "/restore")) == 1
    assert row["status"] == "Completed"
    assert row["jobId"] == world.simulator.jobs()[0].id.rpartition("/")[2]


@pytest.mark.parametrize("activity_ids", ["client", "suffixed", "unrelated"])
def test_the_job_is_found_by_the_claim_s_mark_or_by_the_disk_it_writes(activity_ids: str) -> None:
    with World(activity_ids=activity_ids) as world:
        instance = world.protect()
        world.simulator.next("POST", "/restore", faults.lose_answer())

        row = world.restore(instance)

        assert row["status"] == "Completed"
        assert world.simulator.restores_of("disk-1-restored") == 1
        read_one_by_one = world.arm_calls("GET", "/backupJobs/")
        assert bool(read_one_by_one) is True


def test_somebody_else_s_job_on_the_same_instance_is_not_adopted(world: World) -> None:
    instance = world.protect()
    world.simulator.habits.activity_ids = "unrelated"
    world.simulator.start_restore(instance, builders.disk("another-disk"))
    world.simulator.next("POST", "/restore", faults.lose_answer())

    row = world.restore(instance)

    own = next(j for j in world.simulator.jobs() if j.target_id.endswith("disk-1-restored"))
    assert row["jobId"] == own.id.rpartition("/")[2]


@pytest.mark.parametrize("lag", [30, 200, 600])
def test_a_job_that_the_list_shows_late_is_waited_for(lag: int) -> None:
    with World(job_list_lag=timedelta(seconds=lag), graph="empty") as world:
        instance = world.protect()
        world.simulator.next("POST", "/restore", faults.lose_answer())

        row = world.restore(instance)

        assert row["status"] == "Completed"
        assert world.simulator.restores_of("disk-1-restored") == 1


def test_a_restore_that_never_reached_azure_is_triggered_again_when_the_lease_is_over(
    world: World,
) -> None:
    instance = world.protect()
    world.simulator.next("POST", "/restore", faults.reset())
    began = world.clock()

    row = world.restore(instance)

    assert row["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1
    assert len(world.arm_calls("POST", "/validateRestore")) == 2
    assert row["triggeredAt"] - began >= timedelta(minutes=20)


def test_a_process_killed_between_claim_and_post_leads_to_one_restore(world: World) -> None:
    instance = world.protect()

    def die(what: str) -> None:
        if what == "Restores.update" and world.status() == "Triggering":
            world.io.after = lambda _: None
            raise Killed

    world.io.after = die
    world.send(backupInstanceId=instance)
    with pytest.raises(Killed):
        world.run()
    assert world.arm_calls("POST", "/restore") == []

    world.deploy()
    world.run()

    assert world.result()["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1


def test_who_finds_a_claim_does_not_post(world: World) -> None:
    instance = world.protect()
    world.simulator.next("POST", "/restore", faults.reset())
    world.send(backupInstanceId=instance)
    world.run(until=lambda: world.status() == "Triggering")
    posts = len(world.arm_calls("POST", "/restore"))

    for _ in range(10):
        world.clock.advance(minutes=1)
        world.engine.steps.advance(b"r1")
        world.engine.sweep.tick(OneAfterTheOther())

    assert len(world.arm_calls("POST", "/restore")) == posts
    assert world.status() == "Triggering"


def test_a_claim_whose_saving_took_long_is_not_used(world: World) -> None:
    instance = world.protect()

    def dawdle(what: str) -> None:
        if what == "Restores.update" and world.status() == "Triggering":
            world.io.after = lambda _: None
            world.clock.advance(minutes=2)

    world.io.after = dawdle
    world.send(backupInstanceId=instance)
    world.run(until=lambda: world.status() == "Triggering")

    assert world.arm_calls("POST", "/restore") == []
    world.run()
    assert world.result()["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1


def test_two_requests_for_one_target_the_second_is_rejected_naming_the_first(
    world: World,
) -> None:
    instance = world.protect()
    world.send(requestId="first", backupInstanceId=instance)
    world.run(seconds=1)

    world.send(requestId="second", backupInstanceId=world.protect("disk-2"))
    world.run()

    assert world.result("first")["status"] == "Completed"
    second = world.result("second")
    assert second["status"] == "Rejected"
    assert second["errorCode"] == "TargetInUse"
    assert "first" in second["errorMessage"]
    assert world.simulator.restores_of("disk-1-restored") == 1


def test_a_target_in_other_casing_is_the_same_target(world: World) -> None:
    instance = world.protect()
    world.send(requestId="first", backupInstanceId=instance)
    world.run(seconds=1)

    other, target = world.protect("disk-2"), builders.disk("DISK-1-Restored")
    world.send(requestId="second", backupInstanceId=other, targetDiskId=target)
    world.run()

    assert world.result("second")["errorCode"] == "TargetInUse"


def test_a_target_is_free_again_when_its_restore_has_ended(world: World) -> None:
    instance = world.protect()
    world.restore(instance, requestId="first")
    world.simulator.remove_disk(builders.disk("disk-1-restored"))
    world.accuse = False  # The simulator takes a second restore of one target for a mistake.

    row = world.restore(instance, requestId="second", force=True)

    assert row["status"] == "Completed"


def test_steps_delivered_twice_do_not_multiply(world: World) -> None:
    instance = world.protect()
    world.send(backupInstanceId=instance)

    while not world.is_idle():
        steps = world.queue("restore-steps")
        for message in list(steps.messages):
            if len(steps.messages) < 3:
                steps.messages.append(
                    type(message)(message.content, message.visible_at, world.clock())
                )
        world.run(seconds=5)

    assert world.result()["status"] == "Completed"
    assert len(world.simulator.calls) <= 15


def test_the_disk_exists_says_a_later_validation_and_it_is_our_own_job_s_work() -> None:
    """The list lagged longer than it may: the last guard is to look once more."""
    lag = timedelta(seconds=1220)
    with World(pace=Pace(job=timedelta(minutes=3)), job_list_lag=lag, graph="empty") as world:
        instance = world.protect()
        world.simulator.next("POST", "/restore", faults.lose_answer())

        row = world.restore(instance)

        assert row["status"] == "Completed"
        assert world.simulator.restores_of("disk-1-restored") == 1
        assert len(world.arm_calls("POST", "/validateRestore")) == 2


def test_the_job_of_an_earlier_request_is_not_adopted(world: World) -> None:
    """The first one failed a moment ago; the second one's answer was lost and the list lags."""
    instance = world.protect()
    world.simulator.habits.activity_ids = "unrelated"
    world.simulator.script(
        "disk-1-restored", job=[outcomes.fails("UserErrorX"), outcomes.succeeds()]
    )
    first = world.restore(instance, requestId="first")
    world.simulator.habits.job_list_lag = timedelta(minutes=3)
    world.simulator.habits.graph = "empty"
    world.simulator.next("POST", "/restore", faults.lose_answer())

    second = world.restore(instance, requestId="second")

    assert first["status"] == "Failed"
    assert second["status"] == "Completed"
    assert second["jobId"] != first["jobId"]


def test_a_listed_job_that_is_gone_when_it_is_asked_for_stops_no_search(world: World) -> None:
    instance = world.protect()
    world.simulator.habits.activity_ids = "unrelated"
    world.simulator.start_restore(instance, builders.disk("another-disk"))
    world.simulator.next("POST", "/restore", faults.lose_answer())
    gone = faults.status(404, error_code="UserErrorGenericResourceNotFound", message="Gone.")
    world.simulator.next("GET", "/backupJobs/*", gone)

    assert world.restore(instance)["status"] == "Completed"
