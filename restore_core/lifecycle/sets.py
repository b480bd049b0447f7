"""What a set is made of: the header of its plan, its members, how they came out. Values only.

A set is a request that names more than one source. Its plan stands in `RestoreSets`; its members
are ordinary restores, each of which carries what makes it a member.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from restore_core.contract.resource_ids import DiskId, VirtualMachineId
from restore_core.errors import Problem
from restore_core.lifecycle.backup_instance import BackupInstance

NOT_PROTECTED: Final = "NotProtected"
"""How a disk of a set ends that no instance protects, beside the statuses of restores."""
ALREADY_BACK: Final = "AlreadyBack"
"""How a member ends whose disk another restore has brought back before."""


@dataclass(frozen=True)
class Attachment:
    """Where a disk was attached when the plan was made."""

    machine: VirtualMachineId
    lun: int | None = None
    """Of a data disk; None of the OS disk, or where nobody told."""
    is_os: bool = False


@dataclass(frozen=True)
class FoundDisk:
    """A disk that was meant, and what protects it."""

    source: DiskId
    instance: BackupInstance | None
    """None where it cannot be restored: then `missing` says why."""
    missing: Problem | None = None
    size_gib: int | None = None
    attachment: Attachment | None = None


@dataclass(frozen=True)
class FoundSet:
    """All disks that a set means, as they were found at one moment."""

    disks: tuple[FoundDisk, ...]
    as_graph_showed: bool = False
    """Whether only Resource Graph said which disks the machine has."""


@dataclass(frozen=True)
class End:
    """How a member of a set ended, as its row of the plan tells."""

    status: str
    at: datetime
    code: str = ""
    message: str = ""
    disk: str = ""
    """The disk that is back; also where another restore brought it back before."""
    point_time: datetime | None = None
    seconds: int = 0
    """From its set's acceptance on."""


@dataclass(frozen=True)
class PlannedDisk:
    """A row of a set's plan: it never changes but for the end that is added."""

    row: str
    """The row's key: its place in the plan."""
    member_id: str
    """The request id of its restore, the same whoever makes it."""
    found: FoundDisk
    target: DiskId
    end: End | None = None


@dataclass(frozen=True)
class Member:
    """What makes a restore a member of a set. The app alone writes it: no message holds it."""

    set_id: str
    row: str
    """The key of its row in the set's partition of `RestoreSets`."""
    instance: BackupInstance
    """As the plan has it: no member asks for its instance."""
    size_gib: int | None = None
    attachment: Attachment | None = None


@dataclass(frozen=True)
class Header:
    """What makes a plan of the rows that stand under `attempt`; without it they are none."""

    attempt: str
    disks: int
    """Disks that were meant: rows of the plan."""
    members: int
    """Those that are restored; the rest are missing, with a reason in their row."""
    validate_only: bool
    as_graph_showed: bool = False
    """Whether only Resource Graph said which disks the machine has."""


@dataclass(frozen=True)
class Count:
    """How many of a set ended so, or for this reason."""

    name: str
    count: int


@dataclass(frozen=True)
class Tally:
    """How the disks of a set came out."""

    disks: int
    members: int
    counts: tuple[Count, ...]
    """By public status; `NotProtected` and `AlreadyBack` beside those of restores."""
    already_back: int = 0
    reasons: tuple[Count, ...] = ()
    """By code, the most frequent first."""
    oldest_point: datetime | None = None
    newest_point: datetime | None = None
    last_disk_at: datetime | None = None
    """When the last disk was back."""
    slowest: str = ""
    """The member that took longest."""
    slowest_seconds: int = 0
    size_gib: int = 0
    """Of what came back or, in a rehearsal, would; disks whose size nobody told do not count."""
    expected_seconds: int | None = None
    """How long it would take, of a rehearsal."""
    withdrawn: str = ""
    """That its sender wanted it no more, if so; Azure may have taken all of it before."""
    as_graph_showed: bool = False
