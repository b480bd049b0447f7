"""What a restore means to the number of those that may run at once. Values only."""

from enum import StrEnum


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
