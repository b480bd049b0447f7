"""What a state can owe (effects) and what can happen to it (events). Values only.

`at` is always the moment the app learnt of it, by the worker's clock, in UTC.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from restore_core.contract.resource_ids import JobId
from restore_core.errors import Problem
from restore_core.lifecycle.states import Claim, Operation, Plan, Status

# Effects: what a state owes the world.


@dataclass(frozen=True)
class Prepare:
    """Judge the request; ask the vault for the instance and the recovery point."""


@dataclass(frozen=True)
class Reserve:
    """Take the target for this restore alone, the source for a while, and a turn."""


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
    """Write the result row from the saved outcome, then release the target unless guarded."""

    release: bool


@dataclass(frozen=True)
class Notify:
    """Send the notices that are pending."""


Effect = (
    Prepare
    | Reserve
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

# Events: what became of it.


@dataclass(frozen=True)
class Prepared:
    """The request is allowed, and the vault said what will be restored."""

    plan: Plan
    at: datetime


@dataclass(frozen=True)
class Refused:
    """The policy, the vault or the target's holder refused; no job was started."""

    problem: Problem
    at: datetime


@dataclass(frozen=True)
class Reserved:
    """Target, source and a turn are this restore's."""

    at: datetime


@dataclass(frozen=True)
class TurnAwaited:
    """Target and source are this restore's; as many run as may at once."""

    at: datetime


@dataclass(frozen=True)
class TurnCame:
    """The timer found that fewer run than may, and none has waited for longer."""

    at: datetime


@dataclass(frozen=True)
class OperationStarted:
    """ARM took a POST and named the operation to watch."""

    operation: Operation
    retry_after: timedelta | None
    at: datetime


@dataclass(frozen=True)
class StillRunning:
    """The operation or the job has not ended."""

    at: datetime
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Unanswered:
    """No usable answer: throttled, unreachable, forbidden, gone or odd. Look again."""

    problem: Problem
    at: datetime
    retry_after: timedelta | None = None
    gone: bool = False
    """The service knows no such operation (404, 410, an empty answer)."""


@dataclass(frozen=True)
class ValidationSucceeded:
    """The restore may be triggered."""

    at: datetime


@dataclass(frozen=True)
class ValidationFailed:
    """The service says why the restore would fail."""

    problem: Problem
    at: datetime


@dataclass(frozen=True)
class TriggerClaimed:
    """This worker alone may send POST restore."""

    claim: Claim


@dataclass(frozen=True)
class TriggerNotTaken:
    """POST restore was certainly not obeyed; it may be claimed again."""

    problem: Problem
    retry_after: timedelta | None
    at: datetime


@dataclass(frozen=True)
class TriggerUnanswered:
    """POST restore may have been obeyed, or the operation ended without naming its job."""

    problem: Problem
    at: datetime


@dataclass(frozen=True)
class JobNamed:
    """The job of this restore is known."""

    job: JobId
    at: datetime


@dataclass(frozen=True)
class JobNotFound:
    """The vault's job list holds no job of these claims."""

    at: datetime


@dataclass(frozen=True)
class OperationFailed:
    """The restore's operation failed without a job."""

    problem: Problem
    at: datetime


@dataclass(frozen=True)
class JobEnded:
    """The job ended, in one of the ways a job ends."""

    status: Status
    job_status: str
    ended: datetime
    problem: Problem | None


@dataclass(frozen=True)
class AgeReached:
    """The restore is older than the maximum age."""

    at: datetime


@dataclass(frozen=True)
class Lapsed:
    """It would begin later than its sender wants it to."""

    at: datetime


@dataclass(frozen=True)
class Settled:
    """The result row stands, and the target is released or guarded."""

    at: datetime


Event = (
    Prepared
    | Refused
    | Reserved
    | TurnAwaited
    | TurnCame
    | OperationStarted
    | StillRunning
    | Unanswered
    | ValidationSucceeded
    | ValidationFailed
    | TriggerClaimed
    | TriggerNotTaken
    | TriggerUnanswered
    | JobNamed
    | JobNotFound
    | OperationFailed
    | JobEnded
    | AgeReached
    | Lapsed
    | Settled
)
