"""Managed disks, virtual machines, and which disk hung on which machine when. Plain records.

What is gone stays known, with the moment at which it went: Resource Graph shows it a while longer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from simulator import arm_ids


class Mortal(Protocol):
    """What comes and goes."""

    @property
    def created(self) -> datetime | None:
        """Since when; None: since ever."""

    @property
    def removed(self) -> datetime | None:
        """Until when; None: it is there."""


@dataclass
class Disk:
    """A managed disk; `made_by` is the job that restored it, `os_type` "" where it starts none."""

    id: str
    region: str
    size_gib: int = 32
    os_type: str = ""
    made_by: str = ""
    created: datetime | None = None
    removed: datetime | None = None


@dataclass
class Attachment:
    """A disk on a machine; `lun` None means as its OS disk."""

    disk_id: str
    lun: int | None
    created: datetime | None = None
    removed: datetime | None = None


@dataclass
class Machine:
    """A virtual machine."""

    id: str
    region: str
    size: str = "Standard_D2s_v5"
    attachments: list[Attachment] = field(default_factory=list)
    created: datetime | None = None
    removed: datetime | None = None

    def attached(self, moment: datetime) -> list[Attachment]:
        """Return what hung on it at a moment: the OS disk first, data disks by their LUN."""
        then = [one for one in self.attachments if is_there(one, moment)]
        return sorted(then, key=lambda one: -1 if one.lun is None else one.lun)


def is_there(one: Mortal, moment: datetime) -> bool:
    """Tell whether a thing was there at a moment."""
    begun = one.created is None or one.created <= moment
    return begun and (one.removed is None or one.removed > moment)


def owners(machines: Iterable[Machine], moment: datetime) -> dict[str, Machine]:
    """Return the machine of each disk that was attached, by the disk's id in lower case."""
    return {
        arm_ids.key(one.disk_id): machine
        for machine in machines
        for one in machine.attached(moment)
    }
