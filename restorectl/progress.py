"""Follows restores to their ends: live on a terminal, else a line for each change."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from rich.live import Live

from restore_core.errors import Unavailable
from restore_core.reading.wanted import until_now
from restorectl import missing
from restorectl.exits import Exit, Trouble
from restorectl.followed import Followed, Lines, is_well, picture
from restorectl.session import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from restore_core.reading.items import Item
    from restorectl.session import Session

MISSES: Final = 6
"""Looks in a row that may fail: a network comes and goes while somebody watches."""
_FEW: Final = 3
"""Ids that the command to watch on names."""


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
        """Show how they go until all have ended or the time is over; return how it went.

        What nobody has read yet is waited for while messages are on the queue; raise Trouble where
        none is, and where somebody has seen enough.
        """
        try:
            return self._shown(ids, console)
        except KeyboardInterrupt:
            named = f" {' '.join(ids)}" if len(ids) <= _FEW else ""
            raise Trouble(
                "No longer watched; what was asked for goes on all the same.",
                f"Look again: restorectl watch{named}",
                Exit.INTERRUPTED,
            ) from None

    def _shown(self, ids: Sequence[str], console: Console) -> Exit:
        if not console.is_terminal:
            return self._follow(ids, Lines(console).show)
        with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:

            def show(followed: Followed) -> None:
                live.update(picture(followed, self._session.clock(), console), refresh=True)

            return self._follow(ids, show)

    def _follow(self, ids: Sequence[str], show: Callable[[Followed], None]) -> Exit:
        while True:
            followed = self._look(ids)
            if followed is not None:
                show(followed)
                if all(item["ended"] for item in followed.asked):
                    return Exit.WELL if all(map(is_well, followed.asked)) else Exit.BADLY
            if self._monotonic() >= self._end:
                return Exit.STILL_OPEN
            self._pause(self._every)

    def _look(self, ids: Sequence[str]) -> Followed | None:
        """Return how they stand, with the members of sets; None where the look failed."""
        try:
            asked = [self._one(request_id) for request_id in ids]
            followed = Followed(asked, [one for item in asked for one in self._members(item)])
        except Unavailable:
            self._missed += 1
            if self._missed < MISSES:
                return None
            with explained():
                raise
        self._missed = 0
        return followed

    def _one(self, request_id: str) -> Item:
        """Return how one stands; what may be on a queue still, as that; raise Trouble."""
        item = self._session.reading.restore(request_id, self._session.clock())
        if item is not None:
            return item
        # The queue comes before the row here: what is on neither then was read by nobody.
        if not missing.may_come(self._session):
            item = self._session.reading.restore(request_id, self._session.clock())
            if item is None:
                raise missing.trouble(self._session, request_id)
        return item or missing.on_the_queue(request_id)

    def _members(self, item: Item) -> list[Item]:
        if "members" not in item:
            return []
        now = self._session.clock()
        wanted = until_now(now, now, part_of=str(item["requestId"]))
        return self._session.reading.restores(wanted, now).items
