"""Worlds in which everything fails, by the seed: all invariants hold, and each ends clean.

A few of them are lived every time.
"""

import pytest

from restore_core.lifecycle.status import Status
from tests.simulation import faults, runner
from tests.simulation.runner import Totals
from tests.simulation.world import World

KINDS = len(faults.ALL)
SEEDS = sorted({*range(KINDS), *range(1, 4 * KINDS, 4)})
"""The first worlds, and every fourth has one kind of fault alone: each kind has its turn."""
FEW = range(6, 10)
"""Few in which restores end in every way."""


@pytest.fixture(scope="module")
def totals() -> Totals:
    return runner.seeds(SEEDS)


@pytest.mark.no_cover
@pytest.mark.timeout(300)
def test_all_invariants_hold_in_a_few_worlds() -> None:
    few = runner.random_worlds(FEW)

    assert [f"make soak SEED={seed}: {breach}" for seed, breach in few.broken] == []
    assert set(few.statuses) == set(Status), dict(few.statuses)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_all_invariants_hold_in_every_world(totals: Totals) -> None:
    told = [f"make soak SEED={seed}: {breach}" for seed, breach in totals.broken]

    assert told == []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_kind_of_fault_has_struck(totals: Totals) -> None:
    assert totals.never_injected == []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_restores_have_ended_in_every_way(totals: Totals) -> None:
    assert set(totals.statuses) == set(Status), dict(totals.statuses)


def test_a_seed_is_one_history() -> None:
    first, again = (World(3, faults.choose(3), tracing=True).run() for _ in range(2))

    assert first.trace == again.trace
    assert len(first.trace) > 100
