"""ARM ids of the resources that a restore touches: parsed strictly, compared without case.

Names are limited to what Azure allows for these resources, in ASCII: an id becomes part of a URL
and of a permission check, so a look-alike letter, a `..` or a `%2f` must not get this far.
"""

import re
from dataclasses import dataclass
from typing import Final, NewType, Self

from restore_core.text import quoted

RecoveryPointId = NewType("RecoveryPointId", str)
JobId = NewType("JobId", str)
"""The last path segment: ARM names a job by id, by an id in other casing, or by the bare GUID."""

POINT_OR_JOB: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")

_NAMES: Final = {
    "subscription": (
        re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
        "a subscription id is a GUID",
    ),
    "group": (
        re.compile(r"[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]"),
        "a resource group's name has 1 to 90 of a-z A-Z 0-9 _ - . ( ) and does not end in a dot",
    ),
    "vault": (
        re.compile(r"[A-Za-z][A-Za-z0-9-]{1,49}"),
        "a backup vault's name has 2 to 50 of a-z A-Z 0-9 - and begins with a letter",
    ),
    "instance": (
        re.compile(r"[A-Za-z0-9][A-Za-z0-9_().-]{0,258}[A-Za-z0-9_()-]"),
        "a backup instance's name has 2 to 260 of a-z A-Z 0-9 _ - . ( )",
    ),
    "disk": (
        re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?"),
        "a disk's name has 1 to 80 of a-z A-Z 0-9 _ - . and begins and ends with one of a-z 0-9 _",
    ),
    "machine": (
        re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?"),
        "a machine's name has 1 to 64 of a-z A-Z 0-9 _ - . and begins and ends with one of a-z 0-9",
    ),
    "identity": (
        re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}"),
        "a managed identity's name has 3 to 128 of a-z A-Z 0-9 _ - and begins with one of a-z 0-9",
    ),
    "encryption_set": (
        re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}"),
        "a disk encryption set's name has 1 to 80 of a-z A-Z 0-9 _ - .",
    ),
}


class InvalidId(ValueError):
    """The text is not the id it should be; the message says why and shows the form."""


class ArmId:
    """An ARM id: printed in its canonical form, equal to any other casing of itself."""

    template: str

    @property
    def key(self) -> str:
        """Return the form to compare and to hash: lower case."""
        return str(self).lower()

    def __str__(self) -> str:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, eq=False)
class ResourceGroupId(ArmId):
    """A resource group."""

    template = "/subscriptions/{subscription}/resourceGroups/{group}"
    subscription: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the group that `text` names; raise InvalidId."""
        parts = _parse(text, cls.template, "a resource group")
        return cls(parts["subscription"], parts["group"])

    def __str__(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.name}"


@dataclass(frozen=True, eq=False)
class _InGroup(ArmId):
    """A resource of a group, named by the last segment of its id."""

    what = ""
    group: ResourceGroupId
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the resource that `text` names; raise InvalidId."""
        parts = _parse(text, cls.template, cls.what)
        return cls(ResourceGroupId(parts["subscription"], parts["group"]), parts[cls._kind()])

    @classmethod
    def named(cls, group: ResourceGroupId, name: str) -> Self:
        """Return the one `name` of `group`; raise InvalidId where Azure allows no such name."""
        _check(cls._kind(), name)
        return cls(group, name)

    @classmethod
    def _kind(cls) -> str:
        return cls.template.rpartition("{")[2].rstrip("}")

    def __str__(self) -> str:
        own = self.template.removeprefix(ResourceGroupId.template).rpartition("{")[0]
        return f"{self.group}{own}{self.name}"


class BackupVaultId(_InGroup):
    """A backup vault."""

    template = ResourceGroupId.template + "/providers/Microsoft.DataProtection/backupVaults/{vault}"
    what = "a backup vault"


class DiskId(_InGroup):
    """A managed disk."""

    template = ResourceGroupId.template + "/providers/Microsoft.Compute/disks/{disk}"
    what = "a managed disk"


class VirtualMachineId(_InGroup):
    """A virtual machine."""

    template = ResourceGroupId.template + "/providers/Microsoft.Compute/virtualMachines/{machine}"
    what = "a virtual machine"


class IdentityId(_InGroup):
    """A user-assigned managed identity."""

    template = (
        ResourceGroupId.template
        + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}"
    )
    what = "a user-assigned identity"


class EncryptionSetId(_InGroup):
    """A disk encryption set: what encrypts disks with a key of their owner's."""

    template = (
        ResourceGroupId.template
        + "/providers/Microsoft.Compute/diskEncryptionSets/{encryption_set}"
    )
    what = "a disk encryption set"


@dataclass(frozen=True, eq=False)
class BackupInstanceId(ArmId):
    """One protected disk in a backup vault."""

    template = BackupVaultId.template + "/backupInstances/{instance}"
    vault: BackupVaultId
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the backup instance that `text` names; raise InvalidId."""
        parts = _parse(text, cls.template, "a backup instance")
        group = ResourceGroupId(parts["subscription"], parts["group"])
        return cls(BackupVaultId(group, parts["vault"]), parts["instance"])

    @classmethod
    def of(cls, vault: BackupVaultId, name: str) -> Self:
        """Return the instance of `vault` with this name; raise InvalidId where it can be none."""
        _check("instance", name)
        return cls(vault, name)

    def __str__(self) -> str:
        return f"{self.vault}/backupInstances/{self.name}"


def recovery_point_id(text: str) -> RecoveryPointId:
    """Return `text` as a recovery point id (32 hex digits as measured); raise InvalidId."""
    if not POINT_OR_JOB.fullmatch(text):
        raise InvalidId("a recovery point id has letters, digits, - and _ only, such as 32 hex")
    return RecoveryPointId(text)


def job_id(text: str) -> JobId:
    """Return the job that a bare name or an ARM id in any casing names; raise InvalidId."""
    name = text.rpartition("/")[2]
    if not POINT_OR_JOB.fullmatch(name):
        raise InvalidId(f"{quoted(text)} names no job")
    return JobId(name)


def valid_segment(kind: str, value: str) -> bool:
    """Tell whether `value` may stand for `kind` (`subscription`, `group`, …) in an ARM id."""
    return _NAMES[kind][0].fullmatch(value) is not None


def segment_pattern(kind: str) -> str:
    """Return the regular expression of what may stand for `kind` in an ARM id."""
    return _NAMES[kind][0].pattern


def _parse(text: str, template: str, what: str) -> dict[str, str]:
    expected, actual = template.split("/"), text.split("/")
    fixed = [(e, a) for e, a in zip(expected, actual, strict=False) if not e.startswith("{")]
    same = text.isascii() and all(e.lower() == a.lower() for e, a in fixed)
    if len(actual) != len(expected) or not same:
        raise InvalidId(f"it is not the ARM id of {what}; the form is {template}")
    parts = {e.strip("{}"): a for e, a in zip(expected, actual, strict=True) if e.startswith("{")}
    for kind, value in parts.items():
        _check(kind, value)
    return parts


def _check(kind: str, value: str) -> None:
    if not valid_segment(kind, value):
        raise InvalidId(f"{quoted(value)} cannot stand there: {_NAMES[kind][1]}")
