"""A thousand running jobs, and an Azure whose answers take 300 ms: how long a tick is.

The real engine with eight threads, as poll_restores has it; storage in memory, HTTP to a simulated
Azure that is slow. Every job must have been looked at after two ticks, and no tick may begin a step
after two minutes. The second measurement has answers so slow that the budget must cut the tick.
"""

import argparse
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from function_app import SWEEP_THREADS
from restore_core.azure.tables.account import AccountTables
from restore_core.contract.resource_ids import BackupInstanceId, JobId
from restore_core.lifecycle.pace import TICK_BUDGET
from restore_core.lifecycle.states import Claim, Running, Wait
from simulator import NEVER, Pace, faults
from tests import builders
from tests.fakes import ManualClock
from tests.world import World

LONGEST_STEP = 5.0  # seconds a look may take beyond the answer: threads share two cores.


class WallClock(ManualClock):
    """The real clock, in the place of the world's own."""

    def __call__(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC)


def main() -> int:
    """Measure and tell the shell whether the bounds hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jobs", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000)
    jobs = parser.parse_args().jobs
    logging.disable(logging.WARNING)
    return max(measure(jobs, 0.3), measure(jobs, 1.5))


def measure(jobs: int, seconds: float) -> int:
    """Run ticks until every job was looked at; return 1 where a bound does not hold."""
    world = World(pace=Pace(job=NEVER))
    world.clock = WallClock(datetime.now(UTC))
    world.simulator.now = world.clock
    store = AccountTables(world.tables)
    world.deploy()
    with world, ThreadPoolExecutor(SWEEP_THREADS) as pool:
        put(world, store, jobs)
        world.simulator.next("GET", "/backupJobs/*", faults.slow(seconds), times=None)
        ticks = []
        while (left := unseen(world)) and len(ticks) < 10:  # noqa: PLR2004  never so many
            began = time.monotonic()
            world.engine.sweep.tick(pool)
            ticks.append((time.monotonic() - began, left - unseen(world)))
    longest = max(length for length, _ in ticks)
    bound = TICK_BUDGET.total_seconds() + seconds + LONGEST_STEP
    shown = ", ".join(f"{length:.1f} s for {seen:,} jobs" for length, seen in ticks)
    _print(f"{jobs:,} jobs, answers of {seconds * 1000:.0f} ms, {SWEEP_THREADS} threads: {shown}")
    if longest > bound or len(ticks) > 2:  # noqa: PLR2004  the promise
        _print(f"WRONG: more than two ticks, or one of more than {bound:.0f} s")
        return 1
    return 0


def put(world: World, store: AccountTables, jobs: int) -> None:
    """Let so many restores wait for a job that runs."""
    instance, now = world.protect(), world.clock()
    claim = Claim("claim", now - timedelta(minutes=5), now)
    for number in range(jobs):
        target = builders.disk(f"restored-{number}")
        job = world.simulator.start_restore(instance, target)
        plan = builders.a_plan(instance=BackupInstanceId.parse(instance), claims=(claim,))
        state = Running(plan, JobId(job.name), Wait(now))
        restore = builders.a_restore(
            state, requestId=f"r{number}", backupInstanceId=instance, targetDiskId=target
        )
        store.restores.record(_lasting(restore, now))
        store.schedule.put(restore, now)


def _lasting(restore: builders.Restore, now: datetime) -> builders.Restore:
    return builders.replace(restore, accepted_at=now, deadline=now + timedelta(hours=48))


def unseen(world: World) -> int:
    """Return how many jobs were not looked at yet."""
    seen = {call.path for call in list(world.simulator.calls) if "/backupJobs/" in call.path}
    return len(world.simulator.jobs()) - len(seen)


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a program that talks to a person


if __name__ == "__main__":
    sys.exit(main())
