"""Storage that answers slowly, or fails once."""

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
