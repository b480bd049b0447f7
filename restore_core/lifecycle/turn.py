"""What a restore means to the number of those that may run at once. Pure."""

from enum import StrEnum

from restore_core.contract.request import RestoreRequest
from restore_core.lifecycle.states import (
    Accepted,
    Ended,
    Enrolled,
    Following,
    Guarding,
    Planned,
    Queued,
    Retrying,
    State,
)


class Turn(StrEnum):
    """What a restore that has not ended means to the number of those that may run at once."""

    TAKEN = "taken"
    """It runs, or is about to."""
    AWAITED = "awaited"
    """It runs when others have ended."""
    ENROLLED = "enrolled"
    """A member of a set, it runs when nobody else awaits a turn and ARM has room for it."""
    FOLLOWS = "follows"
    """It waits for the end of another restore of its disk, and then for its turn if need be."""
    NONE = "none"
    """It needs none: it only validates, it is only watched, or it waits to try again."""


def turn_of(state: State, request: RestoreRequest, *, is_member: bool) -> Turn:
    """Return what a restore in this state means to it."""
    if isinstance(state, Queued | Enrolled):
        return Turn.ENROLLED if is_member else Turn.AWAITED
    if isinstance(state, Following):
        return Turn.FOLLOWS
    idle = isinstance(state, Guarding | Ended | Retrying)
    early = state if isinstance(state, Accepted | Planned) else None
    held_up = early is not None and early.wait.misses > 0 and not early.has_turn
    only_validates = request.validate_only and not is_member
    needs_none = idle or held_up or only_validates or request.is_set
    return Turn.NONE if needs_none else Turn.TAKEN
