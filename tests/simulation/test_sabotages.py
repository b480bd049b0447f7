"""The worlds can tell: each small sabotage of the app breaks the invariant it should, by name."""

import pytest

from tests.simulation.runner import on_all_cores
from tests.simulation.sabotages import SABOTAGES, Caught, catch


@pytest.fixture(scope="module")
def caught() -> dict[str, Caught]:
    found = {one.name: one for one in on_all_cores(catch, [(name,) for name in SABOTAGES])}
    print()
    for name in SABOTAGES:
        one = found[name]
        print(f"{one.invariant or '-':<6} seed {one.seed:<3} {name:<48} {one.text[:70]}")
    return found


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SABOTAGES)
def test_a_sabotage_is_caught_by_the_name_of_what_it_breaks(
    name: str, caught: dict[str, Caught]
) -> None:
    assert caught[name].invariant == SABOTAGES[name].breaks
