"""What a world is made of before it begins: messages, settings, changes, and how each may end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from restore_core.contract.resource_ids import BackupVaultId
from restore_core.lifecycle.outbox import FINAL, Stage
from restore_core.lifecycle.policy import Policy
from restore_core.lifecycle.quota import DOCUMENTED, Quota
from restore_core.lifecycle.rules import Rules
from simulator.habits import GraphMood

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
    max_set: int = 500
    quota: Quota = DOCUMENTED
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
            max_set=self.max_set,
            quota=self.quota,
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
    """good, malformed, ignored, forbidden, no-instance, no-disk, deletion; set, withdrawal; member:
    one that nobody has sent"""
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
    def whole(self) -> str:
        """Return the machine or the group that a set asks for, in lower case, or ""."""
        named = self.fields.get("sourceVirtualMachineId") or self.fields.get(
            "sourceResourceGroupId", ""
        )
        return str(named).lower()

    @property
    def withdraws(self) -> str:
        """Return the id that it withdraws, or ""."""
        return str(self.fields.get("withdraw", ""))

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
    meant: dict[str, list[frozenset[str]]] = field(default_factory=dict)
    """By machine or group, in lower case: the disks that it has had, one state after the other."""
    targets_of_sets: set[str] = field(default_factory=set)
    """Names of the disks that members of sets make."""
    graph: GraphMood | None = None
    """How Resource Graph is, where that is chosen beforehand."""
    hidden: set[str] = field(default_factory=set)
    """Disks, in lower case, of which Resource Graph shows nothing at all: a right is missing."""
    members: list[Sent] = field(default_factory=list)
    """What the members of sets were asked for, known in the end."""
    expiring: set[str] = field(default_factory=set)
    """Instances whose recovery points expire."""
