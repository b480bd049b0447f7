"""The public names of outcomes. Values only."""

from enum import StrEnum


class Status(StrEnum):
    """The public name of an outcome."""

    COMPLETED = "Completed"
    """The job wrote the disk."""
    COMPLETED_WITH_WARNINGS = "CompletedWithWarnings"
    """The job wrote the disk and has something to say."""
    PARTLY_COMPLETED = "PartlyCompleted"
    """Of a set: a disk that was meant is not back, or was not protected; others are."""
    FAILED = "Failed"
    """Azure took the restore and it failed."""
    CANCELLED = "Cancelled"
    """Somebody cancelled the job."""
    REJECTED = "Rejected"
    """No job was started."""
    VALIDATED = "Validated"
    """The request asked only for validation, and it succeeded."""
    TIMED_OUT = "TimedOut"
    """Older than the maximum age; a job, if there is one, may still run."""
    IGNORED = "Ignored"
    """The message asks for no restore, such as an alert that is resolved. No restore ends so."""
