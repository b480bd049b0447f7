"""The message contract: what a sender may ask, and every reason why a request is refused. Pure.

Pydantic serves this module, `withdrawal` and `values` alone. Everything inside the app holds a
`RestoreRequest`, never a dict from outside.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from restore_core.contract import values
from restore_core.contract.faults import MAX_FAULTS_TOLD, told, usable_id
from restore_core.contract.request_rules import OF_MANY, PUBLISHED, faults_among
from restore_core.contract.resource_ids import (
    BackupVaultId,
    DiskId,
    ResourceGroupId,
    VirtualMachineId,
)
from restore_core.errors import MalformedRequest

MAX_DISK_NAME: Final = 80
DERIVED_SUFFIX: Final = 10
"""Hex digits of the request id's SHA-256 that end a derived disk name."""


class RestoreRequest(BaseModel):
    """What the caller asked; immutable. Two messages with equal requests ask the same thing."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=False,
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        use_attribute_docstrings=True,
        json_schema_extra=PUBLISHED,
    )

    request_id: values.RequestId
    """The idempotency key: one for each incident and disk. The same id with the same content again
    has no effect, ever; with other content it is refused."""

    backup_instance_id: values.Instance = None
    """The ARM id of the backup instance: the protected disk in its vault."""

    source_disk_id: values.Disk = None
    """The ARM id of the disk to restore, instead of its backup instance. It need not exist any
    more."""

    source_virtual_machine_id: values.Machine = None
    """The ARM id of a virtual machine, instead of one disk: all disks that it has. A set."""

    source_resource_group_id: values.Group = None
    """The ARM id of a resource group: every protected disk whose own id lies in it, also of disks
    and machines that are gone. A set."""

    source_disk_ids: values.Disks = None
    """The ARM ids of several disks. A set."""

    expected_disks: values.Count = None
    """How many disks the set must have: another number is refused, with the list of what was
    found."""

    vault_id: values.Vault = None
    """The ARM id of the vault that protects the source. Without it: RESTORE_DEFAULT_VAULT, else the
    vaults that the rules name."""

    target_disk_id: values.Disk = None
    """The ARM id of the disk to create. It must not exist."""

    target_resource_group_id: values.Group = None
    """The ARM id of the resource group to create the disk in, instead of targetDiskId."""

    target_disk_name: values.DiskName = None
    """The name of the disk in targetResourceGroupId. Without it: the source disk's name, cut, and
    ten hex digits made of requestId, the same at every retry."""

    target_disk_suffix: values.Suffix = None
    """What ends the names of a set's new disks, after the names of their sources. Without it: a
    hyphen and ten hex digits made of requestId."""

    recovery_point_id: values.Point = None
    """The recovery point to restore. Never null or empty: leave it out."""

    point_in_time: values.PointInTime = None
    """An ISO 8601 time with a zone: the newest recovery point at or before it; or latest. With
    neither selector: the newest at or before acceptance. Never null or empty: leave it out."""

    not_after: values.Moment = None
    """An ISO 8601 time with a zone: a restore that has not been asked of Azure by then is not
    wanted any more."""

    force: values.Flag = False
    """true: restore although another restore of the same disk runs, or completed less than
    RESTORE_COOLDOWN_MINUTES ago."""

    validate_only: values.Flag = False
    """true: stop after the validation, restore nothing."""

    requested_by: values.Carried = None
    """Who asks. Carried to the result, cut at 1,024 characters."""

    reason: values.Carried = None
    """Why. Carried to the result, cut at 1,024 characters."""

    correlation_id: values.Carried = None
    """The sender's own id. Carried to the result, cut at 1,024 characters."""

    @classmethod
    def from_fields(cls, fields: dict[str, Any], *, they: str = "The message is") -> Self:
        """Return the request of decoded JSON; raise MalformedRequest naming every wrong field.

        `they` begins the reason: where the fields were taken from.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            reasons = " ".join(_reasons(fields, error)[:MAX_FAULTS_TOLD])
            raise MalformedRequest(
                f"{they} no restore request. {reasons}", usable_id(fields)
            ) from None

    @model_validator(mode="before")
    @classmethod
    def _drop_what_means_absent(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if _means_something(name, value)}

    @model_validator(mode="after")
    def _refuse_what_cannot_stand_together(self) -> Self:
        faults = faults_among(self._there(_SNAKES), self.request_id)
        if faults:
            raise ValueError(". ".join(faults))
        return self

    def _there(self, names: Iterable[str]) -> set[str]:
        """Return those of the fields `names`, as a sender writes them, that have a value."""
        return {name for name in names if getattr(self, _SNAKES[name]) is not None}

    @property
    def is_set(self) -> bool:
        """Tell whether it asks for several disks."""
        return bool(self._there(OF_MANY))

    @property
    def group_of_disks(self) -> VirtualMachineId | ResourceGroupId | None:
        """Return the machine or the resource group whose disks it asks for."""
        return self.source_virtual_machine_id or self.source_resource_group_id

    @property
    def known_source(self) -> DiskId:
        """Return the disk to restore, of a request that names it."""
        if self.source_disk_id is None:  # pragma: no cover  the validator leaves no such request
            raise MalformedRequest("the source is missing")
        return self.source_disk_id

    @property
    def vault(self) -> BackupVaultId | None:
        """Return the vault, where the request names it."""
        return self.backup_instance_id.vault if self.backup_instance_id else self.vault_id

    @property
    def known_target(self) -> DiskId | ResourceGroupId:
        """Return the disk to create, or its group where the name comes from the source disk."""
        if self.target_disk_id is not None:
            return self.target_disk_id
        group = self.target_resource_group_id
        if group is None:  # pragma: no cover  the validator above leaves no such request
            raise MalformedRequest("the target is missing")
        return group if self.target_disk_name is None else DiskId(group, self.target_disk_name)

    @property
    def group_of_targets(self) -> ResourceGroupId:
        """Return the group for the new disks of a set."""
        group = self.target_resource_group_id
        if group is None:  # pragma: no cover  the validators leave no such set
            raise MalformedRequest("the target is missing")
        return group

    def target_for(self, source: DiskId) -> DiskId:
        """Return the disk to create for `source`, the same at every retry of this request."""
        target = self.known_target
        if isinstance(target, DiskId):
            return target
        digest = hashlib.sha256(self.request_id.encode()).hexdigest()[:DERIVED_SUFFIX]
        return DiskId(target, f"{source.name[: MAX_DISK_NAME - DERIVED_SUFFIX - 1]}-{digest}")

    def to_json(self) -> str:
        """Return the request in the message's own form, without what is absent."""
        fields = self.model_dump(by_alias=True, exclude_defaults=True)
        if isinstance(self.point_in_time, datetime):
            fields["pointInTime"] = self.point_in_time.isoformat()
        return json.dumps(fields, separators=(",", ":"))


