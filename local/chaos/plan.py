"""What shall happen in a run of chaos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Plan:
    """What shall happen."""

    host: str = "local"
    """`local`, or `real`: the platform's own."""
    hosts: int = 1
    """Hosts that share the work; only one of them has the timer."""
    restores: int = 50
    kills: int = 30
    worker_kills: int = 0
    """How often the process that runs the functions dies alone."""
    outages: int = 3
    aged: int = 200
    """Restores that ended long ago, for `restorectl purge` to delete beside the app."""
    purges: int = 5
    """How many of those purges are killed."""
    speed: float = 1.0
    pace: float = 1.0
    """How much faster than recorded Azure is, at speed 1: with 2, a job takes two minutes."""
    away: float = 0.0
    """Seconds that storage is away in an outage; 0: a few, at random, as for the other services."""
    longest_wait: float = 7.0
    """Seconds between two events, at most."""
    patience: float = 2_400.0
    """Seconds for all of it."""
    seed: int = 0


FOR_THE_REAL_HOST: Final[dict[str, Any]] = {
    "restores": 40,
    "kills": 12,
    "worker_kills": 8,
    "outages": 1,
    "pace": 2.0,
    "away": 60.0,
    "longest_wait": 12.0,
    "patience": 3_000.0,
}
"""What differs there: it takes seconds to start, so fewer kills last as long; and storage that is
away for a minute ends the host itself, which is the point."""
