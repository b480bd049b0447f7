"""What a state still owes the world. Pure: it can be asked again after any crash, by anybody."""

from datetime import datetime
from typing import assert_never

from restore_core.contract.resource_ids import JobId
from restore_core.errors import Problem
from restore_core.lifecycle.effects import (
    Effect,
    Enroll,
    FindJob,
    Gather,
    PollJob,
    PollRestore,
    PollValidation,
    Prepare,
    Recall,
    Requeue,
    Reserve,
    Settle,
    Trigger,
    Validate,
)
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
    Waiting,
)


def owed(state: State, now: datetime) -> Effect | None:
    """Return the one thing `state` still owes the world, or None while there is only waiting."""
    match state:
        case Ended():
            return None
        case Ending(guard_until=guard_until):
            return Settle(release=guard_until is None)
        case _:
            return _next(state) if now >= state.wait.due else None


def _next(state: Waiting) -> Effect | None:
    match state:
        case Accepted():
            return Prepare()
        case Planned():
            return Reserve()
        case Queued() | Following() | Enrolled():
            return None
        case Enrolling(header=header, enrolled=enrolled):
            return Enroll(header, enrolled)
        case Gathering(header=header, withdrawn=Problem() as reason, recalled=False):
            return Recall(header, reason)
        case Gathering(header=header):
            return Gather(header)
        case Retrying():
            return Requeue()
        case Ready():
            return Validate()
        case Validating(operation=operation):
            return PollValidation(operation)
        case Validated():
            return Trigger()
        case Restoring(operation=operation):
            return PollRestore(operation)
        case Running(job=job):
            return PollJob(job)
        case Guarding(outcome=Outcome(job=str() as job)):
            return PollJob(JobId(job))
        case Triggering() | Confirming() | Guarding():
            return FindJob()
        case _:
            assert_never(state)
