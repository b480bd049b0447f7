"""How soon many disks can be back at the earliest, whoever asks: what ARM and the job take. Pure.

A restore is two calls that write and, before the second of them, some that read. ARM lets nobody
call faster than its buckets refill, so the last restore cannot be asked for before they gave enough
tokens, nor before it was validated; and then its job runs.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from simulator.limits import Limits, Rate
from simulator.pace import Duration, Pace

WRITES: Final = 2
"""validateRestore and restore."""
READS: Final = 3
"""Before the restore can be asked for: the recovery points, and two looks at a validation of 42 s,
for nobody knows when it ends."""


@dataclass(frozen=True)
class Bound:
    """The earliest end of so many disks, in seconds from the message on."""

    disks: int

    @property
    def writes(self) -> float:
        """When the bucket of writes has given what all disks need."""
        return self._given(WRITES, Limits.writes)

    @property
    def reads(self) -> float:
        """When the bucket of reads has given what is read before all restores are asked for."""
        return self._given(READS, Limits.reads)

    @property
    def seconds(self) -> float:
        """When the last job has ended at the earliest."""
        return max(self.writes, self.reads, _seconds(Pace.validation)) + _seconds(Pace.job)

    def told(self) -> str:
        """Return how it is computed."""
        return (
            f"the bound: {self.seconds:.0f} s = max(writes {self.writes:.0f} s, reads before the "
            f"trigger {self.reads:.0f} s, a validation {_seconds(Pace.validation):.0f} s) + a job "
            f"{_seconds(Pace.job):.0f} s; {_formula(self.disks, WRITES, Limits.writes)} of writes, "
            f"{_formula(self.disks, READS, Limits.reads)} of reads"
        )

    def _given(self, calls: int, rate: Rate | None) -> float:
        if rate is None:
            return 0.0
        return max(self.disks * calls - rate.burst, 0) / rate.per_second


def _seconds(duration: Duration) -> float:
    assert isinstance(duration, timedelta)  # noqa: S101  the recorded pace has no other
    return duration.total_seconds()


def _formula(disks: int, calls: int, rate: Rate | None) -> str:
    if rate is None:
        return "as many as one likes"
    return f"({disks} x {calls} - {rate.burst}) / {rate.per_second:g} s"
