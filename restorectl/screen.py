"""How things are shown: tables that fit 80 columns, JSON, TSV; words for times and ids.

Text from outside is never markup: it is put into `Text`, on one line. Colours follow NO_COLOR.
"""

from __future__ import annotations

import json
import math
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from restorectl.exits import Exit, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from restore_core.reading.items import Item

PLAIN_WIDTH: Final = 120
"""Columns where the output is no terminal and says no width."""
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400
_UNITS: Final = {"days": _DAY, "h": _HOUR}
_LEAST: Final = 3
"""Of which unit there are fewer is counted in the next smaller one."""
_COLOURS: Final = {
    "Completed": "green",
    "Validated": "green",
    "CompletedWithWarnings": "yellow",
    "PartlyCompleted": "yellow",
    "Rejected": "yellow",
    "Ignored": "dim",
    "AlreadyBack": "green",
}
WELL: Final = frozenset({"Completed", "CompletedWithWarnings", "Validated", "Ignored"})


class Format(StrEnum):
    """In which form something is printed."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    TSV = "tsv"


def console(*, errors: bool = False) -> Console:
    """Return a console that fails at no character, however poor the terminal's alphabet."""
    made = Console(highlight=False, markup=False, stderr=errors)
    reconfigure = getattr(made.file, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="replace")
    if made.is_terminal or "COLUMNS" in made._environ:  # noqa: SLF001 - what rich itself reads.
        return made
    return Console(highlight=False, markup=False, stderr=errors, width=PLAIN_WIDTH)


def interactive() -> bool:
    """Tell whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirmed(question: str, *, yes: bool) -> None:
    """Ask, unless it was said before; raise Trouble where it is not wanted or nobody is there."""
    if yes:
        return
    if not interactive():
        raise Trouble(
            f"{question} Nobody is there to be asked: this is no terminal.",
            "Say so beforehand: --yes.",
            Exit.NOT_CONFIRMED,
        )
    console(errors=True).print(f"{question} [y/N] ", end="")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Trouble("Nothing was done.", "", Exit.NOT_CONFIRMED)


def table_of(*columns: Column, title: str = "") -> Table:
    """Return an empty table in the one style of all.

    Give no column a least width: Rich would crop the line at the end of the screen to keep it.
    """
    return Table(
        *columns,
        title=title or None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=0,
        pad_edge=False,
    )


def print_json(value: object) -> None:
    """Print JSON for a program."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def print_tsv(names: Sequence[str], rows: Iterable[Item]) -> None:
    """Print lines of values between tabs, the names first; what is absent is empty."""
    sys.stdout.write("\t".join(names) + "\n")
    for row in rows:
        sys.stdout.write("\t".join(_flat(row.get(name)) for name in names) + "\n")


def _flat(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("\t", " ")


# ------------------------------------------------------------------------------- words


def colour(item: Item) -> str:
    """Return the colour of where a restore stands."""
    status = str(item.get("status", ""))
    if not item.get("ended"):
        return "cyan"
    return _COLOURS.get(status, "red")


def status(item: Item) -> Text:
    """Return the status, in its colour."""
    return Text(str(item.get("status", "")), colour(item))


def duration(seconds: object) -> str:
    """Return how long something took: to the second, to the minute, in days."""
    if not isinstance(seconds, int | float):
        return ""
    if seconds >= _LEAST * _DAY:
        return f"{seconds / _DAY:.0f} days"
    hours, rest = divmod(int(seconds), _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {left:02} s" if minutes else f"{left} s"


def age(seconds: object) -> str:
    """Return how old something is, in one unit, of which there are at least three: rounded."""
    if not isinstance(seconds, int | float):
        return ""
    for name, unit in _UNITS.items():
        if seconds >= _LEAST * unit:
            return f"{_rounded(seconds / unit)} {name}"
    return f"{_rounded(seconds / _MINUTE)} min"


def _rounded(number: float) -> int:
    """Return the nearest whole number, of two the greater one."""
    return math.floor(number + 0.5)


def name_of(resource_id: object) -> str:
    """Return the name at the end of an ARM id."""
    return str(resource_id or "").rpartition("/")[2]


def way(item: Item) -> str:
    """Return from which disk to which, by their names."""
    if "members" in item:
        return f"{item.get('disks', item['members'])} disks"
    source = name_of(item.get("sourceDiskId") or item.get("backupInstanceId"))
    target = name_of(item.get("targetDiskId"))
    return f"{source or '?'} → {target}" if target else source


def time_of(text: object) -> datetime | None:
    """Return the moment that an item holds."""
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def short_moment(text: object) -> str:
    """Return a moment for a narrow column."""
    moment = time_of(text)
    return f"{moment.astimezone(UTC):%d %b %H:%M}" if moment else ""


def expected(item: Item, now: datetime) -> str:
    """Return when the end is expected, or what it waits for before that can be told."""
    if item.get("ended"):
        return ""
    if tries := next_try(item, now):
        return f"next try {tries}"
    if "follows" in item:
        return ", ".join(filter(None, (f"after {item['follows']}", _outlook(item, now))))
    if item.get("status") in _BEFORE_ITS_TURN and "expectedSeconds" in item:
        return f"{_about(item['expectedSeconds'])} from its turn on"
    return _outlook(item, now)


def next_try(item: Item, now: datetime) -> str:
    """Return when a restore that waits to try again does so; "" of any other."""
    due = time_of(item.get("dueAt"))
    if item.get("status") != "Retrying" or due is None or due <= now:
        return ""
    return f"{moment_near(due, now)} UTC"


def moment_near(moment: datetime, now: datetime) -> str:
    """Return a moment to the second, with its day where that is not today."""
    is_today = moment.date() == now.date()
    return f"{moment:%H:%M:%S}" if is_today else f"{moment:%d %b %H:%M:%S}"


def is_late(item: Item, now: datetime) -> bool:
    """Tell whether it takes longer than nearly all of its like did."""
    late_from = time_of(item.get("lateFrom"))
    return late_from is not None and now > late_from


def _outlook(item: Item, now: datetime) -> str:
    end = time_of(item.get("expectedEnd"))
    if end is None:
        return ""
    left = round((end - now).total_seconds())
    if left >= 0:
        return f"in {_about(left)}"
    return f"{_about(-left)} late" if is_late(item, now) else "any moment"


_BEFORE_ITS_TURN: Final = frozenset({"Enrolled", "Queued"})


def _about(seconds: int) -> str:
    return f"{seconds} s" if seconds < _MINUTE else age(seconds)


def so_far(item: Item) -> str:
    """Return how the disks of a set have come out, or how far they are."""
    found = item.get("counts", {})
    if item["ended"]:
        return counts(found)
    back = sum(number for name, number in found.items() if name in _BROUGHT_BACK)
    rest = {name: number for name, number in found.items() if name not in _BROUGHT_BACK}
    parts = [f"{back} of {item.get('disks', item['members'])} back"]
    parts += [counts(rest)] if rest else []
    parts += [f"{item['underWay']} under way"] if "underWay" in item else []
    return ", ".join(parts)


_BROUGHT_BACK: Final = ("Completed", "CompletedWithWarnings", "AlreadyBack")


def counts(found: dict[str, Any]) -> str:
    """Return counts by name, the most first."""
    return ", ".join(f"{number} {name}" for name, number in found.items()) or "none"
