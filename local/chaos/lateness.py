"""How late each restore was, and where: measured from its row, its messages and its job.

    requested ──► accepted ──► triggered ──► job ended ──► row
       on the queue   before the job   Azure's      after the job

Killed hosts cost time in the first part (a message that one held is hidden for ten minutes), the
second (a step's message likewise, which the timer makes good) and the last (nobody ticks).
"""

from __future__ import annotations

import bisect
import itertools
import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

MANY = 10  # From so many on, nine of ten are told, too.


@dataclass(frozen=True)
class Lateness:
    """The parts of one restore's life, in seconds."""

    restore: str
    on_the_queue: float
    before_the_job: float
    in_azure: float
    after_the_job: float

    @classmethod
    def of(cls, row: Mapping[str, Any], written: datetime) -> Lateness | None:
        """Read it from a result's row; None where the restore had no job."""
        names = ("requestedAt", "acceptedAt", "triggeredAt", "completedAt")
        moments = [row.get(name) for name in names]
        if not all(moments):
            return None
        parts = [_seconds(a, b) for a, b in zip(moments, [*moments[1:], written], strict=True)]
        return cls(str(row["RowKey"]), *parts)

    def __str__(self) -> str:
        return (
            f"{self.restore:12} {self.on_the_queue:7.1f} s on the queue, "
            f"{self.before_the_job:7.1f} s before the job, {self.in_azure:7.1f} s in Azure, "
            f"{self.after_the_job:7.1f} s after it"
        )


def _seconds(earlier: Any, later: Any) -> float:
    return float((later - earlier).total_seconds())


def summary(all_of_them: Sequence[Lateness]) -> Iterator[str]:
    """Yield a line for each part: the median, nine of ten and the most."""
    parts = {
        "on the queue": [each.on_the_queue for each in all_of_them],
        "before the job, turns included": [each.before_the_job for each in all_of_them],
        "from the job's end to the row": [each.after_the_job for each in all_of_them],
    }
    for part, seconds in parts.items():
        if seconds:
            yield f"{part}: {_spread(seconds)}"


def silences(disturbances: Iterable[tuple[str, float]], ticks: Sequence[float]) -> Iterator[str]:
    """Yield for each kind of disturbance how long after it the next tick had ended."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for what, at in disturbances:
        after = bisect.bisect(ticks, at)
        if after < len(ticks):
            found[what].append(ticks[after] - at)
    for what, seconds in found.items():
        yield f"{what}, {len(seconds)} times; until the next tick had ended: {_spread(seconds)}"


def longest_silence(ticks: Sequence[float]) -> float:
    """Return the longest time between two ticks."""
    return max((b - a for a, b in itertools.pairwise(ticks)), default=0.0)


def _spread(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    nine_of_ten = f"nine of ten within {ordered[int(len(ordered) * 0.9)]:.1f} s, "
    return (
        f"half within {statistics.median(ordered):.1f} s, "
        f"{nine_of_ten if len(ordered) >= MANY else ''}the latest after {ordered[-1]:.1f} s"
    )
