"""Storage that answers slowly, fails once, or answers another first."""

from collections.abc import Callable

from azure.core.exceptions import ServiceRequestError

from tests.world import World


def slow_reads(world: World) -> Callable[[str], None]:
    """Return what lets 20 s pass before each restore is read."""

    def before(what: str) -> None:
        if what == "Restores.get":
            world.clock.advance(seconds=20)

    return before


def fails_once(call: str, *, after: int = 0) -> Callable[[str], None]:
    """Return what lets one such call of storage fail: the next, or one `after` so many others."""
    left = [after]

    def hook(what: str) -> None:
        if what == call and left:
            left[0] -= 1
            if left[0] < 0:
                left.clear()
                raise ServiceRequestError("storage is not reached")

    return hook


def ticks_once_before(world: World, call: str) -> Callable[[str], None]:
    """Return what lets a tick of another worker come before the next such call of storage."""
    left = [call]

    def before(what: str) -> None:
        if what in left:
            left.clear()
            world.tick_now()

    return before
