"""What a restore went through: each state with its moment, and how long it lasted. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from restore_core.engine.column import seconds_of
from restore_core.reading.rows import Row
from restore_core.text import utc_text

_OF_THE_END: Final = frozenset({"Accepted", "Ending", "Ended", "Guarding"})
"""The first is the acceptance; the others the end, of which the outcome tells."""

Step = tuple[datetime, str]


def timeline(row: Row, moments: Mapping[str, datetime], now: datetime) -> list[dict[str, Any]]:
    """Return the states in the order of their first moments, and last where it stands or ended.

    A state that it came into `again` has kept no moment but the first: it is told from the last
    moment on that is known.
    """
    accepted, end = row.get("acceptedAt"), row.get("completedAt")
    if not isinstance(accepted, datetime):
        return []
    first = _first(accepted, moments)
    last = _end(row, first[-1][0]) if isinstance(end, datetime) else _again(row, first[-1])
    steps = [*first, *last]
    ends = [at for at, _ in steps[1:]] + ([] if isinstance(end, datetime) else [now])
    told: list[dict[str, Any]] = [{"state": name, "at": utc_text(at)} for at, name in steps]
    for step, (begun, _), ended in zip(told, steps, ends, strict=False):
        step["seconds"] = seconds_of(begun, ended)
    if last and not isinstance(end, datetime):
        told[-1]["again"] = True
        if steps[-1][0] == steps[-2][0]:
            del told[-2]["seconds"]  # Which of both it was in for how long, nobody noted.
    return told


def _first(accepted: datetime, moments: Mapping[str, datetime]) -> list[Step]:
    # The row names the latest state first: of two in one moment, that one came after.
    passed = [(at, name) for name, at in reversed(list(moments.items())) if name not in _OF_THE_END]
    return [(accepted, "Accepted"), *sorted(passed, key=lambda step: step[0])]


def _end(row: Row, last: datetime) -> list[Step]:
    return [(max(row["completedAt"], last), str(row.get("status", "")))]


def _again(row: Row, last: Step) -> list[Step]:
    """Return the state that it has come back to since the last one was first reached."""
    status, since = str(row.get("status", "")), row.get("stateSince")
    if not status or status == last[1]:
        return []
    return [(max(since, last[0]) if isinstance(since, datetime) else last[0], status)]
