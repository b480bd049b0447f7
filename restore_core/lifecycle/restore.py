"""A request and where it stands: what one row of `Restores` holds. Pure.

Around the state (`transitions`) stand its limits in time, what it means to the others (`turn`), and
the notices that are still to be sent (`outbox`): each is saved with its transition, and owed when
nothing else is: an events queue that cannot be reached keeps no disk waiting.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from restore_core.contract.origin import Origin
from restore_core.contract.request import RestoreRequest
from restore_core.contract.resource_ids import BackupInstanceId, DiskId, JobId
from restore_core.errors import Problem
from restore_core.lifecycle import budget, endings, pace, pauses
from restore_core.lifecycle.debts import owed
from restore_core.lifecycle.effects import Effect, GiveUp, Lapse, Notify, Trigger
from restore_core.lifecycle.events import (
    AgeReached,
    Event,
    HeldBack,
    JobNamed,
    JobNotSeen,
    LeaderFailed,
    LeaderFound,
    OperationFailed,
    OperationStarted,
    Refused,
    Reserved,
    SearchUnfinished,
    StillRunning,
    TriggerNotTaken,
    TurnCame,
    Unanswered,
    ValidationFailed,
)
from restore_core.lifecycle.outbox import Outbox, Stage
from restore_core.lifecycle.sets import Member
from restore_core.lifecycle.stages import moment_of, stage_of
from restore_core.lifecycle.states import (
    Confirming,
    Ended,
    Ending,
    Enrolled,
    Enrolling,
    Following,
    Gathering,
    Guarding,
    Outcome,
    Plan,
    Queued,
    Restoring,
    Retrying,
    Running,
    State,
    Triggering,
    Unplanned,
    Waiting,
)
from restore_core.lifecycle.transitions import Started, apply
from restore_core.lifecycle.turn import Turn, turn_of


@dataclass(frozen=True)
class Restore:
    """A request and where it stands: one row."""

    request: RestoreRequest
    requested_at: datetime
    """When the message was put on the queue."""
    accepted_at: datetime
    deadline: datetime
    """When it is older than the maximum age that was set at its acceptance."""
    state: State
    outbox: Outbox
    origin: Origin
    stands_in: bool = False
    """Whether it went ahead because the restore of the same disk that it followed had ended."""
    is_second_try: bool = False
    """Whether a restore of the disk had failed before it went ahead: nobody does after it."""
    member: Member | None = None
    """What makes it a member of a set."""
    turn_at: datetime | None = None
    """When it was given its last turn."""
    arm_calls: int = 0
    """What it has cost of Azure so far. 0 too where a version before 0.2.0 did not count."""
    moments: Mapping[str, datetime] = field(default_factory=dict)
    """When it first came into each state, by the state's name."""

    @property
    def id(self) -> str:
        """Return the request's id."""
        return self.request.request_id

    @property
    def plan(self) -> Plan | None:
        """Return what is planned, once it is."""
        return None if isinstance(self.state, Unplanned) else self.state.plan

    @property
    def part_of(self) -> str:
        """Return the id of the set that it is a member of, or ""."""
        return self.member.set_id if self.member else ""

    @property
    def source(self) -> DiskId | None:
        """Return the disk that is restored, once it is known."""
        if self.plan is not None:
            return self.plan.source
        return self.member.instance.source if self.member else self.request.source_disk_id

    @property
    def instance(self) -> BackupInstanceId | None:
        """Return the backup instance, once it is known."""
        return self.plan.instance if self.plan else self.request.backup_instance_id

    @property
    def vault_key(self) -> str:
        """Return the lower-cased id of its backup vault; "" where none is known yet."""
        vault = self.instance.vault if self.instance else self.request.vault
        return vault.key if vault else ""

    @property
    def leader(self) -> str:
        """Return the request whose restore of the same disk it waits for, or ""."""
        return self.state.leader if isinstance(self.state, Following) else ""

    @property
    def outcome(self) -> Outcome | None:
        """Return how it ended, once that is decided."""
        match self.state:
            case Ending(outcome=outcome) | Ended(outcome=outcome) | Guarding(outcome=outcome):
                return outcome
            case _:
                return None

    @property
    def problem(self) -> Problem | None:
        """Return why it ended badly or, while it waits, what its last attempt was answered."""
        match self.state:
            case Ending() | Ended() | Guarding():
                return self.state.outcome.problem
            case waiting:
                return waiting.wait.problem

    @property
    def job(self) -> JobId | None:
        """Return the job, once its id is known."""
        if isinstance(self.state, Running):
            return self.state.job
        return self.outcome.job if self.outcome else None

    @property
    def is_over(self) -> bool:
        """Tell whether nothing can happen to its disk any more, notices sent or not."""
        return isinstance(self.state, Ended)

    @property
    def frees_its_target(self) -> bool:
        """Tell whether nothing of it can write its target any more, released by now or not."""
        ends = isinstance(self.state, Ending) and self.state.guard_until is None
        return ends or self.is_over

    @property
    def due(self) -> datetime | None:
        """Return when it wants to be looked at next; None once nothing is owed any more."""
        moments = [self._state_due, self._notice_due]
        return min((moment for moment in moments if moment is not None), default=None)

    @property
    def _state_due(self) -> datetime | None:
        match self.state:
            case Ended():
                return None
            case Ending(outcome=outcome):
                return outcome.at
            case Guarding(wait=wait):
                return wait.due
            case Queued() | Following() | Enrolled():
                return self._last_moment
            case Enrolling(wait=wait) | Gathering(wait=wait):
                return wait.due  # However old: its members end for their age, and it by them.
            case Triggering() | Restoring() | Running() | Confirming():
                return self.state.wait.due  # `after` has seen to its deadline.
            case waiting:
                return min(waiting.wait.due, self._last_moment)

    @property
    def _notice_due(self) -> datetime | None:
        """Return when pending notices are to be sent: not while an answer of ARM must be saved.

        Whoever holds a claim saves what came of it; a save for a notice would take its etag.
        """
        return None if isinstance(self.state, Triggering) else self.outbox.due

    @property
    def _last_moment(self) -> datetime:
        """Return when it ends for its age, or before that because it would begin too late."""
        not_after = self.request.not_after
        if not_after is None or isinstance(self.state, Started):
            return self.deadline
        # Never before its acceptance: a table takes no time of an age before 1601.
        return max(self.accepted_at, min(not_after, self.deadline))

    @property
    def awaits_timer(self) -> bool:
        """Tell whether only the timer looks at it: a job takes minutes, a message costs money."""
        waits = Queued | Enrolled | Following | Gathering
        return isinstance(self.state, Running | Guarding | waits | Ended)

    @property
    def timer_due(self) -> datetime | None:
        """Return when a tick should look at it: later than it is due where a step message comes."""
        if self.due is None or self.awaits_timer:
            return self.due
        return self.due + pace.SWEEP_GRACE

    @property
    def turn(self) -> Turn:
        """Return what it means to the number of restores that may run at once."""
        return turn_of(self.state, self.request, is_member=self.member is not None)

    @property
    def throttled_until(self) -> datetime | None:
        """Return until when nothing more is to be asked where it was answered 429; None else."""
        if isinstance(self.state, Ending | Ended):
            return None
        return self.state.wait.throttled_until

    @property
    def finds_full(self) -> bool:
        """Tell whether it waits because as many restores ran in its vault as may."""
        waits = isinstance(self.state, Queued | Retrying) and self.state.validated
        return waits and self.problem is not None and endings.is_full(self.problem)

    def may_be_called(self, now: datetime) -> bool:
        """Tell whether it waits for its turn, and has neither lapsed nor grown too old."""
        return isinstance(self.state, Queued | Enrolled) and now < self._last_moment

    def owes(self, now: datetime) -> Effect | None:
        """Return what is owed now, the maximum age considered.

        Past the deadline nothing new is begun; but a restore whose job may have ended is looked
        at once more before it is given up (see `after`). Notices come last.
        """
        if (effect := self._owed(now)) is not None:
            return effect
        notice_due = self._notice_due
        return Notify() if notice_due is not None and now >= notice_due else None

    def _owed(self, now: datetime) -> Effect | None:
        effect = owed(self.state, now)
        if isinstance(effect, Trigger) and now > self.deadline - pace.LEAST_FOR_A_JOB:
            return GiveUp()
        beyond = Ending | Ended | Guarding | Enrolling | Gathering
        if now < self._last_moment or isinstance(self.state, beyond):
            return effect
        if now < self.deadline:
            return Lapse()
        return effect if isinstance(self.state, Started) else GiveUp()

    def pages(self, now: datetime) -> int:
        """Return how many pages of the vault's list a search for its job may read now."""
        if self.plan is None or isinstance(self.state, Guarding):
            return budget.GLANCE
        believable = now >= self.plan.claims[-1].believed_after
        return budget.pages(self.arm_calls, believable=believable)

    def after(self, event: Event, notices: Collection[Stage], *, calls: int = 0) -> "Restore":
        """Return the restore after `event`, which has cost `calls`; raise ImpossibleEvent.

        Where it has reached one of the stages `notices`, a notice is pending from here on.
        """
        spent = self.arm_calls + calls
        state = apply(self.state, event)
        if self.member is not None:
            state = pauses.of_member(state, event)
        state = pauses.by_cost(state, event, spent, calls, self.deadline)
        state = self._looked_at_last(state, event)
        return replace(
            self,
            state=state,
            outbox=self._outbox(state, event, notices),
            stands_in=self.stands_in or isinstance(event, LeaderFailed),
            is_second_try=self.is_second_try
            or (isinstance(event, LeaderFailed | LeaderFound) and event.was_tried),
            turn_at=self._turned(event),
            arm_calls=spent,
            moments={type(state).__name__: moment_of(state, event), **self.moments},
        )

    def _looked_at_last(self, state: State, event: Event) -> State:
        """Return `state`, looked at once more at its deadline and then given up.

        Later than at its deadline where ARM takes no call, or does not answer: `LAST_LOOKS`. What
        leads on at once is no end of it, nor is a job's name: that job is looked at.
        """
        at, last = moment_of(state, event), self.deadline + pace.LAST_LOOKS
        if not isinstance(state, Started) or state.wait.due <= max(self.deadline, at):
            return state
        was_due = self.deadline if isinstance(self.state, Ending | Ended) else self.state.wait.due
        if was_due < self.deadline:
            return _due(state, max(self.deadline, min(_asked_until(event), last)))
        if isinstance(event, HeldBack | JobNamed):
            return _due(state, event.until if isinstance(event, HeldBack) else at)
        if isinstance(event, Unanswered | SearchUnfinished) and state.wait.due <= last:
            return state
        return apply(state, AgeReached(at))

    def _turned(self, event: Event) -> datetime | None:
        """Return when its last turn came, `event` included; who reserves in a set has had it."""
        if isinstance(event, TurnCame) or (isinstance(event, Reserved) and self.member is None):
            return event.at
        return self.turn_at

    def _outbox(self, state: State, event: Event, notices: Collection[Stage]) -> Outbox:
        at = moment_of(state, event)
        outbox = self.outbox.after(stage_of(state), at, notices)
        if isinstance(state, Triggering | Guarding | Ending | Ended):
            return outbox
        problem = state.wait.problem
        heard = problem is not None and isinstance(event, _BRINGS_A_REASON)
        return outbox.heard(problem, at, notices) if problem and heard else outbox


def _due(state: Waiting, due: datetime) -> State:
    return replace(state, wait=replace(state.wait, due=due))


def _asked_until(event: Event) -> datetime:
    """Return until when ARM asks to be left alone: long ago where it asks for nothing."""
    if isinstance(event, HeldBack):
        return event.until
    if isinstance(event, _TELLS_WHEN):
        return event.at + (event.retry_after or timedelta())
    return datetime.min.replace(tzinfo=UTC)


_TELLS_WHEN: Final = (
    JobNotSeen,
    OperationStarted,
    SearchUnfinished,
    StillRunning,
    Unanswered,
)
"""Events of started restores that may bear a Retry-After."""

_BRINGS_A_REASON: Final = (
    Unanswered,
    ValidationFailed,
    TriggerNotTaken,
    Refused,
    OperationFailed,
)
"""Events after which a restore may have to wait, with the reason that Azure gave."""
