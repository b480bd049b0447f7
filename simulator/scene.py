"""A world, its clock and its lock: what everything that arranges it has in common."""

from collections.abc import Callable
from datetime import datetime
from threading import RLock
from typing import Final

from simulator.world import World

SUBSCRIPTION: Final = "10000000-2000-4000-8000-300000000000"
GROUP: Final = "rg-prod"
REGION: Final = "westeurope"


class Scene:
    """A world that may be arranged from any thread."""

    def __init__(self, now: Callable[[], datetime], world: World) -> None:
        self.now = now
        self.world = world
        self._lock = RLock()

    def changed(self) -> None:
        """Be told that the world is another; who keeps it on disk does so here."""
