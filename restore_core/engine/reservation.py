"""Takes for a restore what only one may have: its source, its target, a turn.

Each is taken again without harm: whoever died in between comes here once more.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from restore_core.contract.resource_ids import DiskId, ResourceGroupId, VirtualMachineId
from restore_core.engine.ports import Tables
from restore_core.errors import Problem
from restore_core.lifecycle.events import Event, LeaderFound, Refused, Reserved, TurnAwaited
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.states import Plan, Planned
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.turn import Turn
from restore_core.text import utc_text

Source = DiskId | VirtualMachineId | ResourceGroupId
"""What a restore takes for itself: a disk or, of a set, all disks of a machine or a group."""

RESTORED: Final = frozenset({Status.COMPLETED, Status.COMPLETED_WITH_WARNINGS})
RESTORED_ALREADY: Final = "RestoredAlready"


class Reservation:
    """What restores take from each other. Safe for threads."""

    def __init__(self, *, tables: Tables, rules: Rules, clock: Callable[[], datetime]) -> None:
        self._tables = tables
        self._rules = rules
        self._clock = clock

    def take_source(self, restore: Restore, source: DiskId) -> Event | None:
        """Take the source, and see whether the target is free where the request names it.

        Return whom to follow, or why not, where somebody else has one of them. The target itself
        is taken with the plan (`reserve`).
        """
        if restore.request.validate_only:
            return None
        if taken := self._take_source(restore, source):
            return taken
        target = restore.request.known_target
        holder = self._tables.targets.holder(target) if isinstance(target, DiskId) else None
        if isinstance(target, DiskId) and holder not in (None, restore.id):
            return Refused(_held(target, str(holder)), self._clock())
        return None

    def take_whole(
        self, restore: Restore, whole: VirtualMachineId | ResourceGroupId
    ) -> Event | None:
        """Take a machine or a group as a source of its own, so that two sets of it do not race."""
        return None if restore.request.validate_only else self._take_source(restore, whole)

    def reserve(self, restore: Restore, plan: Plan) -> Event:
        """Take the source, then the target, then a turn."""
        if taken := self._take_source(restore, plan.source):
            return taken
        holder = self._tables.targets.lock(plan.target, restore.id)
        if holder != restore.id:
            return Refused(_held(plan.target, holder), self._clock())
        return Reserved(self._clock()) if self._has_turn(restore) else TurnAwaited(self._clock())

    def _take_source(self, restore: Restore, source: Source) -> Event | None:
        earlier = self._tables.sources.take(
            source,
            restore.id,
            counts=lambda one: self._counts(one) or self._comes_after_others(restore, one),
            force=restore.request.force,
        )
        if earlier is None:
            return None
        if earlier.outcome is not None and self._counts(earlier):
            return refused_as_back(source, earlier, self._clock())
        return LeaderFound(earlier.id, self._clock())

    def _counts(self, earlier: Restore) -> bool:
        """Tell whether an earlier restore of a source keeps the next one waiting its time."""
        outcome, cooldown = earlier.outcome, self._rules.cooldown
        if not cooldown:
            return False  # It may have ended in the future, by the clock of another worker.
        if outcome is None:
            return not earlier.leader  # Two that follow each other would wait for ever.
        return outcome.status in RESTORED and self._clock() < outcome.at + cooldown

    def _comes_after_others(self, restore: Restore, ended: Restore) -> bool:
        """Tell whether others follow still, although `ended` has: the next tick decides who goes.

        A newcomer must not overtake them; only whom a tick has let go ahead passes them.
        """
        first = restore.stands_in or not self._rules.cooldown or ended.outcome is None
        return not first and self._tables.schedule.is_followed(ended.id)

    def _has_turn(self, restore: Restore) -> bool:
        """Tell whether it may run at once: others than it are fewer than may, and none waits.

        A member of a set may where a tick has given it its turn, and never by itself. Of others,
        their own outstanding rows have said so since before they were recorded. So of two that ask
        at the same moment one at least sees the other, and never do more go than may. One that has
        been held up does not say so any more, and leaves it to the timer.
        """
        if restore.member is not None:
            return isinstance(restore.state, Planned) and restore.state.has_turn
        most = self._rules.max_active
        read = self._tables.schedule.turns(most + 1)
        others = [one for one in read if one.request_id != restore.id]
        is_seen = len(others) < len(read)
        return is_seen and len(others) < most and all(one.turn is Turn.TAKEN for one in others)


def refused_as_back(source: Source, earlier: Restore, at: datetime) -> Refused:
    """Refuse to restore `source` again: `earlier` has brought it back, from a point that is told.

    From which point that disk is decides whether it is of use: after an attack it may be one from
    after it.
    """
    plan = earlier.plan
    problem = Problem(
        RESTORED_ALREADY,
        f"{source.name} is not restored again: it was restored{_what(earlier)} by the request "
        f"{earlier.id}{_when(earlier)}, less than RESTORE_COOLDOWN_MINUTES ago.",
        f"Use what is back{_where(earlier)}, if it is from the time that is wanted. If not, send "
        "the request again with a new requestId and force set to true, and pointInTime for an "
        "earlier one.",
    )
    if plan is None:
        return Refused(problem, at)
    return Refused(problem, at, plan.target, plan.point_time)


def _what(earlier: Restore) -> str:
    """Return which disk is back and from when; of a set, from when its disks are."""
    if earlier.plan is not None:
        return f" to {earlier.plan.target}, from {utc_text(earlier.plan.point_time)},"
    tally = earlier.outcome.tally if earlier.outcome else None
    points = (tally.oldest_point, tally.newest_point) if tally else ()
    told = " to ".join(dict.fromkeys(utc_text(point) for point in points if point))
    return f", from {told}," if told else ""


def _when(earlier: Restore) -> str:
    return f", which ended at {utc_text(earlier.outcome.at)}" if earlier.outcome else ""


def _where(earlier: Restore) -> str:
    """Return who names the disks of a set; that of a restore the reason has named."""
    return f" (restorectl ls --part-of {earlier.id})" if earlier.request.is_set else ""


def _held(target: DiskId, holder: str) -> Problem:
    return Problem(
        "TargetInUse",
        f"The restore request {holder} is restoring to {target} at this moment.",
        "Look how that restore ends: where it completes, the name is taken. Or name another target "
        "disk, and send the request again with a new requestId.",
    )
