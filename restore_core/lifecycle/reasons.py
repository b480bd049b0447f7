"""Why a restore ends that was not refused: too late, too old, given up. Sentences only."""

from dataclasses import replace
from typing import Final

from restore_core.errors import Problem
from restore_core.lifecycle.states import Validated, Waiting

WITHDRAWN: Final = "Withdrawn"
TOO_LATE: Final = "TooLate"


def withdrawn(requested_by: str, why: str) -> Problem:
    """Return why a restore ends that its sender wants no more."""
    who = f" by {requested_by}" if requested_by else ""
    told = f": {why}" if why else ""
    return Problem(
        WITHDRAWN,
        f"The request was withdrawn{who}{told}. What Azure had not been asked for by then was "
        "cancelled.",
        "If the disk is wanted after all, send the request again with a new requestId.",
    )


def too_late(state: Waiting, *, claimed: bool) -> Problem:
    """Return why a restore ends at its notAfter."""
    last = f" ARM last said: {state.wait.problem}" if state.wait.problem else ""
    lacks = "was triggered, but no job of it was found" if claimed else "had not been triggered"
    return Problem(
        TOO_LATE,
        f"The restore {lacks} by its notAfter; it was {type(state).__name__} then.{last}",
        "If the disk is still wanted, send the request again with a new requestId and a later "
        "notAfter.",
    )


def too_old(state: Waiting, *, claimed: bool) -> Problem:
    """Return why a restore ends at the maximum age."""
    last = f" ARM last said: {state.wait.problem}" if state.wait.problem else ""
    message = (
        f"The restore grew older than RESTORE_MAX_AGE_HOURS while {type(state).__name__}.{last}"
    )
    if isinstance(state, Validated):
        message = (
            "So little was left of RESTORE_MAX_AGE_HOURS while Validated, less than 400 s, that "
            f"nothing was triggered any more.{last}"
        )
    if not claimed:
        return Problem(
            "TimedOut",
            f"{message} No job was started.",
            "Mend what ARM said, then send the request again with a new requestId.",
        )
    return Problem(
        "TimedOut",
        f"{message} A restore job was asked for and may still run.",
        "Look for the job and the target disk in the portal before asking again; the target stays "
        "locked until the job is seen ended, or for a week.",
    )


def ended_after_all(job_status: str) -> Problem:
    """Return what is known of a job that ended after its restore had been given up."""
    return Problem(
        "TimedOut",
        f"The job ended as {job_status} after the restore had grown older than "
        "RESTORE_MAX_AGE_HOURS and had been given up.",
        "Look at the target disk: the job had all its time to write it. The target is free again.",
    )


def not_started_anew(first: Problem | None, why: Problem | None) -> Problem | None:
    """Return why the first job failed, and why no other was started."""
    return first and replace(first, message=f"{first.message} It was not started anew: {why}")
