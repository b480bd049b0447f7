"""What ARM lets one subscription be asked, and how many turns fit into that. Pure.

ARM counts calls for each subscription, region and principal in token buckets: full at first,
refilled all the time, empty where calls come faster. The region is that which a call lands in; for
one app it is one, so the subscription is what tells buckets apart.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor
from typing import Final, Self

AHEAD: Final = timedelta(seconds=30)
"""A tick gives turns for the time to the next one, too: what refills until then."""
WRITES: Final = 2
"""Calls of a restore that write: validateRestore and restore."""
READS: Final = 5
"""Calls of a restore that read, until its job is named: its recovery points, up to three looks at
its validation (`pace.validation_delay`: after 30, 45 and 68 s, the median taking 42) and one at its
operation. A look at a job comes minutes later, when no turn is given by what is left."""
LEAST_REFILL: Final = 0.1
"""Calls a second: with less, a restore would wait for its next call as long as for its job."""
_BUCKET: Final = re.compile(r"([0-9]{1,6})\+([0-9]{1,6}(?:\.[0-9]{1,6})?)", re.ASCII)


@dataclass(frozen=True)
class Bucket:
    """So many calls at once, and so many more each second."""

    size: int
    per_second: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the bucket that a text such as `250+25` names; raise ValueError."""
        found = _BUCKET.fullmatch(text.strip())
        size, per_second = (int(found[1]), float(found[2])) if found else (0, 0)
        if not (size >= WRITES and per_second >= LEAST_REFILL):
            raise ValueError(
                "must be calls at once and calls per second such as 250+25, "
                f"at least {WRITES}+{LEAST_REFILL}"
            )
        return cls(size, per_second)

    def __str__(self) -> str:
        return f"{self.size}+{self.per_second:g}"

    def after(self, tokens: float, span: timedelta) -> float:
        """Return what is in it after `span`; one that is not positive drains nothing."""
        return min(self.size, tokens + max(span.total_seconds(), 0) * self.per_second)


@dataclass(frozen=True)
class Quota:
    """What one subscription lets one principal ask."""

    reads: Bucket
    writes: Bucket


DOCUMENTED: Final = Quota(reads=Bucket(250, 25), writes=Bucket(200, 10))
"""As Azure tells since 2024; headers recorded in 2025 differ, so an operator may set others."""


def room(turns: Iterable[datetime], now: datetime, quota: Quota) -> int:
    """Return how many turns may be given now, where `turns` tells when the last ones were.

    Told by what was written down alone, so that a tick that died is not forgotten. A bucket that
    gave turns ahead is in debt; it is never so by more than what refills AHEAD.
    """
    moments = sorted(min(turn, now) for turn in turns)
    reads = _room(moments, now, quota.reads, READS)
    return min(reads, _room(moments, now, quota.writes, WRITES))


def _room(moments: list[datetime], now: datetime, bucket: Bucket, cost: int) -> int:
    tokens, at = float(bucket.size), moments[0] if moments else now
    for moment in moments:
        tokens, at = bucket.after(tokens, moment - at) - cost, moment
    left = bucket.after(tokens, now - at) + AHEAD.total_seconds() * bucket.per_second
    return max(floor(left / cost), 0)
