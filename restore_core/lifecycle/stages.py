"""What a restore has come to by its state, as receivers see it. Pure."""

from typing import assert_never

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
