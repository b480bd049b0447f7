"""The life of one restore. No I/O, no clock, no Azure: every transition is in this file.

The state is the to-do list. `owed(state, now)`, in `debts`, says the one thing that a state still
owes the world, and can be asked again after any crash, by anybody; `apply(state, event)` is the
only place where a state changes. A pair of state and event that is absent there cannot follow and
raises.
Effects never hang on a transition: what hangs on a transition dies with the process.

Exactly one restore job. POST restore has no idempotency key, so a claim comes before it: the
transition to `Triggering` is saved with the row's etag, and only the worker whose save won may send
the POST, at once or not at all. Whoever *finds* `Triggering` owes a search for the job instead;
"there is none" is believed only of one whole pass through the vault's job list that began when
nobody can send that POST any more and the list has had its time to catch up
(`Claim.believed_after`). A search that was cut or failed says nothing: the claim stays.

Once ARM has taken the restore, only an explicit failure of the operation, the end of the job or the
maximum age ends it. Whatever else a poll brings is a reason to look again, told in the row.

The outcome is saved first (`Ending`), so the etag decides which one it is; then its debts are paid.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from restore_core.errors import RestoreError
from restore_core.lifecycle import again, endings, pace, waits
from restore_core.lifecycle.events import (
    AgeReached,
    Event,
    HeldBack,
    JobEnded,
    JobNamed,
    JobNotFound,
    JobNotSeen,
    Lapsed,
    LeaderFailed,
    LeaderFound,
    OperationFailed,
    OperationStarted,
    Prepared,
    Refused,
    Requeued,
    Reserved,
    SearchUnfinished,
    Settled,
    StillRunning,
    TriggerClaimed,
    TriggerNotTaken,
    TriggerUnanswered,
    TurnAwaited,
    TurnCame,
    Unanswered,
    ValidationFailed,
    ValidationSucceeded,
    Withdrawn,
)
from restore_core.lifecycle.set_events import MembersEnrolled, Recalled, SetEnded, SetPlanned
from restore_core.lifecycle.states import (
    Accepted,
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
    Planned,
    Queued,
    Ready,
    Restoring,
    Retrying,
    Running,
    State,
    Triggering,
    Validated,
    Validating,
    Wait,
)
from restore_core.lifecycle.status import Status

MAX_CLAIMS: Final = 40
"""Claims that a plan remembers: a row holds no more for ever, and the oldest is half a day old."""


Started = Triggering | Restoring | Running | Confirming
"""Claimed: a job may have begun, or be about to."""


class ImpossibleEvent(RestoreError):
    """The event cannot follow in this state."""


def apply(state: State, event: Event) -> State:
    """Return the state that follows `event`; raise ImpossibleEvent where it cannot follow."""
    match state, event:
        # Before ARM is asked for anything that lasts.
        case Accepted(has_turn=has_turn), Prepared(plan, at):
            if plan.validate_only:
                return Ready(plan, Wait(at))
            return Planned(plan, Wait(at), has_turn)
        case Planned(plan), Reserved(at):
            return Ready(plan, Wait(at))
        case Planned(plan), TurnAwaited(at):
            return Queued(plan, Wait(at))
        case Queued(plan, wait, validated), TurnCame(at):
            return (Validated if validated else Ready)(plan, replace(wait, due=at))
        case Accepted(wait, has_turn=False), TurnAwaited(at):
            return Enrolled(replace(wait, due=at))
        case Enrolled(wait), TurnCame(at):
            return Accepted(replace(wait, due=at), has_turn=True)
        case Retrying(plan, wait, validated), TurnAwaited(at):
            return Queued(plan, replace(wait, due=at), validated)
        case Retrying(plan, wait, validated), Requeued(at):
            return again.queued_again(plan, replace(wait, due=at), validated=validated)
        case ((Accepted() | Following() | Planned()), LeaderFound(leader, at)):
            return Following(leader, Wait(at))
        case Following(), LeaderFailed(at):
            return Accepted(Wait(at, misses=1))  # The timer gives it its turn, in order.
        case ((Accepted() | Following()), Refused() as refused):
            return Ending(endings.refused(refused), None)
        case ((Planned(plan) | Validated(plan)), Refused() as refused):
            return endings.ended_unless_ours(plan, endings.refused(refused))

        # A set: its plan, its members, their ends.
        case Accepted(), SetPlanned(header, at):
            return Enrolling(header, Wait(at))
        case Enrolling(header, _, _, withdrawn), MembersEnrolled(enrolled, at):
            if enrolled >= header.disks:
                return Gathering(header, Wait(at), withdrawn)
            return Enrolling(header, Wait(at + pace.ENROLLING), enrolled, withdrawn)
        case ((Enrolling() | Gathering()) as planned, Withdrawn(problem, at)):
            return replace(planned, withdrawn=problem, wait=Wait(at))
        case Gathering() as gathering, Recalled(at):
            return replace(gathering, recalled=True, wait=Wait(at))
        case Gathering() as gathering, StillRunning(at):  # Who gave a claim back is recalled anew.
            return replace(gathering, recalled=False, wait=Wait(at + pace.GATHERING))
        case Gathering(), SetEnded(status, tally, problem, at):
            return Ending(Outcome(status, at, problem, tally=tally), None)

        # The validation.
        case Ready(plan), OperationStarted(operation, retry_after, at):
            plan = replace(plan, correlation_id=operation.correlation_id)
            return Validating(plan, operation, waits.look_at_validation(operation, at, retry_after))
        case Validating(plan, operation) as validating, StillRunning(at, retry_after):
            if waits.is_late(operation, at):
                return again.validate_again(plan, at, None)
            return replace(validating, wait=waits.look_at_validation(operation, at, retry_after))
        case Validating(plan, operation, wait), Unanswered() as lost if waits.is_late(
            operation, lost.at
        ) or waits.is_gone(wait, lost):
            return again.validate_again(plan, lost.at, lost.problem)
        case ((Ready(plan) | Validating(plan)), ValidationSucceeded(at)):
            if plan.validate_only:
                return Ending(Outcome(Status.VALIDATED, at), plan)
            return Validated(plan, Wait(at))
        case ((Ready(plan) | Validating(plan)), ValidationFailed(problem, at)):
            return again.validation_failed(plan, problem, at)

        # The claim and the trigger.
        case Validated(plan, wait), TriggerClaimed(claim):
            plan = replace(plan, claims=(*plan.claims, claim)[-MAX_CLAIMS:], search=None)
            due = claim.at + pace.CLAIM_FRESH + pace.FIRST_SEARCH
            return Triggering(plan, Wait(due, wait.misses))
        case Triggering(plan), OperationStarted(operation, retry_after, at):
            plan = replace(plan, correlation_id=operation.correlation_id)
            return Restoring(plan, operation, waits.look_at(operation, at, retry_after))
        case Triggering(plan, wait), TriggerNotTaken() as not_taken:
            plan = replace(plan, claims=plan.claims[:-1])
            return Retrying(plan, waits.try_again(wait, not_taken), validated=True)
        case (Triggering(plan), Refused(problem, at)) | (
            Restoring(plan),
            OperationFailed(problem, at),
        ) if endings.is_full(problem):
            plan = replace(plan, claims=plan.claims[:-1])
            return Retrying(plan, Wait(at + pace.FULL_VAULT, problem=problem), validated=True)
        case Triggering(plan, wait), Refused(problem) as for_now if endings.is_transient(problem):
            plan = replace(plan, claims=plan.claims[:-1])
            return Retrying(plan, waits.try_again(wait, for_now), validated=True)
        case Triggering(plan), Refused(problem, at):
            return endings.ended_unless_ours(plan, Outcome(Status.REJECTED, at, problem))
        case Triggering() as triggering, TriggerUnanswered(problem, at):
            return replace(triggering, wait=Wait(at + pace.FIRST_SEARCH, problem=problem))

        # The restore's operation.
        case Restoring(_, operation) as restoring, StillRunning(at, retry_after):
            return replace(restoring, wait=waits.look_at(operation, at, retry_after))
        case Restoring(plan, operation), JobNotSeen(at, search, retry_after):
            plan = replace(plan, search=search)
            return Restoring(plan, operation, waits.look_at(operation, at, retry_after))
        case Restoring(plan, _, wait), Unanswered() as lost if waits.is_lost(wait, lost):
            return again.search_anew(plan, lost.at, lost.problem, lost.retry_after)
        case Restoring(plan), TriggerUnanswered(problem, at):
            return again.search_anew(plan, at, problem)
        case Restoring(plan), OperationFailed(problem, at):
            return endings.ended_unless_ours(plan, Outcome(Status.FAILED, at, problem))

        # The job.
        case ((Triggering(plan) | Restoring(plan) | Confirming(plan)), JobNamed(job, at)):
            return Running(plan, job, Wait(at + pace.FIRST_JOB_LOOK))
        case Triggering(plan), JobNotFound(at, begun) if begun >= plan.claims[-1].believed_after:
            return Ready(plan, Wait(at))
        case Confirming(plan, refusal), JobNotFound(_, begun) if (
            begun >= plan.claims[-1].believed_after
        ):
            return Ending(endings.concluded(plan, refusal), plan)
        case (
            (Triggering() | Confirming()) as searching,
            (JobNotFound() | SearchUnfinished() as unknown),
        ):
            plan = replace(searching.plan, search=unknown.search)
            wait = waits.search_again(searching.wait, unknown, plan.claims[-1])
            return replace(searching, plan=plan, wait=wait)
        case Running(plan) as running, StillRunning(at, retry_after):
            pause = pace.job_delay(at - plan.claims[-1].at)
            return replace(running, wait=Wait(at + max(pause, retry_after or pause)))
        case Running(plan, job), JobEnded() as end:
            outcome = Outcome(end.status, end.ended, end.problem, job, end.job_status, end.started)
            return endings.ended(plan, outcome)

        # What is still watched after giving up: until then the target stays locked.
        case Guarding(outcome) as guarding, JobNamed(job, at):
            return replace(guarding, outcome=replace(outcome, job=job), wait=Wait(at))
        case Guarding(outcome, plan), JobEnded(job_status=job_status):
            return Ending(endings.ended_after_all(outcome, job_status), plan)
        case Guarding() as guarding, StillRunning(at):
            return endings.guard_on(guarding, Wait(at + pace.GUARD_LOOK), at)
        case Guarding(plan=plan) as guarding, (JobNotFound(at) | SearchUnfinished(at) as unknown):
            guarding = replace(guarding, plan=replace(plan, search=unknown.search))
            return endings.guard_on(guarding, Wait(at + pace.GUARD_LOOK), at)
        case Guarding(wait=wait) as guarding, Unanswered() as missed:
            return endings.guard_on(guarding, waits.try_again(wait, missed), missed.at)
        case Guarding(wait=wait) as guarding, HeldBack(until, at):
            return endings.guard_on(guarding, replace(wait, due=until), at)

        # The end. The outcome is saved by now; here its debts are paid.
        case Ending(outcome, Plan() as plan, datetime() as until), Settled(at):
            return Guarding(outcome, plan, until, Wait(at + pace.GUARD_LOOK))
        case Ending(outcome, ended_plan), Settled():
            return Ended(outcome, ended_plan)
        case ((Ending() | Ended() | Guarding()), _):
            raise ImpossibleEvent(_impossible(state, event))

        # Whatever still waits can be withdrawn, grow too old, or find no answer and be tried again.
        case waiting, Withdrawn(problem, at) if endings.may_be_withdrawn(waiting):
            return endings.withdrawn(waiting, problem, at)
        case ((Enrolling() | Gathering()), (AgeReached() | Lapsed())):
            raise ImpossibleEvent(_impossible(state, event))  # Its members end for it.
        case waiting, AgeReached(at):
            return endings.given_up(waiting, at)
        case ((Triggering() | Restoring() | Running() | Confirming()), Lapsed()):
            raise ImpossibleEvent(_impossible(state, event))
        case waiting, Lapsed(at):
            return endings.lapsed(waiting, at)
        case waiting, HeldBack(until):
            return replace(waiting, wait=replace(waiting.wait, due=until))
        case ((Ready(plan, wait) | Validated(plan, wait)) as held, Unanswered() as missed):
            wait = waits.try_again(wait, missed)
            return Retrying(plan, wait, validated=isinstance(held, Validated))
        case ((Accepted() | Planned()) as held, Unanswered() as missed):
            return replace(held, wait=waits.try_again(held.wait, missed), has_turn=False)
        case waiting, Unanswered() as missed:
            return replace(waiting, wait=waits.try_again(waiting.wait, missed))
        case _:
            raise ImpossibleEvent(_impossible(state, event))


def _name(value: object) -> str:
    return type(value).__name__


def _impossible(state: State, event: Event) -> str:
    return f"{_name(event)} cannot follow in {_name(state)}"
