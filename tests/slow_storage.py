"""Storage that answers, slowly: each read of a restore takes as long as the client waits for it."""

from collections.abc import Callable

from tests.world import World


def slow_reads(world: World) -> Callable[[str], None]:
    """Return what lets 20 s pass before each restore is read."""

    def before(what: str) -> None:
        if what == "Restores.get":
            world.clock.advance(seconds=20)

    return before
