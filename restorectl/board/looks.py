"""What the board has seen of an account: restores by row, and which of them changed since when.

Many pages look often; the tables are read as rarely as that allows. A look reads what is under way,
and what was accepted in the last minutes and has ended: two queries, and one for each vault that
tells how long its restores take. A restore that was under way and is no longer is asked for by
itself. Everything that a page shows is read anew once a minute. No clock of its own.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from restore_core.reading.wanted import until_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from restore_core.reading.reading import Page
    from restore_core.reading.wanted import Wanted

Item = dict[str, Any]

FRESH: Final = timedelta(seconds=1)
"""So long a look serves every page that asks: two screens cost what one costs."""
WHOLE_AGAIN: Final = timedelta(minutes=1)
YOUNG: Final = timedelta(minutes=5)
"""What was accepted and ended between two looks was never seen under way; a page may sleep."""
MOST_BY_THEMSELVES: Final = 10
"""When more than these have ended between two looks, to read everything is cheaper."""
_MOVING: Final = frozenset({"elapsedSeconds"})
"""What changes by itself: the page reckons it from `acceptedAt`."""


class Reads(Protocol):
    """What the board asks of `restore_core.reading.Reading`."""

    def restores(self, wanted: Wanted, now: datetime) -> Page:
        """Return the restores that are wanted; raise Unavailable."""

    def restore(self, request_id: str, now: datetime) -> Item | None:
        """Return one, with its timeline; raise Unavailable."""


@dataclass(frozen=True)
class Changes:
    """What is new since a version; `whole` where the page must forget what it has."""

    as_of: datetime
    version: int
    whole: bool
    items: list[Item]


class Looks:
    """Follows the restores of the last `span`. Safe for threads: one looks, the others wait."""

    def __init__(self, reads: Reads, clock: Callable[[], datetime], span: timedelta) -> None:
        self._reads = reads
        self._clock = clock
        self._span = span
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[int, Item]] = {}
        self._version = 0
        self._forgotten_at = 0
        self._looked_at: datetime | None = None
        self._whole_at: datetime | None = None

    def since(self, version: int) -> Changes:
        """Return what changed after `version` (0: everything); raise Unavailable."""
        with self._lock:
            self._look(self._clock())
            assert self._looked_at is not None  # noqa: S101 - it has just been looked.
            whole = not self._forgotten_at <= version <= self._version or version == 0
            new = [item for at, item in self._seen.values() if whole or at > version]
            return Changes(self._looked_at, self._version, whole, new)

    def _look(self, now: datetime) -> None:
        if self._looked_at is not None and now - self._looked_at < FRESH:
            return
        if self._whole_at is None or now - self._whole_at >= WHOLE_AGAIN or not self._glance(now):
            self._read_whole(now)
        self._looked_at = now

    def _glance(self, now: datetime) -> bool:
        """Read what may have changed; return False where too much has."""
        read = self._page(now, YOUNG)
        found = {item["rowId"] for item in read}
        gone = [
            key for key, (_, item) in self._seen.items() if not item["ended"] and key not in found
        ]
        if len(gone) > MOST_BY_THEMSELVES:
            return False
        ended = [self._reads.restore(key, now) for key in gone]
        if None in ended:
            return False
        self._note([*read, *(item for item in ended if item is not None)])
        return True

    def _read_whole(self, now: datetime) -> None:
        read = self._page(now, self._span)
        found = {item["rowId"] for item in read}
        if forgotten := [key for key in self._seen if key not in found]:
            for key in forgotten:
                del self._seen[key]
            self._forgotten_at = self._version + 1
            self._version += 1
        self._note(read)
        self._whole_at = now

    def _page(self, now: datetime, span: timedelta) -> list[Item]:
        """Return what is under way, and what was accepted in this span and has ended."""
        return self._reads.restores(until_now(now - span, now), now).items

    def _note(self, items: Iterable[Item]) -> None:
        """Keep what is new or has changed under the next version."""
        at = self._version + 1
        for item in items:
            kept = self._seen.get(item["rowId"])
            if kept is None or _still(kept[1]) != _still(item):
                self._seen[item["rowId"]] = (at, item)
                self._version = at


def _still(item: Item) -> Item:
    return {name: value for name, value in item.items() if name not in _MOVING}
