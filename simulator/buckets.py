"""Token buckets: what is left of each, what a call is told when there is nothing, and who overran.

As documented: whoever calls before his Retry-After is over is not answered, and waits anew.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from simulator.accusations import TOLERANCE, Accusations, shown
from simulator.errors import Refusal, by_arm
from simulator.exchange import Request
from simulator.habits import Habits
from simulator.limits import Rate

Kind = Literal["read", "write", "service read"]
Key = tuple[str, ...]

_HEADER: Final[dict[Kind, str]] = {
    "read": "x-ms-ratelimit-remaining-subscription-reads",
    "write": "x-ms-ratelimit-remaining-subscription-writes",
    "service read": "x-ms-ratelimit-remaining-subscription-resource-requests",
}
_UNLIMITED: Final[dict[Kind, int]] = {"read": 11999, "write": 799, "service read": 1099}
"""What was recorded of somebody who was far from any limit."""


@dataclass
class _Bucket:
    left: float
    at: datetime
    closed_until: datetime | None = None
    overruns: int = 0

    def refill(self, rate: Rate, speed: float, now: datetime) -> None:
        gained = max(0.0, (now - self.at).total_seconds()) * rate.per_second * speed
        self.left, self.at = min(rate.burst, self.left + gained), max(self.at, now)

    def is_closed(self, now: datetime) -> bool:
        return self.closed_until is not None and self.closed_until - now > TOLERANCE


@dataclass
class Buckets:
    """All buckets; whoever calls it sees to it that calls come one at a time."""

    habits: Habits
    accusations: Accusations
    _buckets: dict[Key, _Bucket] = field(default_factory=dict)

    def take(self, kind: Kind, key: Key, request: Request, now: datetime) -> dict[str, str]:
        """Count a call and return the header that says what is left; raise Refusal."""
        rate = self._rate(kind)
        if rate is None:
            return {_HEADER[kind]: str(_UNLIMITED[kind])}
        bucket = self._buckets.setdefault((kind, *key), _Bucket(rate.burst, now))
        bucket.refill(rate, self.habits.pace.scale, now)
        if bucket.is_closed(now):
            self._overrun(kind, bucket, request)
        elif bucket.left >= 1:
            bucket.left, bucket.closed_until, bucket.overruns = bucket.left - 1, None, 0
            return {_HEADER[kind]: str(int(bucket.left))}
        raise self._close(kind, bucket, rate, key=key, request=request)

    def _rate(self, kind: Kind) -> Rate | None:
        limits = self.habits.limits
        match kind:
            case "read":
                return limits.reads
            case "write":
                return limits.writes
            case "service read":
                return limits.service_reads

    def _overrun(self, kind: Kind, bucket: _Bucket, request: Request) -> None:
        bucket.overruns += 1
        if bucket.overruns == self.habits.limits.under_way + 1:
            self.accusations.accuse(
                f"{shown(request)}: call {bucket.overruns} since a 429 said that there are no more "
                f"{kind}s, and before its Retry-After was over"
            )

    def _close(
        self, kind: Kind, bucket: _Bucket, rate: Rate, *, key: Key, request: Request
    ) -> Refusal:
        lacks = max(0.0, 1 - bucket.left) / (rate.per_second * self.habits.pace.scale)
        wait = max(1, math.ceil(lacks))
        bucket.closed_until = bucket.at + timedelta(seconds=wait)
        text = _of_service(key, request) if kind == "service read" else _of_arm(kind, key)
        refusal = by_arm(429, "SubscriptionRequestsThrottled", text.format(wait=wait))
        headers = {"Retry-After": str(wait), _HEADER[kind]: "0"}
        return Refusal(refusal.answer.with_headers(headers))


def _of_arm(kind: Kind, key: Key) -> str:
    subscription, _, caller = key
    return (
        f"Number of '{kind}' requests for subscription '{subscription}' actor '{caller}' exceeded. "
        "Please try again after '{wait}' seconds after additional tokens are available. Refer to "
        "https://aka.ms/arm-throttling for additional information."
    )


def _of_service(key: Key, request: Request) -> str:
    segments = [one for one in request.path.upper().split("/") if one]
    kinds = "/".join(one for one in segments if one in _KINDS or one.startswith("MICROSOFT."))
    return (
        f"Number of requests for subscription '{key[0]}' and operation "
        f"'{request.method}/{kinds}' exceeded the backend storage limit. "
        "Please try again after '{wait}' seconds."
    )


_KINDS: Final = frozenset(
    {
        "SUBSCRIPTIONS",
        "RESOURCEGROUPS",
        "PROVIDERS",
        "LOCATIONS",
        "BACKUPVAULTS",
        "BACKUPINSTANCES",
        "BACKUPJOBS",
        "RECOVERYPOINTS",
        "OPERATIONSTATUS",
        "OPERATIONRESULTS",
    }
)
