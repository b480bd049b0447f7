"""The `$filter` of recovery points: `startDate eq '…' and endDate eq '…'`.

The service says eq where it means at or after, and at or before.
"""

import re
from datetime import datetime
from typing import Final

from simulator.errors import by_service
from simulator.world import Point

_CLAUSE: Final = re.compile(r"^\s*(startDate|endDate)\s+eq\s+'([^']+)'\s*$", re.IGNORECASE)


def apply(text: str, points: list[Point]) -> list[Point]:
    """Return the points that a filter lets through; an empty one lets all."""
    for clause in re.split(r"\s+and\s+", text.strip()) if text.strip() else []:
        name, moment = _read(clause)
        is_start = name.lower() == "startdate"
        points = [one for one in points if (one.time >= moment if is_start else one.time <= moment)]
    return points


def _read(clause: str) -> tuple[str, datetime]:
    found = _CLAUSE.match(clause)
    try:
        if found:
            return found.group(1), datetime.fromisoformat(found.group(2))
    except ValueError:
        pass
    raise by_service(400, "BMSUserErrorInvalidInput", f"The filter {clause!r} is invalid.")
