"""What a restore has come to by its state, as receivers see it, and when. Pure."""

from datetime import datetime
from typing import assert_never

from restore_core.lifecycle.events import Event, JobEnded, TriggerClaimed
from restore_core.lifecycle.outbox import Stage
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
)


def stage_of(state: State) -> Stage:
    """Return what a restore in this state has come to, as receivers see it."""
    match state:
        case Accepted() | Planned() | Enrolling():
            return Stage.ACCEPTED
        case Queued() | Following() | Enrolled():
            return Stage.QUEUED
        case Gathering(header=header):
            return Stage.VALIDATING if header.validate_only else Stage.RESTORING
        case Ready() | Validating() | Validated() | Triggering() | Confirming() | Retrying():
            return Stage.VALIDATING  # Where Azure had taken it, a notice has said so by now.
        case Restoring() | Running():
            return Stage.RESTORING
        case Ending(outcome) | Ended(outcome) | Guarding(outcome):
            return Stage.of(outcome.status)
        case _:
            assert_never(state)


def moment_of(state: State, event: Event) -> datetime:
    """Return when `event` led to `state`: an outcome has a moment of its own."""
    if isinstance(state, Ending | Ended | Guarding):
        return state.outcome.at
    if isinstance(event, TriggerClaimed):
        return event.claim.at
    return event.ended if isinstance(event, JobEnded) else event.at
