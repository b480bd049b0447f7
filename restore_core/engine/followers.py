"""Those who wait for the end of another restore of their disk: a tick decides about them.

A leader is read once for all that follow it. When it has brought the disk back they are refused,
naming it. When it has failed, the one that was accepted first goes ahead, once. When it was
withdrawn or too late, too, and that counts as no try.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Final

from restore_core.engine.log import log_failure
from restore_core.engine.ports import Outstanding, Tables
from restore_core.engine.reservation import RESTORED, RESTORED_ALREADY, refused_as_back
from restore_core.errors import Problem, UnreadableRow
from restore_core.lifecycle import endings, pace
from restore_core.lifecycle.events import Event, LeaderFailed, LeaderFound, Refused
from restore_core.lifecycle.reasons import TOO_LATE, WITHDRAWN
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Outcome
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.turn import Turn

_ITS_OWN: Final = frozenset(
    {
        TOO_LATE,
        WITHDRAWN,
        "DeletedDisksNotRestored",
        "DiskNotProtected",
        "NoRecoveryPoint",
        "NotAllowed",
        "RecoveryPointNotUsable",
        "TargetInUse",
        "UnexpectedDisks",
        "UserErrorDiskBackupRestoreRGOrMSIPermissionsNotPresent",
        "UserErrorNotEnoughPermissionOnTargetRG",
        "UserErrorRestoreTargetRGNotFound",
    }
)
"""Codes of refusals that are about the leader's own request: another may do better."""

_MENDED: Final = "Mend what ended it, then send the request again with a new requestId."


class Followers:
    """Decides what becomes of followers when their leaders have ended. Safe for threads."""

    def __init__(self, *, tables: Tables, clock: Callable[[], datetime]) -> None:
        self._tables = tables
        self._clock = clock

    def decide(self, found: Iterable[Outstanding], begun: datetime) -> dict[str, Event]:
        """Return what happens to followers now, by their ids; those who wait on are absent.

        Where storage is slow the next tick decides about the rest, of the tick that has `begun`.
        """
        following = [one for one in found if one.turn is Turn.FOLLOWS]
        following.sort(key=lambda one: (one.leader, one.accepted_at, one.request_id))
        decided: dict[str, Event] = {}
        for leader, group in groupby(following, key=lambda one: one.leader):
            if self._clock() - begun > pace.ONE_BY_ONE_BUDGET:
                break
            try:
                decided.update(self._of(leader, [one.request_id for one in group]))
            except Exception as error:  # noqa: BLE001  the next tick comes
                log_failure(leader or "-", error)
        return decided

    def _of(self, leader: str, followers: list[str]) -> Mapping[str, Event]:
        found = self._leader(leader)
        outcome = found.outcome if found else None
        if found is not None and outcome is None:
            return {}
        if found is None or outcome is None or _another_may(found, outcome):
            return self._go_ahead(*followers, was_tried=_was_tried(found))
        refused = _refused(found, outcome, self._clock())
        return dict.fromkeys(followers, refused)

    def _leader(self, request_id: str) -> Restore | None:
        """Return the leader; one that is missing or cannot be read counts as ended."""
        try:
            found = self._tables.restores.load(request_id)
        except UnreadableRow:
            return None
        return found.restore if found else None

    def _go_ahead(self, first: str, *rest: str, was_tried: bool) -> dict[str, Event]:
        now = self._clock()
        ahead = LeaderFailed(now, was_tried)
        return {first: ahead, **{name: LeaderFound(first, now, was_tried) for name in rest}}


def _another_may(leader: Restore, outcome: Outcome) -> bool:
    """Tell whether the next may try what the leader did not do: once after one has failed."""
    if _says_nothing(outcome):
        return True
    if leader.is_second_try:
        return False
    if outcome.status is Status.REJECTED:
        return any(map(_is_its_own, _codes(outcome))) or _named_what_is_not_there(leader)
    return outcome.status in (Status.FAILED, Status.TIMED_OUT, Status.PARTLY_COMPLETED)


def _codes(outcome: Outcome) -> set[str]:
    """Return why it ended; of a set, why its disks did."""
    if outcome.tally is not None and outcome.tally.reasons:
        return {reason.name for reason in outcome.tally.reasons}
    return {outcome.problem.code} if outcome.problem else set()


def _is_its_own(code: str) -> bool:
    return code in _ITS_OWN or endings.DISK_EXISTS in code.lower()


def _was_tried(leader: Restore | None) -> bool:
    """Tell whether the leader, or one before it, failed; of one that cannot be read, it did."""
    if leader is None or leader.outcome is None:
        return True
    return leader.is_second_try or not _says_nothing(leader.outcome)


def _says_nothing(outcome: Outcome) -> bool:
    """Tell whether its end says nothing of the disk, or of who else wants it.

    Its sender wanted it no more, or wanted it sooner; a set whose disks tell no other reason.
    """
    codes = _codes(outcome)
    if outcome.status is Status.CANCELLED:
        return WITHDRAWN in codes
    return outcome.status is Status.REJECTED and bool(codes) and codes <= {TOO_LATE, WITHDRAWN}


def _named_what_is_not_there(leader: Restore) -> bool:
    """Tell whether it named its point or its vault, and was refused before it had a plan.

    Azure's code for that does not tell whose fault it was, so one more may ask.
    """
    named = leader.request.recovery_point_id or leader.request.vault_id
    return named is not None and leader.plan is None


def _refused(leader: Restore, outcome: Outcome, at: datetime) -> Refused:
    source = leader.source or leader.request.group_of_disks
    if outcome.status in RESTORED and source is not None:
        return refused_as_back(source, leader, at)
    problem = outcome.problem or Problem(outcome.status.value, "Azure told no reason.")
    if problem.code == RESTORED_ALREADY:  # A third has brought the disk back: the reason names it.
        return Refused(problem, at, outcome.back_as, outcome.back_from)
    return Refused(_as_the_leader(leader, outcome, problem), at)


def _as_the_leader(leader: Restore, outcome: Outcome, problem: Problem) -> Problem:
    return Problem(
        problem.code,
        f"The request {leader.id} was restoring the same disk; it ended {outcome.status}: "
        f"{problem.message}",
        f"{_MENDED} {problem.action}".rstrip(),  # A command ends an advice, to be copied as it is.
        problem.correlation_id,
    )
