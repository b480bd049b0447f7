"""The worlds can tell: each small sabotage of the app breaks the invariant it should, by name.

One of each invariant is tried every time.
"""

from collections.abc import Callable

import pytest

from tests.conftest import SABOTAGE
from tests.simulation.runner import on_all_cores
from tests.simulation.sabotages import SABOTAGES
from tests.simulation.sabotages.catch import Caught, catch
from tests.simulation.sabotages.sabotage import Sabotage, applied
from tests.simulation.shrink import smallest

Telling = Callable[[str, object], None]


def _quickness(one: Sabotage) -> tuple[bool, float]:
    return bool(one.life) and not one.points, -one.patience


QUICK_LAST = sorted(SABOTAGES, key=lambda name: _quickness(SABOTAGES[name]))
ONE_OF_EACH = {SABOTAGES[name].breaks: name for name in QUICK_LAST}
"""By invariant the quickest to notice: in one life, where there is one, or in a short world."""


@pytest.fixture(scope="module")
def caught() -> dict[str, Caught]:
    return {one.name: one for one in on_all_cores(catch, [(name,) for name in SABOTAGES])}


def test_every_sabotage_can_be_called_as_the_app_calls_what_it_takes_the_place_of() -> None:
    for one in SABOTAGES.values():
        with applied(one):
            pass


@pytest.mark.no_cover
@pytest.mark.parametrize("name", ONE_OF_EACH.values())
def test_for_each_invariant_a_sabotage_is_caught_by_its_name(
    name: str, record_property: Telling
) -> None:
    _assert_caught(catch(name), record_property)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SABOTAGES)
def test_a_sabotage_is_caught_by_the_name_of_what_it_breaks(
    name: str, caught: dict[str, Caught], record_property: Telling
) -> None:
    _assert_caught(caught[name], record_property)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_of_a_world_that_fails_the_smallest_is_shown_and_the_trace_of_one_restore() -> None:
    kinds = frozenset({"arm-reset-done", "arm-429", "storage-500", "message-late", "clock-skew"})

    with applied(SABOTAGES["repeat a POST whose answer was lost"]):
        found = next(filter(None, (smallest(seed, kinds) for seed in range(60))))

    assert found.kinds == {"arm-reset-done"}
    assert len(found.kept) == 1
    assert len(found.report.trace) > 20
    assert any("BREACH I2" in line for line in found.report.trace)
    assert sum("JOB" in line for line in found.report.trace) > 1


def _assert_caught(one: Caught, record_property: Telling) -> None:
    """The invariant that it breaks has told of a sabotage; let the table at the end say where."""
    row = f"{one.invariant or '-':<6} seed {one.seed:<3} {one.name:<48} {one.text[:70]}"
    record_property(SABOTAGE, row)

    assert one.invariant == SABOTAGES[one.name].breaks
