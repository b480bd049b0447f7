"""Operations that run for hours, and last looks: what was not read says nothing of the disk."""

from dataclasses import replace

from simulator import faults, outcomes
from tests.world import World

NOT_BEGUN = replace(outcomes.never(), with_job=False)
"""An operation that says that it runs, and whose job has not begun."""


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
