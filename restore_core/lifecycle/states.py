"""The states of a restore and what they hold. Values only: `transitions` says what follows what."""

from dataclasses import dataclass
from datetime import datetime

from restore_core.contract.resource_ids import (
    BackupInstanceId,
    DiskId,
    IdentityId,
    JobId,
    RecoveryPointId,
    ResourceGroupId,
)
from restore_core.contract.target_field import TargetField
from restore_core.errors import Problem
from restore_core.lifecycle.sets import Attachment, Header, Tally
from restore_core.lifecycle.status import Status


@dataclass(frozen=True)
class Wait:
    """When the next attempt is due, and what the last ones brought."""

    due: datetime
    misses: int = 0
    """Attempts in a row without a usable answer."""
    problem: Problem | None = None
    """What the last of them was answered."""
    gone: int = 0
    """Answers in a row that know no such operation."""
    throttled_until: datetime | None = None
    """Set where the last answer was that the service is asked too much: until when it is."""
    unread_since: datetime | None = None
    """When the first of the attempts was made that brought no usable answer since one did."""


@dataclass(frozen=True)
class Operation:
    """ARM's short asynchronous operation. The URL is signed and used as it came."""

    url: str
    started: datetime
    correlation_id: str = ""


@dataclass(frozen=True)
class Claim:
    """The right to send POST restore once; `request_id` is its `x-ms-client-request-id`."""

    request_id: str
    at: datetime
    believed_after: datetime
    """From here on, a search that finds no job is believed."""


@dataclass(frozen=True)
class Search:
    """How far the vault's list was read for a job, and when that pass began."""

    link: str
    """The page to read next."""
    begun: datetime
    at_end: bool = False
    """Whether the list ended there: then the page is read again for what came since."""


@dataclass(frozen=True)
class Outcome:
    """How a restore ended. Saved before anything is done about it."""

    status: Status
    at: datetime
    problem: Problem | None = None
    job: JobId | None = None
    job_status: str = ""
    job_started: datetime | None = None
    """When the job began, as the vault says."""
    back_as: DiskId | None = None
    """The disk that another restore had brought back before."""
    back_from: datetime | None = None
    """When the recovery point of that disk was made."""
    tally: Tally | None = None
    """Of a set: how its disks came out."""


@dataclass(frozen=True)
class Plan:
    """What will be restored to where, once the vault was asked; and what was tried since."""

    instance: BackupInstanceId
    source: DiskId
    region: str
    target: DiskId
    point: RecoveryPointId
    point_time: datetime
    snapshot_group: ResourceGroupId | None
    validate_only: bool
    claims: tuple[Claim, ...] = ()
    failures: int = 0
    """Validations that failed with a transient code."""
    correlation_id: str = ""
    """ARM's correlation id of the POST that began what is now under way."""
    first_failure: Outcome | None = None
    """How its first job failed, where the restore was started anew."""
    identity: IdentityId | None = None
    """The vault's user-assigned identity that the instance works under; None: the vault's own."""
    attachment: Attachment | None = None
    """Where the source disk is attached, where Resource Graph knew."""
    target_field: TargetField | None = None
    """None in a plan that a version before 0.2.0 made."""
    search: Search | None = None
    """Where the search for the job of a claim reads on."""


@dataclass(frozen=True)
class Accepted:
    """The request is recorded; nothing has been judged or asked yet."""

    wait: Wait
    has_turn: bool = False
    """Whether it has been given its turn already, as members of sets are."""


@dataclass(frozen=True)
class Enrolled:
    """A member of a set, recorded: it waits for its first turn and has asked for nothing yet."""

    wait: Wait


@dataclass(frozen=True)
class Enrolling:
    """The plan of a set stands; its members are being recorded."""

    header: Header
    wait: Wait
    enrolled: int = 0
    """Rows of the plan, in the order of their keys, that are recorded."""
    withdrawn: Problem | None = None


@dataclass(frozen=True)
class Gathering:
    """The members of a set are recorded; it waits for the ends of all."""

    header: Header
    wait: Wait
    withdrawn: Problem | None = None
    """Set where the sender wants it no more: what has no claim yet is cancelled."""
    recalled: bool = False
    """Whether that has been done for every member."""


@dataclass(frozen=True)
class Following:
    """Its disk is being restored for another request: it waits for the end of that one."""

    leader: str
    """The other's request id."""
    wait: Wait


@dataclass(frozen=True)
class Planned:
    """It is known what is restored to where. The source is taken; the target and a turn are not."""

    plan: Plan
    wait: Wait
    has_turn: bool = False
    """Whether it had its turn before, as members of sets do."""


@dataclass(frozen=True)
class Queued:
    """As many restores run as may at once. Only the timer gives it its turn, in order."""

    plan: Plan
    wait: Wait
    validated: bool = False
    """Whether it was validated before it had to come here."""


@dataclass(frozen=True)
class Retrying:
    """Azure could not take it; it waits to try again. It holds no turn, and queues for one then."""

    plan: Plan
    wait: Wait
    validated: bool = False


@dataclass(frozen=True)
class Ready:
    """Ready to be validated: nothing stands against asking for it, first or again."""

    plan: Plan
    wait: Wait


@dataclass(frozen=True)
class Validating:
    """ARM is validating the restore."""

    plan: Plan
    operation: Operation
    wait: Wait


@dataclass(frozen=True)
class Validated:
    """The validation succeeded; the restore has to be claimed and triggered."""

    plan: Plan
    wait: Wait


@dataclass(frozen=True)
class Triggering:
    """Claimed. Who saved the claim sends the POST; who finds it looks for the job."""

    plan: Plan
    wait: Wait


@dataclass(frozen=True)
class Restoring:
    """ARM took the restore; its operation has not named the job yet."""

    plan: Plan
    operation: Operation
    wait: Wait


@dataclass(frozen=True)
class Running:
    """A backup job is writing the disk. Only the timer looks at it."""

    plan: Plan
    job: JobId
    wait: Wait


@dataclass(frozen=True)
class Confirming:
    """The disk exists, says a refusal after a claim: is it our own job that made it?"""

    plan: Plan
    refusal: Outcome
    wait: Wait


@dataclass(frozen=True)
class Ending:
    """The outcome is decided; the result row and the release of the target are owed."""

    outcome: Outcome
    plan: Plan | None
    guard_until: datetime | None = None
    """Set where a job may still write the target: then the lock stays."""


@dataclass(frozen=True)
class Guarding:
    """Given up, the result written; the target stays locked until the job ended, or long enough."""

    outcome: Outcome
    plan: Plan
    until: datetime
    wait: Wait


@dataclass(frozen=True)
class Ended:
    """Nothing is owed any more."""

    outcome: Outcome
    plan: Plan | None


Waiting = (
    Accepted
    | Enrolled
    | Enrolling
    | Gathering
    | Following
    | Planned
    | Queued
    | Retrying
    | Ready
    | Validating
    | Validated
    | Triggering
    | Restoring
    | Running
    | Confirming
    | Guarding
)
Unplanned = Accepted | Enrolled | Enrolling | Gathering | Following
"""What has no plan: not yet, or because it is a set, whose plan stands in a table of its own."""
Concluding = Ending | Ended
State = Waiting | Concluding
