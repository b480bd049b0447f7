"""What the worlds have found in the app, each kept by its seed and by what went wrong."""

from datetime import timedelta

import pytest

from simulator import faults as spoil
from simulator import outcomes
from tests.simulation import faults
from tests.simulation.exhaustive import Dying, Life
from tests.simulation.world import World


@pytest.mark.parametrize("seed", [1094, 1180, 1226])
def test_a_job_is_found_though_its_operation_never_ends(seed: int) -> None:
    """The operation said "running" for two days, and the disk of a job long ended was TimedOut."""
    report = World(seed, faults.choose(seed)).run()

    assert not report.breaches


@pytest.mark.parametrize("word", ["never", "Halfway"])
def test_a_restore_ends_with_its_job_whatever_its_operation_says(word: str) -> None:
    operation = outcomes.never() if word == "never" else outcomes.ends_as(word)
    world = Dying(Life("Completed", {"operation": operation}), frozenset())

    report = world.run()

    assert not report.breaches
    assert report.span < timedelta(hours=2).total_seconds()


def test_an_unreadable_list_of_jobs_leaves_the_restore_to_its_operation() -> None:
    world = Dying(Life("Completed", {"operation": outcomes.never()}), frozenset())
    world.simulator.next("GET", "/backupJobs", spoil.service_error(503, "ServiceUnavailable"))

    report = world.run()

    assert not report.breaches
