"""Which recovery points qualify for a disk restore, and which one is chosen. Pure.

Source of the rules: the recorded lists (261 of them, 2021 to 2025) and the api-version 2025-07-01.
Disks restore from the operational tier only; the state was `COMMITTED` in all 1,045 points seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from restore_core.contract.resource_ids import RecoveryPointId
from restore_core.errors import Problem, Rejected
from restore_core.text import one_line, utc_text

OPERATIONAL_STORE: Final = "OperationalStore"
MAX_POINTS_TOLD: Final = 5
"""Unfit points that a refusal lists one by one; a vault can hold 450."""


def is_operational(store: str) -> bool:
    """Tell whether `store` is the type of the one store that disks restore from."""
    return store.lower() == OPERATIONAL_STORE.lower()


@dataclass(frozen=True)
class RecoveryPoint:
    """One moment of a protected disk, as the vault describes it."""

    id: RecoveryPointId
    time: datetime
    stores: tuple[str, ...]
    """Types of the data stores that hold it."""
    state: str
    """`state` of its operational store entry, "" where there is none."""
    visible: bool
    expiry: datetime | None
    completeness: str
    """`recoveryPointState`: "Completed", "Partial" or "" (absent before 2023-11-01)."""

    def unfit(self, now: datetime) -> str | None:
        """Return why this point cannot be restored at `now`, or None."""
        if not any(is_operational(store) for store in self.stores):
            stores = one_line(", ".join(self.stores), 80)
            return f"it is in {stores or 'no store'}, not in the OperationalStore"
        if self.state.upper() != "COMMITTED":
            return f"its state is {one_line(self.state, 40) or 'unknown'}, not COMMITTED"
        if not self.visible:
            return "it is not visible"
        if self.expiry is not None and self.expiry <= now:
            return f"it expired at {utc_text(self.expiry)}"
        if self.completeness.lower() == "partial":
            return "it is partial"
        return None


def accept_named(point: RecoveryPoint, now: datetime) -> RecoveryPoint:
    """Return `point`, which the caller named; raise Rejected where it does not qualify."""
    if reason := point.unfit(now):
        raise Rejected(
            Problem(
                "RecoveryPointNotUsable",
                f"Recovery point {point.id} of {utc_text(point.time)} cannot be "
                f"restored: {reason}.",
                "Name another recovery point, or leave recoveryPointId out to take the newest.",
            )
        )
    return point


def newest(
    points: Iterable[RecoveryPoint], *, not_after: datetime | None, now: datetime
) -> RecoveryPoint:
    """Return the newest point that qualifies, at or before `not_after` where one is given.

    The order of the list is not trusted, although every recorded list was newest first.
    Raise Rejected, saying which points there were and why not, where none qualifies.
    """
    known = sorted(points, key=lambda point: point.time, reverse=True)
    for point in known:
        if (not_after is None or point.time <= not_after) and not point.unfit(now):
            return point
    raise Rejected(
        Problem("NoRecoveryPoint", _why_none(known, not_after, now), _advice(known, not_after, now))
    )


def _why_none(known: list[RecoveryPoint], not_after: datetime | None, now: datetime) -> str:
    limit = f" at or before {utc_text(not_after)}" if not_after else ""
    if not known:
        return "The backup instance has no recovery point at all."
    near = sorted(known, key=lambda point: _is_later(point, not_after))  # The asked-for ones first.
    shown = [
        f"{point.id} of {utc_text(point.time)}: {point.unfit(now) or 'it is later'}"
        for point in near[:MAX_POINTS_TOLD]
    ]
    rest = f"; and {len(known) - len(shown)} more" if len(known) > len(shown) else ""
    return f"No recovery point{limit} can be restored. There are: {'; '.join(shown)}{rest}."


def _advice(known: list[RecoveryPoint], not_after: datetime | None, now: datetime) -> str:
    if not known:
        return "Look in the backup vault whether the disk's backups succeed."
    later = [p.time for p in known if _is_later(p, not_after) and not p.unfit(now)]
    if later:
        return f"Ask for a later pointInTime: the next that fits is {_second_after(later)}."
    return "Wait for the next backup, or take an on-demand backup of the disk."


def _is_later(point: RecoveryPoint, not_after: datetime | None) -> bool:
    return not_after is not None and point.time > not_after


def _second_after(times: list[datetime]) -> str:
    """Return the earliest time, rounded up to a second, so that asking for it finds the point."""
    earliest = min(times)
    return utc_text(earliest + timedelta(microseconds=-earliest.microsecond % 1_000_000))
