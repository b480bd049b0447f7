"""How many ARM calls one restore may cost, and how that slows it down. Pure.

A normal restore costs fifteen. One that has cost hundreds is in a vault whose list is long, or
waits for what does not come: it looks less often, and nothing is believed because of that.
"""

from datetime import timedelta
from typing import Final

FREE: Final = 300
"""Calls after which the pauses of a restore stretch."""
MOST: Final = 500
"""Calls that last for the whole of its life, the guard of its target included."""

MOST_PAGES: Final = 300
"""Pages of the vault's list of jobs that one search reads: 90 s at the recorded pace."""
GLANCE: Final = 10
"""Pages where a look is no more than that: nothing follows from not finding the job."""
_PAGES_BEFORE: Final = 150
"""Calls that a search spends before its answer could be believed: the pass after it needs 300."""
_LEAST: Final = 2
"""Pages at least: the one where the list ended last, and the one that came since."""
_KEPT: Final = 20
"""Calls that no search spends: for what comes after it."""
_WEIGHT: Final = 10
"""Calls at most as which one attempt counts for the pause after it: the next may be cheap."""


def pages(calls: int, *, believable: bool) -> int:
    """Return how many pages a search may read, by what its restore has cost already.

    `believable`: whether a whole pass that begins now would be believed.
    """
    most = min(MOST_PAGES, MOST - _KEPT - calls) if believable else _PAGES_BEFORE - calls
    return max(most, _LEAST)


def stretched(pause: timedelta, calls: int, cost: int, left: timedelta) -> timedelta:
    """Return the pause of a restore that has cost `calls`, `cost` of them just now.

    From FREE on it grows, gently at first, so that what is left of MOST lasts for what is `left`
    of the restore's life: where both shrink in step, neither runs out before the other.
    """
    over, rest = calls - FREE, MOST - calls
    if over <= 0:
        return pause
    if rest <= 0:
        return max(pause, left)
    share = min(cost, _WEIGHT) * 2 * over / ((MOST - FREE) * rest)
    return max(pause, left * min(share, 1))
