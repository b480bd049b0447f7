"""What a run has cost and how long it took, and which goals it missed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any, Final

from benchmarks.incident.bound import Bound

MOST_OF_BOUND: Final = 1.3
MOST_CALLS: Final = 9.0  # of ARM, a disk.
MOST_THROTTLED: Final = 0.01  # of all calls.
GAP: Final = 45.0  # seconds without a new job: another wave.


@dataclass(frozen=True)
class Azures:
    """What the simulated Azure tells of a run."""

    sent: datetime
    report: Mapping[str, Any]
    bound: Bound

    @property
    def begun(self) -> list[float]:
        """When each job began, in seconds from the message on."""
        return sorted(self._seconds(job["started"]) for job in self.report["jobs"])

    @property
    def last(self) -> float:
        """When the last job had ended; infinity where one has not."""
        ends = [job["ended"] for job in self.report["jobs"]]
        return max([self._seconds(end) if end else float("inf") for end in ends] or [0.0])

    @property
    def calls(self) -> float:
        """Calls of ARM a disk."""
        return float(self.report["callCount"]) / self.bound.disks

    @property
    def throttled(self) -> float:
        """The share that was answered 429."""
        return int(self.report["statuses"].get("429", 0)) / max(int(self.report["callCount"]), 1)

    @property
    def waves(self) -> list[tuple[float, int]]:
        """When each wave of jobs began, and how many were in it."""
        waves: list[list[float]] = []
        for at in self.begun:
            if not waves or at - waves[-1][-1] > GAP:
                waves.append([])
            waves[-1].append(at)
        return [(wave[0], len(wave)) for wave in waves]

    def told(self) -> Iterator[str]:
        """Yield what a person wants to know."""
        share = self.last / self.bound.seconds
        yield f"the last job ended after {self.last:.0f} s, {share:.2f} of the bound"
        yield self.bound.told()
        yield f"waves: {', '.join(f'{number} from {at:.0f} s on' for at, number in self.waves)}"
        yield (
            f"ARM calls: {self.report['callCount']:,}, {self.calls:.2f} a disk; "
            f"{self.report['statuses'].get('429', 0)} answered 429, {self.throttled:.2%}"
        )
        yield f"by kind: {_most(self.report['calls'], 12)}"

    def missed(self, *, has_bound: bool) -> Iterator[str]:
        """Yield the goals that were missed; of a run's length only where it `has_bound`."""
        if has_bound and self.last > MOST_OF_BOUND * self.bound.seconds:
            yield f"the last job ended later than {MOST_OF_BOUND} times the bound"
        if self.calls > MOST_CALLS:
            yield f"more than {MOST_CALLS:g} ARM calls a disk"
        if self.throttled >= MOST_THROTTLED:
            yield f"{MOST_THROTTLED:.0%} or more of the calls were answered 429"

    def _seconds(self, moment: str) -> float:
        return (datetime.fromisoformat(moment) - self.sent).total_seconds()


def moments(members: Sequence[Mapping[str, Any]], sent: datetime) -> Iterator[str]:
    """Yield when members had their turn, were found valid, were asked for, and told."""
    for column in ("readyAt", "validatedAt", "triggeredAt", "jobEndedAt", "completedAt"):
        seen = [(row[column] - sent).total_seconds() for row in members if column in row]
        if seen:
            low, middle, high = min(seen), median(seen), max(seen)
            yield f"{column:>12}: {low:.0f} s first, {middle:.0f} in the middle, {high:.0f} last"


def transactions(counted: Counter[str], app: int, disks: int) -> Iterator[str]:
    """Yield what storage was asked."""
    yield (
        f"storage transactions: {app:,} of the app, {app / disks:.1f} a disk; "
        f"{counted.total() - app:,} of the host's own, its messages and polling"
    )
    yield f"by kind: {_most(counted, 14)}"


def _most(counted: Mapping[str, int], most: int) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in Counter(counted).most_common(most))
