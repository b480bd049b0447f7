"""How long the simulated cloud takes. The default is the median of 39 recorded disk restores.

An operation or a job ends after a time, at once, after so many reads, or never. Reads are counted
apart from reading, so that looking at a thing twice as often does not make it twice as fast
unless that was asked for.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class AfterReads:
    """Ends once it was read so many times and found running."""

    count: int


@dataclass(frozen=True)
class Never:
    """Never ends."""


Duration = timedelta | AfterReads | Never

AT_ONCE = timedelta(0)
NEVER = Never()


@dataclass
class Course:
    """How far one operation or job has come."""

    ends_at: datetime | None
    reads_left: int | None = None

    @classmethod
    def of(cls, duration: Duration, now: datetime) -> "Course":
        """Begin a course now."""
        match duration:
            case AfterReads(count):
                return cls(ends_at=None, reads_left=count)
            case Never():
                return cls(ends_at=None)
            case timedelta():
                return cls(ends_at=now + duration)

    def end(self, now: datetime) -> datetime | None:
        """Return when it ended, or None while it runs."""
        if self.reads_left is not None:
            return now if self.reads_left <= 0 else None
        return self.ends_at if self.ends_at is not None and self.ends_at <= now else None

    def count_read(self) -> None:
        """Count that somebody looked and found it running."""
        if self.reads_left is not None:
            self.reads_left -= 1


@dataclass(frozen=True)
class Pace:
    """How long each thing takes, and how long clients are told to wait.

    `scale` divides times: with 10, everything is ten times faster. Retry-After is scaled too, but
    is never less than a second unless it is set to 0; azure-core sleeps as long as it says.
    """

    scale: float = 1.0
    validation: Duration = timedelta(seconds=42)
    operation: Duration = timedelta(seconds=1)
    job: Duration = timedelta(seconds=246)
    validation_retry_after: int = 10
    operation_retry_after: int = 30
    poll_retry_after: int | None = None  # Not known whether the service sends one on these GETs.

    @classmethod
    def at_once(cls) -> "Pace":
        """Return the pace at which everything has ended when it is first looked at."""
        return cls(
            validation=AT_ONCE,
            operation=AT_ONCE,
            job=AT_ONCE,
            validation_retry_after=0,
            operation_retry_after=0,
        )

    def scaled(self, duration: Duration) -> Duration:
        """Return a duration at this pace."""
        return duration / self.scale if isinstance(duration, timedelta) else duration

    def scaled_wait(self, seconds: int) -> int:
        """Return a Retry-After at this pace, in whole seconds."""
        return max(1, math.ceil(seconds / self.scale)) if seconds else 0
