"""How the ends of a set's disks add up to one end. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from restore_core.errors import Problem
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.set_events import SetEnded
from restore_core.lifecycle.sets import ALREADY_BACK, Count, End, Header, PlannedDisk, Tally
from restore_core.lifecycle.states import Gathering
from restore_core.lifecycle.status import Status

MAX_REASONS: Final = 10
"""Codes that the sum names, the most frequent first."""
_BACK: Final = frozenset({Status.COMPLETED, Status.COMPLETED_WITH_WARNINGS})
_PASSED_OVER: Final = ": what is back is passed over for RESTORE_COOLDOWN_MINUTES"
_REHEARSED: Final = ", before the day on which it is needed"
_WORST_FIRST: Final = (Status.FAILED, Status.TIMED_OUT, Status.REJECTED, Status.CANCELLED)


def is_complete(header: Header, plan: Sequence[PlannedDisk]) -> bool:
    """Tell whether every disk of the plan has its end; a row that was lost has none."""
    return len(plan) >= header.disks and all(disk.end is not None for disk in plan)


def ended(
    of: Restore, header: Header, plan: Sequence[PlannedDisk], now: datetime, expected: int | None
) -> SetEnded:
    """Return the end of a set; a member without an end of its own is counted as given up.

    `expected`: seconds that a rehearsed set would take, where that is known.
    """
    ends = {disk.member_id: disk.end or _given_up(now) for disk in plan}
    ends |= {f"lost {place}": _given_up(now) for place in range(len(plan), header.disks)}
    tally = replace(
        _tally(header, plan, ends), expected_seconds=expected, withdrawn=_taken_back(of)
    )
    status = _status(tally)
    at = max((end.at for end in ends.values()), default=now)
    return SetEnded(status, tally, _problem(of, header, status, tally), min(at, now))


def _taken_back(of: Restore) -> str:
    """Return in whose words the set was withdrawn, if it was."""
    reason = of.state.withdrawn if isinstance(of.state, Gathering) else None
    return reason.message if reason else ""


def _given_up(now: datetime) -> End:
    return End(Status.TIMED_OUT, now, "NoEnd", "It had no end an hour after its set's deadline.")


def _tally(header: Header, plan: Sequence[PlannedDisk], ends: dict[str, End]) -> Tally:
    counts = Counter(end.status for end in ends.values())
    reasons = Counter(end.code for end in ends.values() if end.code)
    good = {name: end for name, end in ends.items() if end.status in {*_BACK, Status.VALIDATED}}
    here = [*good.values(), *(end for end in ends.values() if end.status == ALREADY_BACK)]
    points = sorted(end.point_time for end in here if end.point_time is not None)
    back = {name: end for name, end in ends.items() if end.status in _BACK}
    slowest = max(back, key=lambda name: back[name].seconds, default="")
    sizes = [disk.found.size_gib or 0 for disk in plan if disk.member_id in good]
    return Tally(
        disks=header.disks,
        members=header.members,
        counts=_counts(counts),
        already_back=counts[ALREADY_BACK],
        reasons=_counts(reasons)[:MAX_REASONS],
        oldest_point=points[0] if points else None,
        newest_point=points[-1] if points else None,
        last_disk_at=max((end.at for end in back.values()), default=None),
        slowest=slowest,
        slowest_seconds=back[slowest].seconds if slowest else 0,
        size_gib=sum(sizes),
        as_graph_showed=header.as_graph_showed,
    )


def _counts(counter: Counter[str]) -> tuple[Count, ...]:
    ordered = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Count(name, count) for name, count in ordered)


def _status(tally: Tally) -> Status:
    """Return the one status of all: what is back beside what is not makes it partly completed."""
    of = {count.name for count in tally.counts}
    well = of & {*_BACK, ALREADY_BACK}
    if of == {Status.COMPLETED}:
        return Status.COMPLETED
    if of == well:
        return Status.COMPLETED_WITH_WARNINGS
    if of == {Status.VALIDATED}:
        return Status.VALIDATED
    if well or Status.VALIDATED in of:
        return Status.PARTLY_COMPLETED
    return next((status for status in _WORST_FIRST if status in of), Status.REJECTED)


def _problem(of: Restore, header: Header, status: Status, tally: Tally) -> Problem | None:
    if status in {Status.COMPLETED, Status.VALIDATED}:
        return None
    counts = ", ".join(f"{count.count} {count.name}" for count in tally.counts)
    reasons = ", ".join(f"{reason.count} {reason.name}" for reason in tally.reasons)
    why = f" Reasons: {reasons}." if reasons else ""
    return Problem(
        f"Set{status}",
        f"Of {tally.disks} disks: {counts}.{why}",
        f"Look at the disks one by one: GET /api/restores?partOf={of.id}, or restorectl ls "
        f"--part-of {of.id}. Mend what they say, then send the set again with a new requestId"
        f"{_REHEARSED if header.validate_only else _PASSED_OVER}.",
    )
