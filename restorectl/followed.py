"""What somebody sees who follows restores: a picture of a terminal's height, or lines. No I/O.

Of a set its sum comes first; then its disks that came to a bad end, then those under way. What does
not fit is counted, and never cut off in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.text import Text

from restore_core.lifecycle.sets import ALREADY_BACK
from restorectl import screen
from restorectl.listing import listed

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from restore_core.reading.items import Item

_BELOW: Final = 2
"""Lines of the terminal that the rest is told on, and the cursor stands."""


@dataclass(frozen=True)
class Followed:
    """What was asked to be followed, and the disks of the sets among it."""

    asked: list[Item]
    members: list[Item]

    @property
    def shown(self) -> list[Item]:
        """Return what is shown one by one, the bad ones of the members first."""
        bad = [one for one in self.members if one["ended"] and not is_well(one)]
        return [*self.asked, *bad, *(one for one in self.members if not one["ended"])]


def is_well(item: Item) -> bool:
    """Tell whether nobody need do anything about it."""
    return item.get("status") in screen.WELL or item.get("status") == ALREADY_BACK


def picture(followed: Followed, now: datetime, console: Console) -> Group:
    """Return what fits on the terminal, and how many more there are."""
    sums = [_sum(item) for item in followed.asked if "members" in item]
    shown = followed.shown
    lines = max(1, console.height - len(sums) - _BELOW)
    count = _fitting(shown, now, console, lines)
    more = len(shown) - count
    rest = [Text(f"… {more} more: restorectl ls --open")] if more else []
    return Group(*sums, listed(shown[:count], now, wide=False), *rest)


def _fitting(items: list[Item], now: datetime, console: Console, lines: int) -> int:
    """Return how many rows, of which each may be folded, take no more lines than there are."""
    for count in range(min(len(items), lines), 1, -1):
        table = listed(items[:count], now, wide=False)
        if len(console.render_lines(table)) <= lines:
            return count
    return min(len(items), 1)


def _sum(item: Item) -> Text:
    return Text(f"{item['rowId']}: {screen.so_far(item)}")


class Lines:
    """A line for each change, where nobody sees a picture move."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: dict[str, str] = {}

    def show(self, followed: Followed) -> None:
        """Print what has changed; of disks that were back before, the sum alone tells."""
        for item in [*followed.asked, *followed.members]:
            key, told = str(item["rowId"]), _told(item)
            is_old = item not in followed.asked and item["ended"] and is_well(item)
            if self._told.get(key) != told and not (is_old and key not in self._told):
                self._console.print(_line(item), soft_wrap=True)
            self._told[key] = told


def _told(item: Item) -> str:
    return f"{item.get('status')} {screen.so_far(item) if 'members' in item else ''}"


def _line(item: Item) -> Text:
    took = screen.duration(item.get("elapsedSeconds"))
    parts = [
        f"{item['rowId']}:",
        str(item.get("status")),
        f"after {took}" if took else "",
        f"({screen.so_far(item)})" if "members" in item else str(item.get("errorCode", "")),
    ]
    return Text(" ".join(part for part in parts if part))