_SNAKES: Final = {to_camel(name): name for name in RestoreRequest.model_fields}
"""Every field as a sender writes it, and as it is called here."""

_MAY_BE_EMPTY: Final = _SNAKES.keys() - {"recoveryPointId", "pointInTime"}
"""Where null and "" mean absent. Not in a selector, and not in a name that is unknown: it may be a
selector, misspelt, whose expression yields nothing."""


def _means_something(name: str, value: object) -> bool:
    # The host's own output binding adds `$AzureWebJobsParentId`.
    return not name.startswith("$") and (name not in _MAY_BE_EMPTY or value not in (None, ""))


def _reasons(fields: dict[str, Any], error: ValidationError) -> list[str]:
    """Return every reason at once.

    A name that is none may be any field, misspelt: then it is not known whether one is missing.
    """
    faults = error.errors(include_url=False)
    reasons = [told(fault, FIELDS) for fault in faults]
    if any(fault["type"] == "extra_forbidden" or not fault["loc"] for fault in faults):
        return reasons
    there = {name for name, value in fields.items() if _means_something(name, value)}
    return reasons + [f"{one}." for one in faults_among(there, usable_id(fields))]


FIELDS: Final = {name.lower(): name for name in _SNAKES}
"""Every field of a request as a sender writes it, by its lower-cased name."""
