"""Worlds in which everything fails, by the seed: all invariants hold, and each ends clean."""

import pytest

from tests.simulation import faults
from tests.simulation.world import World


@pytest.mark.parametrize("seed", range(8))
def test_all_invariants_hold_in_a_world_of_faults(seed: int) -> None:
    report = World(seed, faults.choose(seed)).run()

    assert not report.breaches, f"seed {seed}: {report.breaches[0]}"
