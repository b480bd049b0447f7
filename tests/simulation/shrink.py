"""The smallest world that still fails: fewer kinds of faults first, then fewer messages."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from tests.simulation import faults
from tests.simulation.world import Report, World

T = TypeVar("T")


def smallest(seed: int) -> tuple[frozenset[str], frozenset[int], Report] | None:
    """Return the kinds, the messages left out and the traced run of a seed that fails, or None."""
    report = World(seed, faults.choose(seed)).run()
    if not report.breaches:
        return None
    wanted = report.breaches[0].invariant

    def fails(kinds: frozenset[str], left_out: frozenset[int]) -> bool:
        breaches = World(seed, kinds, leave_out=left_out).run().breaches
        return any(breach.invariant == wanted for breach in breaches)

    kinds = frozenset(
        _fewest(sorted(faults.choose(seed)), lambda some: fails(frozenset(some), frozenset()))
    )
    everyone = [sent.number for sent in World(seed, kinds).wants.sent]
    kept = _fewest(everyone, lambda some: fails(kinds, frozenset(everyone) - frozenset(some)))
    left_out = frozenset(everyone) - frozenset(kept)
    return kinds, left_out, World(seed, kinds, leave_out=left_out, tracing=True).run()


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
