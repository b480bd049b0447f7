"""What a restore costs, counted: ARM calls, lateness, storage transactions, execution time."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from simulator import Pace
from tests.world import World

# Sixty lives at a time: minutes on a machine that does other things too.
# The same lines thousands of times: their coverage, which doubles the cost, is not measured.
pytestmark = [pytest.mark.no_cover, pytest.mark.timeout(300)]

DESIGN = Path(__file__).parents[2] / "docs" / "design.md"
TICK = 30
IDLE = 3
"""Transactions of a tick that finds nothing due."""
PHASES = [phase / 2 for phase in range(2 * TICK)]


def _restored(*, phase: float = 0, job: float = 246) -> tuple[World, float]:
    """Return the world after one restore, and by how many seconds its result came late."""
    pace = Pace(job=timedelta(seconds=job))
    with World(pace=pace, phase=timedelta(seconds=phase)) as world:
        row = world.restore(world.protect())
        assert row["status"] == "Completed"
        return world, (world.clock() - row["completedAt"]).total_seconds()


def test_a_restore_at_the_recorded_pace_costs_at_most_13_calls_and_is_told_within_30_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    restored = [_restored(phase=phase) for phase in PHASES]

    calls = [len(world.simulator.calls) for world, _ in restored]
    late = [seconds for _, seconds in restored]
    with capsys.disabled():
        print(f"\nARM calls per restore: {min(calls)} to {max(calls)} over all phases of the timer")
        print(f"Result after the job's end: {min(late):.0f} to {max(late):.0f} s")
    assert max(calls) <= 13
    assert max(late) <= 30


@pytest.mark.parametrize("job", [1, 10, 45, 90, 150, 213, 246, 368, 500, 1_000, 3_600, 20_000])
def test_the_end_of_a_job_of_any_length_is_told_within_a_minute_and_a_quarter_of_it(
    job: int,
) -> None:
    late = [_restored(phase=phase, job=job)[1] for phase in (0, 7.5, 15, 22.5, 29.5)]

    assert max(late) <= 60 + job / 4
    if 213 <= job <= 368:  # where the recorded jobs ended
        assert max(late) <= 45


def test_each_storage_transaction_of_a_restore_is_accounted_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    world, _ = _restored()

    ticks = sum(name == "poll_restores" for name, _ in world.invocations)
    counted = Counter(world.io.calls)
    with capsys.disabled():
        print(f"\nStorage transactions of one restore, {ticks} ticks: {dict(counted)}")
    idle = {
        "restore-requests-poison.receive": ticks,
        "restore-steps-poison.receive": ticks,
    }
    assert counted == idle | {
        "Restores.get": 1 + 3 + 5,  # acceptance, step messages, job polls
        "Restores.create_entity": 1,
        # planned, reserved, validating; a look at the validation, the second ends it; claim, taken,
        # job named; four looks at the job, the fifth ends it; ended; told
        "Restores.update": 3 + 1 + 1 + 2 + 1 + 4 + 1 + 1 + 1,
        "OutstandingRestores.query": ticks + 1,  # whether there is a turn
        "OutstandingRestores.create_entity": 1,
        # after each of four invocations, after each of four looks at the job
        "OutstandingRestores.upsert": 4 + 4,
        "OutstandingRestores.delete": 1,
        "restore-steps.send": 3,
        # taken before ARM is asked where the disk is known, and again with the target
        "RestoredSources.create_entity": 2,
        "RestoredSources.get": 1,
        "restore-events.send": 1,
        "TargetLocks.create_entity": 1,
        "TargetLocks.get": 1 + 1,  # whether it is free, before ARM is asked; at the release
        "TargetLocks.delete": 1,
        "RestoreResults.upsert": 1,
        # how long it took, for estimates; the first of its vault
        "VaultDurations.get": 1,
        "VaultDurations.create_entity": 1,
    }
    own = counted.total() - IDLE * ticks
    assert f"{own} storage transactions of its own" in DESIGN.read_text("utf-8")


def test_an_idle_tick_costs_three_transactions_and_no_call(world: World) -> None:
    world.tick_now()

    assert world.io.calls == [
        "restore-requests-poison.receive",
        "restore-steps-poison.receive",
        "OutstandingRestores.query",
    ]
    assert world.simulator.calls == []


def test_a_tick_costs_the_same_however_many_restores_have_ended(world: World) -> None:
    instance = world.protect()
    for number in range(5):
        world.restore(instance, requestId=f"r{number}", validateOnly=True)
    world.io.calls.clear()

    world.tick_now()

    assert len(world.io.calls) == IDLE


def test_no_invocation_waits_for_anything_but_its_own_calls(world: World) -> None:
    """The clock stands still inside an invocation: a wait in the app would never end here."""
    began = world.clock()

    world.restore(world.protect())

    assert (world.clock() - began).total_seconds() > 246
    steps = [name for name, _ in world.invocations if name != "poll_restores"]
    assert len(steps) == 4


def test_an_outstanding_restore_that_is_not_due_costs_a_tick_nothing(world: World) -> None:
    world.send(backupInstanceId=world.protect())
    world.deliver()
    world.io.calls.clear()

    world.tick_now()

    assert len(world.io.calls) == 3
