"""What the driver needs of the world, as Protocols, and the values that pass between. No I/O."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from restore_core.contract.resource_ids import (
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    JobId,
    RecoveryPointId,
    ResourceGroupId,
)
from restore_core.lifecycle.events import Event
from restore_core.lifecycle.recovery_points import RecoveryPoint
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Claim, Operation, Outcome, Plan, Status, Turn, Unaccepted


@dataclass(frozen=True)
class Versioned:
    """A restore as it was read or saved, with the etag that the next save must name."""

    restore: Restore
    etag: str


@dataclass(frozen=True)
class Outstanding:
    """What the timer reads of a restore that has not ended."""

    vault_key: str
    request_id: str
    due: datetime
    turn: Turn
    accepted_at: datetime
    etag: str


@dataclass(frozen=True)
class Poisoned:
    """A message that the host gave up delivering."""

    queue: str
    id: str
    pop_receipt: str
    body: bytes
    inserted_at: datetime


@dataclass(frozen=True)
class BackupInstance:
    """One protected disk."""

    id: BackupInstanceId
    source: DiskId
    region: str
    snapshot_group: ResourceGroupId | None
    """Where its snapshots lie; None where the vault does not say."""


class Vault(Protocol):
    """The backup vault. Questions raise Unavailable or Rejected; the rest answers with events."""

    def instance(self, instance: BackupInstanceId) -> BackupInstance: ...
    def instance_of(self, source: DiskId, vault: BackupVaultId) -> BackupInstance: ...
    def points(self, instance: BackupInstanceId) -> list[RecoveryPoint]: ...
    def point(self, instance: BackupInstanceId, point: RecoveryPointId) -> RecoveryPoint: ...
    def validate(self, plan: Plan) -> Event: ...
    def poll_validation(self, operation: Operation, plan: Plan) -> Event: ...
    def trigger(self, plan: Plan, claim: Claim) -> Event: ...
    def poll_restore(self, operation: Operation, plan: Plan) -> Event: ...
    def find_job(self, plan: Plan) -> Event: ...
    def poll_job(self, job: JobId, plan: Plan) -> Event: ...


class Store(Protocol):
    """The tables. Raises Unavailable, Superseded, UnreadableRow."""

    def create_missing(self) -> None: ...
    def load(self, request_id: str) -> Versioned | None: ...
    def record(self, restore: Restore) -> Versioned: ...
    def save(self, restore: Restore, etag: str) -> Versioned: ...
    def announce(self, restore: Restore, due: datetime) -> None: ...
    def due(self, now: datetime) -> list[Outstanding]: ...
    def turns(self, most: int | None = None) -> list[Outstanding]: ...
    def forget(self, restore: Restore) -> None: ...
    def drop(self, outstanding: Outstanding) -> None: ...
    def lock_target(self, target: DiskId, request_id: str) -> str: ...
    def release_target(self, target: DiskId, request_id: str) -> None: ...
    def take_source(
        self, source: DiskId, request_id: str, *, counts: Callable[[Restore], bool], force: bool
    ) -> Restore | None: ...
    def write_result(self, restore: Restore, outcome: Outcome) -> None: ...
    def write_unaccepted(self, unaccepted: Unaccepted) -> None: ...


class Results(Protocol):
    """What receivers read of the tables: rows as they stand there. Raises Unavailable."""

    def row_of(self, request_id: str) -> Mapping[str, Any] | None: ...
    def refused(self, day: str, request_id: str) -> list[Mapping[str, Any]]: ...
    def results(
        self, day: str, *, status: Status | None, after: str, most: int
    ) -> list[Mapping[str, Any]]: ...


class Steps(Protocol):
    """The queues. Raises Unavailable."""

    def tell(self, event: str) -> None: ...

    def create_missing(self) -> None: ...
    def enqueue(self, request_id: str, delay: timedelta) -> None: ...
    def poisoned_requests(self) -> Iterator[Poisoned]: ...
    def poisoned_steps(self) -> Iterator[Poisoned]: ...
    def delete(self, message: Poisoned) -> None: ...
