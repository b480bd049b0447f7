"""Follows restores to their ends: live on a terminal, else a line for each change."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from rich.live import Live
from rich.text import Text

from restore_core.errors import Unavailable
from restore_core.reading.wanted import until_now
from restorectl import screen
from restorectl.exits import Exit
from restorectl.listing import listed
from restorectl.session import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console
    from rich.table import Table

    from restore_core.reading.items import Item
    from restorectl.session import Session

MISSES: Final = 6
"""Looks in a row that may fail: a network comes and goes while somebody watches."""


class Progress:
    """Looks again and again."""

    def __init__(
        self,
        session: Session,
        *,
        every: float,
        minutes: float,
        pause: Callable[[float], object] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._every = every
        self._pause = pause
        self._monotonic = monotonic
        self._end = monotonic() + minutes * 60
        self._missed = 0

    def follow(self, ids: Sequence[str], console: Console) -> Exit:
        """Show how they go until all have ended or the time is over; return how it went."""
        if console.is_terminal:
            with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
                return self._follow(
                    ids, lambda items: live.update(self._picture(items), refresh=True)
                )
        return self._follow(ids, _Lines(console).show)

    def _follow(self, ids: Sequence[str], show: Callable[[list[Item]], None]) -> Exit:
        while True:
            items = self._look(ids)
            if items is not None:
                show(items)
                if all(item["ended"] for item in items):
                    return _outcome(items)
            if self._monotonic() >= self._end:
                return Exit.STILL_OPEN
            self._pause(self._every)

    def _picture(self, items: list[Item]) -> Table:
        return listed(items, self._session.clock(), wide=False)

    def _look(self, ids: Sequence[str]) -> list[Item] | None:
        """Return how they stand, with the open members of sets; None where the look failed."""
        try:
            items = self._items(ids)
        except Unavailable:
            self._missed += 1
            if self._missed < MISSES:
                return None
            with explained():
                raise
        self._missed = 0
        return items

    def _items(self, ids: Sequence[str]) -> list[Item]:
        now, reading = self._session.clock(), self._session.reading
        items = []
        for request_id in ids:
            item = reading.restore(request_id, now)
            items.append(item or _unknown(request_id))
            if item and "members" in item and not item["ended"]:
                members = reading.restores(until_now(now, now, part_of=request_id), now)
                items += [one for one in members.items if not one["ended"]]
        return items


def _unknown(request_id: str) -> Item:
    """Return what is shown of a request whose message nobody has read yet."""
    return {"rowId": request_id, "requestId": request_id, "status": "on the queue", "ended": False}


def _outcome(items: Sequence[Item]) -> Exit:
    well = all(item.get("status") in screen.WELL for item in items)
    return Exit.WELL if well else Exit.BADLY


class _Lines:
    """A line for each change, where nobody sees a picture move."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: dict[str, str] = {}

    def show(self, items: list[Item]) -> None:
        """Print what has changed."""
        for item in items:
            key, status = str(item["rowId"]), str(item.get("status"))
            if self._told.get(key) != status:
                self._told[key] = status
                self._console.print(_line(item), soft_wrap=True)


def _line(item: Item) -> Text:
    took = screen.duration(item.get("elapsedSeconds"))
    why = str(item.get("errorCode", ""))
    parts = [f"{item['rowId']}:", str(item.get("status")), f"after {took}" if took else "", why]
    return Text(" ".join(part for part in parts if part))
