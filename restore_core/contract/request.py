"""The message contract: what a sender may ask, and every reason why a request is refused. Pure.

Pydantic serves this module, `withdrawal` and `values` alone. Everything inside the app holds a
`RestoreRequest`, never a dict from outside.
"""

import hashlib
import json
from datetime import datetime
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from restore_core.contract import values
from restore_core.contract.faults import MAX_FAULTS_TOLD, all_of, either, told, usable_id
from restore_core.contract.request_rules import (
    A_SET,
    MAX_SET_ID,
    NAMED_TARGET,
    OF_MANY,
    OF_ONE,
    OF_SETS,
    PUBLISHED,
)
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
            faults = error.errors(include_url=False)[:MAX_FAULTS_TOLD]
            reasons = " ".join(told(fault, FIELDS) for fault in faults)
            raise MalformedRequest(
                f"{they} no restore request. {reasons}", usable_id(fields)
            ) from None

    @model_validator(mode="before")
    @classmethod
    def _drop_what_means_absent(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value
            for name, value in fields.items()
            # The host's own output binding adds `$AzureWebJobsParentId`.
            if not name.startswith("$") and (name not in _MAY_BE_EMPTY or value not in (None, ""))
        }

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        named = [name for name, value in self._sources.items() if value is not None]
        if not named:
            raise ValueError(f"The source is missing: send {either(OF_ONE)}, or {A_SET}")
        if len(named) > 1:
            raise ValueError(f"{all_of(named)} exclude each other: send one of them")
        if self.backup_instance_id is not None and self.vault_id is not None:
            raise ValueError("backupInstanceId excludes vaultId: it names its vault. Leave it out")
        return self

    @model_validator(mode="after")
    def _a_set_or_none(self) -> Self:
        """Refuse what only one restore can be told, or only several."""
        fields = {name: getattr(self, snake) for snake, name in _NAMES.items()}
        wrong = (*NAMED_TARGET, "recoveryPointId") if self.is_set else OF_SETS
        there = [name for name in wrong if fields[name] is not None]
        if there and self.is_set:
            raise ValueError(
                f"{all_of(there)} cannot hold for several disks: send targetResourceGroupId, "
                "perhaps targetDiskSuffix, and pointInTime"
            )
        if there:
            raise ValueError(f"{all_of(there)} is for {A_SET} only: leave it out")
        if self.is_set and len(self.request_id) > MAX_SET_ID:
            raise ValueError(f"requestId of a set must have at most {MAX_SET_ID} characters")
        return self

    @model_validator(mode="after")
    def _one_selector_and_one_target(self) -> Self:
        if self.recovery_point_id is not None and self.point_in_time is not None:
            raise ValueError("recoveryPointId and pointInTime exclude each other: send one of them")
        if self.target_disk_id is not None:
            if self.target_resource_group_id is not None or self.target_disk_name is not None:
                raise ValueError(
                    "targetDiskId excludes targetResourceGroupId and targetDiskName: send the one "
                    "or the others"
                )
        elif self.target_resource_group_id is None:
            raise ValueError("The target is missing: send targetDiskId or targetResourceGroupId")
        return self

    @property
    def _sources(self) -> dict[str, object]:
        return {
            "backupInstanceId": self.backup_instance_id,
            "sourceDiskId": self.source_disk_id,
            "sourceVirtualMachineId": self.source_virtual_machine_id,
            "sourceResourceGroupId": self.source_resource_group_id,
            "sourceDiskIds": self.source_disk_ids,
        }

    @property
    def is_set(self) -> bool:
        """Tell whether it asks for several disks."""
        return any(self._sources[name] is not None for name in OF_MANY)

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


_NAMES: Final = {name: to_camel(name) for name in RestoreRequest.model_fields}
_MAY_BE_EMPTY: Final = {to_camel(name) for name in RestoreRequest.model_fields} - {
    "recoveryPointId",
    "pointInTime",
}
"""Where null and "" mean absent. Not in a selector, and not in a name that is unknown: it may be a
selector, misspelt, whose expression yields nothing."""

FIELDS: Final = {to_camel(name).lower(): to_camel(name) for name in RestoreRequest.model_fields}
"""Every field of a request as a sender writes it, by its lower-cased name."""
