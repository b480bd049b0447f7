"""When a restore that is under way should end, by what others took. Best effort, never a promise.

It is counted from the moment when nothing stood before it any more; while something does, from now.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from restore_core.text import utc_text

RECORDED: Final = 42 + 246
"""Seconds of validation and job, each the median of 39 recorded restores (`lifecycle.pace`)."""
BY_VAULT: Final = "vault"
BY_RECORD: Final = "recordedMedian"

_NOT_BEGUN: Final = frozenset({"Enrolled", "Queued", "Following"})
_OF_SETS: Final = frozenset({"Enrolling", "Gathering"})
"""States of a set, of which each disk takes its own time."""


class Expectation:
    """Tells of one vault after another, and asks for what each took once."""

    def __init__(self, durations: Callable[[str], list[int]]) -> None:
        self._durations = durations
        self._known: dict[str, tuple[int, str]] = {}

    def of(self, row: Mapping[str, Any], vault: str, now: datetime) -> dict[str, Any]:
        """Return when the restore of `row` should end, how long it takes, and by what."""
        begin = row.get("readyAt") or row.get("acceptedAt")
        if not isinstance(begin, datetime) or row.get("status") in _OF_SETS:
            return {}
        if row.get("status") in _NOT_BEGUN:
            begin = now
        seconds, by = self._usual(vault)
        end = utc_text(begin + timedelta(seconds=seconds))
        return {"expectedEnd": end, "expectedSeconds": seconds, "expectedBy": by}

    def _usual(self, vault: str) -> tuple[int, str]:
        if vault not in self._known:
            took = self._durations(vault) if vault else []
            self._known[vault] = (round(median(took)), BY_VAULT) if took else (RECORDED, BY_RECORD)
        return self._known[vault]
