"""What clients did that no good client does, in sentences; and how long they were told to wait.

No sentence holds a token or the signed part of a URL: paths stand in it without their query.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Final

from simulator.exchange import Answer, Request

TOLERANCE: Final = timedelta(milliseconds=100)  # Two clocks never agree to the millisecond.
_SEGMENT: Final = 24  # What a line shows of a segment: an operation id alone has 100.


class Accusations:
    """A list that grows, and tells a listener."""

    def __init__(self, sentences: list[str], listener: Callable[[str], None]) -> None:
        self._sentences = list(sentences)
        self._lock = Lock()
        self._listener = listener

    def accuse(self, sentence: str) -> None:
        """Keep a sentence."""
        with self._lock:
            self._sentences.append(sentence)
        self._listener(sentence)

    def all(self) -> list[str]:
        """Return all sentences so far."""
        with self._lock:
            return list(self._sentences)


class Patience:
    """Who was told to wait before which call, and until when."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}

    def ask(self, method: str, path: str, until: datetime) -> None:
        """Expect no such call before then."""
        self._until[_key(method, path)] = until

    def heed(self, request: Request, answer: Answer, now: datetime) -> None:
        """Take note of an answer that tells its client to wait before it calls again."""
        until = retry_time(answer.headers.get("Retry-After"), now)
        if until is not None:
            self.ask(request.method, request.raw_path, until)

    def missing(self, request: Request, now: datetime) -> timedelta | None:
        """Return by how much a call came too early, or None."""
        until = self._until.get(_key(request.method, request.raw_path))
        early = until - now if until else timedelta(0)
        return early if early > TOLERANCE else None


def retry_time(value: str | None, now: datetime) -> datetime | None:
    """Return the time that a Retry-After names, in seconds or as a date."""
    if value is None:
        return None
    if value.isdigit():
        return now + timedelta(seconds=int(value))
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except ValueError:
        return None


def shown(request: Request) -> str:
    """Return method and path of a request, short enough for a line."""
    return f"{request.method} {short(request.path)}"


def short(path: str) -> str:
    """Return the end of a path that tells calls apart, without its query."""
    tail = re.split(r"/providers/Microsoft\.(?:DataProtection|Compute)", path, flags=re.IGNORECASE)[
        -1
    ]
    return "/".join(
        one if len(one) <= _SEGMENT else one[:_SEGMENT] + "…" for one in tail.split("/")
    )


def _key(method: str, path: str) -> str:
    return f"{method.upper()} {path.lower()}"
