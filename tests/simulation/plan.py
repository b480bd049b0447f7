"""What a world is made of before it begins: messages, settings, changes, and how each may end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from restore_core.contract.resource_ids import BackupVaultId
from restore_core.lifecycle.outbox import FINAL, Stage
from restore_core.lifecycle.policy import Policy
from restore_core.lifecycle.rules import Rules

HOUR: Final = 3600.0


@dataclass
class Settings:
    """What a process read from its environment when it began."""

    allow: str
    max_age: timedelta = timedelta(hours=48)
    job_list_lag: timedelta = timedelta(seconds=600)
    api_version: str = "2025-07-01"
    default_vault: str = ""
    deleted_disks: bool = False
    cooldown: timedelta = timedelta(minutes=60)
    max_active: int = 200
    notices: frozenset[Stage] = FINAL

    @property
    def rules(self) -> Rules:
        """Return the rules that the app reads in them."""
        return Rules(
            Policy.parse(self.allow),
            default_vault=BackupVaultId.parse(self.default_vault) if self.default_vault else None,
            restores_deleted_disks=self.deleted_disks,
            cooldown=self.cooldown,
            max_active=self.max_active,
            max_age=self.max_age,
            job_list_lag=self.job_list_lag,
            notices=self.notices,
        )


@dataclass
class Sent:
    """One message, and how it may end."""

    number: int
    at: float
    request_id: str
    kind: str
    """good, malformed, ignored, forbidden, no-instance, no-disk, deletion"""
    body: bytes
    target: str = ""
    """The name of its target disk; "" where the app makes one."""
    instance: str = ""
    validates_only: bool = False
    inserted: Any = None
    fields: dict[str, Any] = field(default_factory=dict)
    write: Callable[[dict[str, Any]], bytes] | None = None
    """Writes other fields under the same id; None where there are no others."""
    source: str = ""
    """The id of the disk to restore, as the vault tells it."""

    @property
    def reason(self) -> str | None:
        """Return what is carried to the result, by which two contents differ here."""
        reason = self.fields.get("reason", ...)
        return None if reason is ... else reason

    @property
    def forces(self) -> bool:
        """Tell whether no earlier restore of its source keeps it waiting."""
        return bool(self.fields.get("force"))

    @property
    def not_after(self) -> datetime | None:
        """Return when it is too late to begin."""
        text = self.fields.get("notAfter")
        return datetime.fromisoformat(text) if text else None


@dataclass
class Plan:
    """All that is drawn beforehand."""

    sent: list[Sent] = field(default_factory=list)
    changes: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    heals: float = 4 * HOUR
    processes: int = 2
    lag: float = 600
    lags_steadily: bool = False
    tables_alone: bool = False
    """Whether an outage of storage leaves the queues alone, so that messages are poisoned."""
    refusals: dict[str, set[str]] = field(default_factory=dict)
    """By target name: the codes with which Azure may refuse a restore to it."""
    endless: set[str] = field(default_factory=set)
    """Names of targets whose job never ends, or ends in a word that nobody knows."""
    stormy: list[str] = field(default_factory=list)
    """Names of targets of requests for one disk whose restores end badly."""
    expiring: set[str] = field(default_factory=set)
    """Instances whose recovery points expire."""
