"""What a state can owe the world. Values only; `debts` says which state owes what."""

from dataclasses import dataclass

from restore_core.contract.resource_ids import JobId
from restore_core.errors import Problem
from restore_core.lifecycle.sets import Header
from restore_core.lifecycle.states import Operation


@dataclass(frozen=True)
class Prepare:
    """Judge the request; ask the vault for instance and recovery point, or plan a set."""


@dataclass(frozen=True)
class Enroll:
    """Record members of a set, from this row of its plan on."""

    header: Header
    first: int


@dataclass(frozen=True)
class Recall:
    """Cancel what has no claim yet of the members of a set, for the reason that it is withdrawn."""

    header: Header
    reason: Problem


@dataclass(frozen=True)
class Gather:
    """See whether all members of a set have ended."""

    header: Header


@dataclass(frozen=True)
class Reserve:
    """Take the source for a while, the target for this restore alone, and a turn."""


@dataclass(frozen=True)
class Requeue:
    """Wait for a turn again: it was given back when Azure could not take the restore."""


@dataclass(frozen=True)
class Validate:
    """POST validateRestore."""


@dataclass(frozen=True)
class PollValidation:
    """GET the validation's operation."""

    operation: Operation


@dataclass(frozen=True)
class Trigger:
    """Judge once more, save a claim, and only then POST restore."""


@dataclass(frozen=True)
class PollRestore:
    """GET the restore's operation."""

    operation: Operation


@dataclass(frozen=True)
class FindJob:
    """Look in the vault for the job of one of the claims."""


@dataclass(frozen=True)
class PollJob:
    """GET the job."""

    job: JobId


@dataclass(frozen=True)
class GiveUp:
    """End the restore: it is older than the maximum age."""


@dataclass(frozen=True)
class Lapse:
    """End the restore: it has not been triggered by the time that its sender set."""


@dataclass(frozen=True)
class Settle:
    """Write the result row from the saved outcome, then release the target unless guarded.

    A member of a set writes its end into its row there, too.
    """

    release: bool


@dataclass(frozen=True)
class Notify:
    """Send the notices that are pending."""


Effect = (
    Prepare
    | Enroll
    | Recall
    | Gather
    | Reserve
    | Requeue
    | Validate
    | PollValidation
    | Trigger
    | PollRestore
    | FindJob
    | PollJob
    | GiveUp
    | Lapse
    | Settle
    | Notify
)
