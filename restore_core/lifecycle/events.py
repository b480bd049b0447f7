"""What can happen to a restore. Values only; `transitions` says what follows.

`at` is the moment the app learnt of it, by the worker's clock, in UTC. A claim holds its own
moment, and a job `ended` when the vault says.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from restore_core.contract.resource_ids import DiskId, JobId
from restore_core.errors import Problem
from restore_core.lifecycle.set_events import SetEvent
from restore_core.lifecycle.states import Claim, Operation, Plan, Search
from restore_core.lifecycle.status import Status


@dataclass(frozen=True)
class Prepared:
    """The request is allowed, and the vault said what will be restored."""

    plan: Plan
    at: datetime


@dataclass(frozen=True)
class Withdrawn:
    """The sender wants it no more: whatever has no claim yet ends."""

    problem: Problem
    at: datetime


@dataclass(frozen=True)
class Refused:
    """The policy, the vault or the target's holder refused; no job was started."""

    problem: Problem
    at: datetime
    back_as: DiskId | None = None
    """The disk that another restore has brought back before."""
    back_from: datetime | None = None
    """When the recovery point of that disk was made."""


@dataclass(frozen=True)
class LeaderFound:
    """The disk is being restored for the request `leader`."""

    leader: str
    at: datetime
    was_tried: bool = False
    """Whether a restore of the disk failed before that one: nobody goes ahead after this one."""


@dataclass(frozen=True)
class LeaderFailed:
    """The restore that it followed brought no disk back: it goes ahead itself."""

    at: datetime
    was_tried: bool
    """Whether that one, or one before it, failed or was refused, and was not merely withdrawn or
    too late."""


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
class Requeued:
    """It is time to try again: the restore waits for a turn."""

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
    throttled: bool = False
    """The service is asked too much (429): by others, too."""


@dataclass(frozen=True)
class HeldBack:
    """Nothing was asked: the service would take no more calls before `until`. No attempt."""

    until: datetime
    at: datetime


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
    throttled: bool = False
    """The service is asked too much (429): by others, too."""


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
    """One whole pass through the vault's job list, begun at `begun`, showed no job of ours."""

    at: datetime
    begun: datetime
    search: Search | None = None
    """Where the list ended: whatever is new comes after it."""


@dataclass(frozen=True)
class SearchUnfinished:
    """What was read showed no job of these claims, and it was not all: nobody knows yet."""

    at: datetime
    search: Search | None
    """Where to read on; None: at the first page."""
    problem: Problem | None = None
    """Why it was cut."""
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class JobNotSeen:
    """The operation runs for longer than any should; a look beside it showed no job of ours.

    Nothing follows from that but where the next look reads on.
    """

    at: datetime
    search: Search | None
    """None: at the first page."""
    retry_after: timedelta | None = None


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
    started: datetime | None = None
    """When the job began, as the vault says."""


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
    SetEvent
    | Prepared
    | Withdrawn
    | Refused
    | LeaderFound
    | LeaderFailed
    | Reserved
    | TurnAwaited
    | TurnCame
    | Requeued
    | OperationStarted
    | StillRunning
    | Unanswered
    | HeldBack
    | ValidationSucceeded
    | ValidationFailed
    | TriggerClaimed
    | TriggerNotTaken
    | TriggerUnanswered
    | JobNamed
    | JobNotFound
    | SearchUnfinished
    | JobNotSeen
    | OperationFailed
    | JobEnded
    | AgeReached
    | Lapsed
    | Settled
)
