"""What a set owes, done: its plan, its members recorded or recalled, their ends gathered.

Each can be done again after any crash, by anybody: the plan stands with its header, a member's id
is made of its set's and its disk's, and an end is written from a saved outcome.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from statistics import median
from typing import Final

from restore_core.engine.column import seconds_of
from restore_core.engine.log import log_accepted, log_failure
from restore_core.engine.ports import Tables, Vault
from restore_core.engine.preparation import Preparation
from restore_core.engine.reservation import RESTORED_ALREADY, Reservation
from restore_core.errors import Problem, Superseded, Unavailable, UnreadableRow
from restore_core.lifecycle import endings, pace, set_plan, set_sum
from restore_core.lifecycle.events import Event, Refused, StillRunning, Withdrawn
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.set_events import MembersEnrolled, Recalled, SetPlanned
from restore_core.lifecycle.sets import ALREADY_BACK, End, Header, PlannedDisk
from restore_core.lifecycle.states import Ending, Outcome
from restore_core.lifecycle.status import Status

_STRANGER: Final = Problem(
    "RequestIdReused",
    "Another restore is recorded under the id that this disk of the set would have.",
    "Send the set again with a new requestId.",
)


class SetSteps:
    """Pays what sets owe. Safe for threads."""

    def __init__(
        self,
        *,
        tables: Tables,
        vault: Vault,
        preparation: Preparation,
        reservation: Reservation,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._vault = vault
        self._preparation = preparation
        self._reservation = reservation
        self._rules = rules
        self._clock = clock

    # ------------------------------------------------------------------------------- the plan

    def plan(self, restore: Restore) -> Event:
        """Return the plan that stands, or make one; raise Unavailable or Rejected.

        A set of a machine or a group takes that as a source of its own, before ARM is asked.
        """
        standing = self._tables.sets.header(restore.id)
        if standing is not None:
            return SetPlanned(standing, self._clock())
        vaults = self._preparation.vaults(restore)
        whole = restore.request.group_of_disks
        if whole is not None and (taken := self._reservation.take_whole(restore, whole)):
            return taken
        found = self._vault.disks_of(restore.request, vaults)
        refusal = set_plan.refusal(restore.request, found, self._rules.max_set)
        if refusal is not None:
            return Refused(refusal, self._clock())
        attempt = uuid.uuid4().hex
        disks = set_plan.planned(restore.request, found, attempt, self._clock())
        header = Header(
            attempt=attempt,
            disks=len(disks),
            members=sum(disk.end is None for disk in disks),
            validate_only=restore.request.validate_only,
            as_graph_showed=found.as_graph_showed,
        )
        return SetPlanned(self._tables.sets.save(restore.id, header, disks), self._clock())

    # ---------------------------------------------------------------------------- the members

    def enroll(self, restore: Restore, header: Header, first: int) -> Event:
        """Record members, from the row `first` on, for as long as an invocation should.

        A plan that has fewer rows than its header says has no more to record.
        """
        begun = self._clock()
        for place, disk in enumerate(self._plan(restore, header)[first:], start=first):
            if self._clock() - begun > pace.ONE_BY_ONE_BUDGET:
                return MembersEnrolled(place, self._clock())
            member = set_plan.member(restore, disk, self._rules.notices)
            if member is not None:
                self._record(member, disk)
        return MembersEnrolled(header.disks, self._clock())

    def _record(self, member: Restore, disk: PlannedDisk) -> None:
        """Write both rows of a member, the outstanding one first; a stranger's id ends it.

        Nobody looks at it before its turn or its last moment. A row that stands for no member, for
        it has ended or is a stranger's, goes when it is called. Due now at the soonest: what was
        due an hour ago, as its set's first notice may have been, and has no restore is an orphan.
        """
        now = self._clock()
        self._tables.schedule.announce(member, max(member.timer_due or now, now), now)
        try:
            self._tables.restores.record(member)
        except Superseded:
            if not self._is_ours(member):
                end = End(Status.REJECTED, self._clock(), _STRANGER.code, _STRANGER.message)
                self._tables.sets.end(member.part_of, disk.row, end)
            return
        log_accepted(member)

    def _is_ours(self, member: Restore) -> bool:
        try:
            found = self._tables.restores.load(member.id)
        except UnreadableRow:
            return False
        return found is None or found.restore.part_of == member.part_of

    def recall(self, restore: Restore, header: Header, reason: Problem) -> Event:
        """Cancel what has no claim yet; what another worker moves meanwhile, in the next look."""
        begun, missed = self._clock(), False
        for disk in (disk for disk in self._plan(restore, header) if disk.end is None):
            if self._clock() - begun > pace.ONE_BY_ONE_BUDGET:
                return StillRunning(self._clock())
            missed |= not self._recalled(restore, disk, reason)
        return StillRunning(self._clock()) if missed else Recalled(self._clock())

    def _recalled(self, of: Restore, disk: PlannedDisk, reason: Problem) -> bool:
        """Cancel a member, unless Azure has it or it has ended; tell whether that is certain.

        One whose row cannot be read cannot be cancelled, and moves no more either.
        """
        try:
            found = self._tables.restores.load(disk.member_id)
        except UnreadableRow:
            return True
        if found is None or found.restore.part_of != of.id:
            return True
        if not endings.may_be_withdrawn(found.restore.state):
            if isinstance(found.restore.state, Ending):  # Saved by a worker that got no further.
                self._tables.schedule.put(found.restore, self._clock())
            return True
        moved = found.restore.after(Withdrawn(reason, self._clock()), self._rules.notices)
        try:
            saved = self._tables.restores.save(moved, found.etag)
        except Superseded:
            return False
        self._tables.schedule.put(saved.restore, self._clock())
        return True

    # ------------------------------------------------------------------------------- the ends

    def gather(self, restore: Restore, header: Header) -> Event:
        """Return the set's end, once all members have theirs or are past their time."""
        plan, now = self._plan(restore, header), self._clock()
        if not set_sum.is_complete(header, plan) and not self._is_past(restore):
            return StillRunning(now)
        expected = self._expected(plan) if header.validate_only else None
        return set_sum.ended(restore, header, plan, now, expected)

    def end(self, restore: Restore, outcome: Outcome) -> None:
        """Write a member's end into its row of the set, or the same again."""
        if restore.member is not None:
            end = _end(restore, outcome)
            self._tables.sets.end(restore.member.set_id, restore.member.row, end)

    def _plan(self, restore: Restore, header: Header) -> list[PlannedDisk]:
        """Return the rows of the plan; none, where one cannot be read, once its time is over."""
        try:
            return self._tables.sets.plan(restore.id, header)
        except UnreadableRow:
            if not self._is_past(restore):
                raise
            return []

    def _is_past(self, restore: Restore) -> bool:
        """Tell whether what has no end by now is counted as given up."""
        return self._clock() >= restore.deadline + pace.SET_GRACE

    def _expected(self, plan: Sequence[PlannedDisk]) -> int | None:
        """Return how many seconds the set would take, by what its vaults' last restores took."""
        instances = [disk.found.instance for disk in plan if disk.found.instance is not None]
        try:
            vaults = dict.fromkeys(instance.id.vault for instance in instances)
            known = [seconds for vault in vaults for seconds in self._tables.durations.of(vault)]
        except Unavailable as error:  # An estimate keeps no set from its end.
            log_failure("-", error)
            return None
        waves = -(-len(instances) // self._rules.max_active)
        return round(waves * median(known)) if known else None


def _end(restore: Restore, outcome: Outcome) -> End:
    problem, plan = outcome.problem, restore.plan
    disk = outcome.back_as or (plan.target if plan else None)
    return End(
        status=ALREADY_BACK if _is_back(restore, outcome) else outcome.status.value,
        at=outcome.at,
        code=problem.code if problem else "",
        message=problem.message if problem else "",
        disk=str(disk or ""),
        point_time=outcome.back_from or (plan.point_time if plan else None),
        seconds=seconds_of(restore.accepted_at, outcome.at),
    )


def _is_back(restore: Restore, outcome: Outcome) -> bool:
    """Tell whether another restore has brought back what its set wants.

    A disk from after the set's cut-off is not what is wanted: after an attack it may be lost too.
    """
    if outcome.problem is None or outcome.problem.code != RESTORED_ALREADY:
        return False
    cut_off, made = restore.request.point_in_time, outcome.back_from
    return not isinstance(cut_off, datetime) or made is None or made <= cut_off
