"""The smallest world that still fails: fewer kinds of faults first, then fewer messages.

What is left out changes what happens to the rest; so a smaller world is lived a few times, with
other draws, before it is held to be sound.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from tests.simulation import faults
from tests.simulation.world import Report, World

T = TypeVar("T")
HISTORIES: Final = 6


@dataclass(frozen=True)
class Smallest:
    """What is left of a world that fails, and its traced run."""

    kinds: frozenset[str]
    kept: frozenset[int]
    report: Report


def smallest(seed: int, chosen: frozenset[str] | None = None) -> Smallest | None:
    """Return the smallest world like that of a seed which breaks the same invariant, or None."""
    chosen = faults.choose(seed) if chosen is None else chosen
    whole = World(seed, chosen)
    everyone = frozenset(sent.number for sent in whole.wants.sent)
    breaches = whole.run().breaches
    if not breaches:
        return None

    def fails(kinds: Sequence[str], kept: Sequence[int]) -> World | None:
        for salt in range(HISTORIES):
            options = {"leave_out": everyone - frozenset(kept), "salt": salt}
            found = World(seed, frozenset(kinds), **options).run().breaches
            if any(one.invariant == breaches[0].invariant for one in found):
                return World(seed, frozenset(kinds), tracing=True, **options)
        return None

    kinds = _fewest(sorted(chosen), lambda some: fails(some, [*everyone]) is not None)
    kept = _fewest(sorted(everyone), lambda some: fails(kinds, some) is not None)
    left = fails(kinds, kept)
    return Smallest(frozenset(kinds), frozenset(kept), left.run()) if left else None


def _fewest(whole: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """Leave out as much as can be while it still fails: halves first, at last one by one."""
    size = max(1, len(whole) // 2)
    while True:
        begin = 0
        while begin < len(whole):
            fewer = [*whole[:begin], *whole[begin + size :]]
            if fails(fewer):
                whole = fewer
            else:
                begin += size
        if size == 1:
            return whole
        size = max(1, size // 2)
