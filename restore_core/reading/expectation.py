"""When a restore that is under way should end, by what others took. Best effort, never a promise.

It is counted from the moment when nothing stood before it any more: what waits for its turn, from
now; what tries again later, from then. What follows another ends with that one, or begins after it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from restore_core.reading.rows import Row, vault_id
from restore_core.reading.spread import rank
from restore_core.text import utc_text

RECORDED: Final = 42 + 246
"""Seconds of validation and job, each the median of 39 recorded restores (`lifecycle.pace`)."""
BY_VAULT: Final = "vault"
BY_RECORD: Final = "recordedMedian"
ENOUGH: Final = 5
"""Restores of a vault whose 95th percentile says when one is late; of fewer, any is the slowest."""
MARGIN: Final = 2
"""So many times as long as is usual may it take where there are fewer: half of all restores take
longer than the median, which is no reason to call anybody."""

_NOT_BEGUN: Final = frozenset({"Enrolled", "Queued"})
_OF_SETS: Final = frozenset({"Enrolling", "Gathering"})
"""States of a set, of which each disk takes its own time."""


@dataclass(frozen=True)
class _Usual:
    """How long restores take that go by the same, and by what that is known."""

    seconds: int
    longest: int
    """What only a late one exceeds."""
    by: str


class Expectation:
    """Tells of one vault after another, and asks for what each took once."""

    def __init__(
        self,
        durations: Callable[[str], list[int]],
        leader: Callable[[str], Row | None] = lambda _: None,
    ) -> None:
        """Take what tells how long a vault's restores took, and the row of one that is followed."""
        self._durations = durations
        self._leader = leader
        self._known: dict[str, _Usual] = {}
        self._told: dict[str, dict[str, Any]] = {}

    def of(self, row: Row, now: datetime) -> dict[str, Any]:
        """Return when the restore of `row` should end and is late, how long it takes, by what."""
        if row.get("status") == "Following":
            return self._with_leader(row, now)
        begin = _begin(row, now)
        if begin is None:
            return {}
        usual = self._usual(vault_id(row))
        return {
            "expectedEnd": utc_text(begin + timedelta(seconds=usual.seconds)),
            "lateFrom": utc_text(begin + timedelta(seconds=usual.longest)),
            "expectedSeconds": usual.seconds,
            "expectedBy": usual.by,
        }

    def _with_leader(self, row: Row, now: datetime) -> dict[str, Any]:
        """Return when the one that it follows should end: nothing, where that is not known."""
        name = str(row.get("follows", ""))
        if name not in self._told:
            self._told[name] = self._of_leader(self._leader(name), now)
        return self._told[name]

    def _of_leader(self, leader: Row | None, now: datetime) -> dict[str, Any]:
        if leader is None or "completedAt" in leader or leader.get("status") == "Following":
            return {}
        told = self.of(leader, now)
        return {name: told[name] for name in told if name != "expectedSeconds"}

    def _usual(self, vault: str) -> _Usual:
        if vault not in self._known:
            self._known[vault] = _usual(self._durations(vault) if vault else [])
        return self._known[vault]


def _begin(row: Mapping[str, Any], now: datetime) -> datetime | None:
    """Return from when on its time counts; None where it has none, as a set."""
    begin, status, due = (row.get(name) for name in ("readyAt", "status", "dueAt"))
    begin = begin or row.get("acceptedAt")
    if not isinstance(begin, datetime) or status in _OF_SETS:
        return None
    if status in _NOT_BEGUN or (status == "Accepted" and "partOf" in row):
        return now
    return max(begin, due) if status == "Retrying" and isinstance(due, datetime) else begin


def _usual(took: Sequence[int]) -> _Usual:
    seconds, by = (round(median(took)), BY_VAULT) if took else (RECORDED, BY_RECORD)
    longest = sorted(took)[rank(len(took), 95)] if len(took) >= ENOUGH else MARGIN * seconds
    return _Usual(seconds, longest, by)
