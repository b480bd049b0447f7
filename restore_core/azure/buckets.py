"""What ARM lets this worker send now: a bucket of tokens for each subscription, reads and writes.

ARM answers 429 to whoever overruns; so a call that it would not take is not sent. A bucket is full
at first and refilled by the clock; what an answer says is left lowers it, for other workers empty
the same one, and a 429 empties it until Retry-After is over. Nobody waits here: an empty bucket
raises NotNow, with a time of its own for each who is sent away, so that not all come again at once.
"""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from restore_core.errors import NotNow, Problem
from restore_core.lifecycle import pace
from restore_core.lifecycle.quota import Bucket, Quota

_SUBSCRIPTION: Final = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)
_LEFT: Final = "x-ms-ratelimit-remaining-subscription-"
_READS: Final = (f"{_LEFT}reads", f"{_LEFT}resource-requests")
"""Data Protection tells the second one on what it is asked, in every recording."""
_WRITES: Final = (f"{_LEFT}writes",)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_FEW: Final = 9
"""Digits of a number that is believed."""

Key = tuple[str, bool]
"""A subscription, lower-cased, and whether calls write."""


@dataclass
class _Filled:
    tokens: float
    at: datetime
    """When there were so many."""
    closed_until: datetime
    promised: datetime
    """The time that who was sent away last was told."""


class Buckets:
    """The buckets of one worker. Safe for threads."""

    def __init__(self, quota: Quota, clock: Callable[[], datetime]) -> None:
        self._quota = quota
        self._clock = clock
        self._lock = threading.Lock()
        self._filled: dict[Key, _Filled] = {}
        self._of_thread = threading.local()

    def take(self, method: str, url: str) -> None:
        """Take what this call costs; raise NotNow where there is nothing. See `reserve`."""
        key = _key(method, url)
        if key is None:
            return
        reserved = self._reserved()
        if key in reserved:
            reserved.remove(key)
            return
        with self._lock:
            self._take(key)

    def reserve(self, method: str, url: str) -> None:
        """Take what a call will cost that this thread makes next; raise NotNow where it cannot.

        What was reserved and not used pays for this thread's next call of the kind.
        """
        key = _key(method, url)
        if key is not None and key not in self._reserved():
            self.take(method, url)
            self._reserved().add(key)

    def heard(self, method: str, url: str, headers: Mapping[str, str]) -> None:
        """Lower a bucket to what an answer's headers say is left."""
        key = _key(method, url)
        if key is None:
            return
        said = [headers.get(name, "") for name in (_WRITES if key[1] else _READS)]
        left = [
            int(text) for text in said if text.isascii() and text.isdigit() and len(text) < _FEW
        ]
        with self._lock:
            filled = self._refilled(key)
            filled.tokens = min([filled.tokens, *left])

    def refused(self, method: str, url: str, retry_after: timedelta | None) -> None:
        """Close a bucket until `retry_after` is over, when ARM has one call to give: a 429."""
        key = _key(method, url)
        if key is None:
            return
        with self._lock:
            filled = self._refilled(key)
            until = self._clock() + pace.throttled(retry_after)
            filled.closed_until = max(filled.closed_until, until)
            filled.tokens, filled.at = 1, filled.closed_until

    def _reserved(self) -> set[Key]:
        found: set[Key] = self._of_thread.__dict__.setdefault("reserved", set())
        return found

    def _take(self, key: Key) -> None:
        filled, now = self._refilled(key), self._clock()
        if filled.tokens >= 1 and filled.closed_until <= now:
            filled.tokens -= 1
            return
        one = 1 / self._bucket(key).per_second
        free = filled.at + timedelta(seconds=max(1 - filled.tokens, 0) * one)
        filled.promised = max(free, filled.promised + timedelta(seconds=one))
        raise NotNow(_EMPTY, retry_after=filled.promised - now)

    def _refilled(self, key: Key) -> _Filled:
        """Return the bucket with what came into it until now."""
        now, bucket = self._clock(), self._bucket(key)
        filled = self._filled.setdefault(key, _Filled(bucket.size, now, _NEVER, _NEVER))
        if now > filled.at:
            filled.tokens = bucket.after(filled.tokens, now - filled.at)
            filled.at = now
        return filled

    def _bucket(self, key: Key) -> Bucket:
        return self._quota.writes if key[1] else self._quota.reads


def _key(method: str, url: str) -> Key | None:
    """Return which bucket a call takes from; None where it is asked of no subscription."""
    found = _SUBSCRIPTION.match(urlsplit(url).path)
    return (found[1].lower(), method != "GET") if found else None


_EMPTY: Final = Problem(
    "NotNow",
    "ARM would take no more calls in this subscription at this moment; nothing was sent.",
    "Nothing has to be done: it goes on by itself in a moment.",
)
