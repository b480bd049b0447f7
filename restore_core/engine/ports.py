"""What the engine needs of the world, as Protocols, and the values that pass between. No I/O."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from restore_core.contract.request import RestoreRequest
from restore_core.contract.resource_ids import (
    ArmId,
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    JobId,
    RecoveryPointId,
)
from restore_core.errors import Problem
from restore_core.lifecycle.backup_instance import BackupInstance
from restore_core.lifecycle.events import Event
from restore_core.lifecycle.recovery_points import RecoveryPoint
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.sets import Attachment, End, FoundSet, Header, PlannedDisk
from restore_core.lifecycle.states import Claim, Operation, Outcome, Plan
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.turn import Turn


@dataclass(frozen=True)
class Versioned:
    """A restore as it was read or saved, with the etag that the next save must name."""

    restore: Restore
    etag: str


@dataclass(frozen=True)
class Outstanding:
    """What the timer reads of a restore that has not ended."""

    key: str
    """The partition of its row."""
    request_id: str
    due: datetime
    turn: Turn
    accepted_at: datetime
    vault: str
    """The lower-cased id of its backup vault; "" where none is known yet."""
    leader: str
    """The request whose restore it follows; "" where it follows none."""
    turn_at: datetime | None
    """When it was given its last turn."""
    throttled_until: datetime | None
    """Until when ARM is not to be asked more in its subscription, as it was answered."""
    finds_full: bool
    """Whether it waits because as many restores ran in its vault as may."""
    is_own: bool
    """Whether the row stands under the key of its request; else an earlier version wrote it."""
    etag: str

    @property
    def subscription(self) -> str:
        """Return the subscription of its vault, lower-cased; "" where none is known yet."""
        return self.vault.removeprefix("/subscriptions/").partition("/")[0]


@dataclass(frozen=True)
class Poisoned:
    """A message that the host gave up delivering."""

    queue: str
    id: str
    pop_receipt: str
    body: bytes
    inserted_at: datetime


@dataclass(frozen=True)
class RefusedMessage:
    """A message that never became a restore, and why: it has a result of its own."""

    body: bytes
    status: Status
    """Rejected; or Ignored, where the message asks for nothing."""
    problem: Problem
    request_id: str
    """"" where the message has no usable one."""
    inserted_at: datetime
    at: datetime


class Vault(Protocol):
    """The backup vault. Questions raise Unavailable or Rejected; the rest answers with events.

    Each raises NotNow where the service would take no call at this moment.
    """

    def instance(self, instance: BackupInstanceId) -> BackupInstance: ...
    def instance_of(
        self, source: DiskId, vaults: Sequence[BackupVaultId], asked_at: datetime
    ) -> BackupInstance: ...
    def disks_of(self, request: RestoreRequest, vaults: Sequence[BackupVaultId]) -> FoundSet: ...
    def attachment_of(self, source: DiskId) -> Attachment | None: ...
    def points(self, instance: BackupInstanceId) -> list[RecoveryPoint]: ...
    def point(self, instance: BackupInstanceId, point: RecoveryPointId) -> RecoveryPoint: ...
    def validate(self, plan: Plan) -> Event: ...
    def poll_validation(self, operation: Operation, plan: Plan) -> Event: ...
    def reserve_trigger(self, plan: Plan) -> None: ...
    def trigger(self, plan: Plan, claim: Claim) -> Event: ...
    def poll_restore(self, operation: Operation, plan: Plan) -> Event: ...
    def find_job(self, plan: Plan, pages: int) -> Event: ...
    def poll_job(self, job: JobId, plan: Plan) -> Event: ...

    @property
    def calls(self) -> int:
        """Return how many calls this thread has sent so far."""


# --------------------------------------------------------------- the tables: each call may be made
# again. They raise Unavailable; where a race can be lost, Superseded.


class Restores(Protocol):
    """Every restore, with its etag: the truth. Reading raises UnreadableRow, too."""

    def load(self, request_id: str) -> Versioned | None: ...
    def record(self, restore: Restore) -> Versioned: ...
    def save(self, restore: Restore, etag: str) -> Versioned: ...


class Schedule(Protocol):
    """What has not ended, and when the timer should look at it."""

    def add(self, restore: Restore, due: datetime) -> None: ...
    def announce(self, restore: Restore, due: datetime, now: datetime) -> None: ...
    def put(self, restore: Restore, due: datetime) -> None: ...
    def all(self) -> list[Outstanding]: ...
    def turns(self, most: int | None = None) -> list[Outstanding]: ...
    def is_followed(self, request_id: str) -> bool: ...
    def forget(self, restore: Restore) -> None: ...
    def drop(self, outstanding: Outstanding) -> None: ...


class Targets(Protocol):
    """Who restores to which disk at this moment."""

    def lock(self, target: DiskId, request_id: str) -> str: ...
    def holder(self, target: DiskId) -> str | None: ...
    def release(self, target: DiskId, request_id: str) -> None: ...


class Sources(Protocol):
    """Which requests restore a disk, or all disks of a machine or a group, or did a while ago."""

    def take(
        self, source: ArmId, request_id: str, *, counts: Callable[[Restore], bool], force: bool
    ) -> Restore | None: ...


class Results(Protocol):
    """How restores ended, and what became of messages that are none."""

    def write(self, restore: Restore, outcome: Outcome) -> None: ...
    def write_refused(self, message: RefusedMessage) -> None: ...


class Sets(Protocol):
    """The plans of sets, and how their members ended."""

    def header(self, set_id: str) -> Header | None: ...
    def save(self, set_id: str, header: Header, plan: Sequence[PlannedDisk]) -> Header: ...
    def plan(self, set_id: str, header: Header) -> list[PlannedDisk]: ...
    def end(self, set_id: str, row: str, end: End) -> None: ...


class Durations(Protocol):
    """How long the last restores of each vault took, in seconds: for estimates, best effort."""

    def of(self, vault: BackupVaultId) -> list[int]: ...
    def add(self, vault: BackupVaultId, seconds: int, at: datetime) -> None: ...


class Tables(Protocol):
    """All of them, as one account holds them."""

    @property
    def restores(self) -> Restores: ...
    @property
    def schedule(self) -> Schedule: ...
    @property
    def targets(self) -> Targets: ...
    @property
    def sources(self) -> Sources: ...
    @property
    def results(self) -> Results: ...
    @property
    def sets(self) -> Sets: ...
    @property
    def durations(self) -> Durations: ...

    def create_missing(self) -> None: ...


class Readable(Protocol):
    """What receivers and operators read of the tables: rows as they stand. Raises Unavailable."""

    def row_of(self, request_id: str) -> Mapping[str, Any] | None: ...
    def refused(self, day: str, request_id: str) -> list[Mapping[str, Any]]: ...
    def refused_row(self, first: str, last: str, row_id: str) -> Mapping[str, Any] | None: ...
    def results_of(
        self, day: str, *, status: Status | None, after: str, most: int
    ) -> list[Mapping[str, Any]]: ...
    def outstanding(self) -> list[Mapping[str, Any]]: ...
    def ended(
        self, first: str, last: str, *, status: Status | None, most: int | None = None
    ) -> list[Mapping[str, Any]]: ...
    def members(self, set_id: str) -> list[Mapping[str, Any]]: ...
    def durations_of(self, vault: BackupVaultId) -> list[int]: ...
    def moments_of(self, row: Mapping[str, Any]) -> Mapping[str, datetime]: ...
    def request_of(self, row: Mapping[str, Any]) -> Mapping[str, Any]: ...


# ------------------------------------------------------------------ the queues: raise Unavailable


class StepQueue(Protocol):
    """The steps of restores that wait for something but a job."""

    def enqueue(self, request_id: str, delay: timedelta) -> None: ...


class NoticeQueue(Protocol):
    """What receivers are sent."""

    def publish(self, cloud_event: str) -> None: ...


class PoisonQueues(Protocol):
    """What the host gave up delivering."""

    def requests(self) -> Iterator[Poisoned]: ...
    def steps(self) -> Iterator[Poisoned]: ...
    def delete(self, message: Poisoned) -> None: ...


class Queues(Protocol):
    """All of them, as one account holds them."""

    @property
    def steps(self) -> StepQueue: ...
    @property
    def notices(self) -> NoticeQueue: ...
    @property
    def poison(self) -> PoisonQueues: ...

    def create_missing(self) -> None: ...
