"""The process dies at every storage call of a restore's life, before it and after it.

Every call to ARM lies between two storage calls, so these deaths stand around each of them too.
"""

from collections.abc import Callable

import pytest

from simulator import outcomes
from simulator.outcomes import Outcome
from tests.world import World

# The same lines thousands of times: their coverage, which doubles the cost, is not measured.
pytestmark = pytest.mark.no_cover


class Killed(BaseException):
    """The process dies here; no except clause of the app may save it."""


ENDS: dict[str, tuple[dict[str, Outcome], str]] = {
    "Completed": ({}, "Completed"),
    "Rejected": ({"validation": outcomes.fails("UserErrorX")}, "Rejected"),
    "Failed": ({"job": outcomes.fails("UserErrorX")}, "Failed"),
}

# Each takes a whole life for each of its calls: only the shortest runs every time.
LIVES = [
    pytest.param(*end, id=name, marks=[] if name == "Rejected" else pytest.mark.long)
    for name, end in ENDS.items()
]


def _run_with_a_death(moment: str, number: int, scripted: dict[str, Outcome]) -> World | None:
    """Return the world after a life with one death, or None where it had fewer calls than that."""
    with World() as world:
        instance = world.protect()
        if scripted:
            world.simulator.script("disk-1-restored", **scripted)
        setattr(world.io, moment, _die_at(world, number))
        world.send(backupInstanceId=instance)
        died = _run_until_it_ends(world)
        return world if died else None


def _die_at(world: World, number: int) -> Callable[[str], None]:
    seen = 0

    def hook(_what: str) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            world.io.before = world.io.after = lambda _: None
            raise Killed

    return hook


def _run_until_it_ends(world: World) -> bool:
    died = False
    while True:
        try:
            world.run()
        except Killed:
            died = True
            world.deploy()
        else:
            return died


@pytest.mark.timeout(300)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("scripted", "status"), LIVES)
def test_a_death_at_any_storage_call_loses_nothing_and_doubles_nothing(
    moment: str, scripted: dict[str, Outcome], status: str
) -> None:
    number = 0
    while world := _run_with_a_death(moment, number := number + 1, scripted):
        assert world.result()["status"] == status
        assert world.simulator.restores_of("disk-1-restored") <= 1
        assert world.rows("TargetLocks") == []
        assert world.rows("OutstandingRestores") == []

    assert number > 25, "fewer storage calls than a restore has: the test looks at nothing"
