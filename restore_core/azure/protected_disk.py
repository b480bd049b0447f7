"""A backup instance as ARM shows it: answered to a GET, in a vault's list. Pure."""

from datetime import datetime
from typing import Any, Final

from restore_core.azure.advice.instances import soft_deleted
from restore_core.azure.jobs import moment
from restore_core.azure.vault_calls import odd
from restore_core.contract.resource_ids import (
    BackupInstanceId,
    DiskId,
    IdentityId,
    InvalidId,
    ResourceGroupId,
)
from restore_core.errors import Problem, Rejected, Unavailable
from restore_core.lifecycle.backup_instance import BackupInstance
from restore_core.loose_json import array_of, object_of, text_of
from restore_core.text import one_line, quoted

DISKS: Final = "Microsoft.Compute/disks"
_SOFT_DELETED: Final = frozenset({"softdeleted", "softdeleting"})


class SoftDeleted(Rejected):
    """The instance was deleted and is still kept: nothing is restored before it is undeleted."""

    def __init__(self, instance: BackupInstanceId, until: datetime | None) -> None:
        super().__init__(soft_deleted([instance], until))
        self.instance = instance


def protected_disk(instance: BackupInstanceId, body: dict[str, Any]) -> BackupInstance:
    """Return what `body` tells of `instance`; raise Unavailable, or Rejected."""
    properties = object_of(body.get("properties"))
    info = _source_info(body)
    kind = text_of(info.get("datasourcetype")) or text_of(info.get("resourcetype"))
    if kind.lower() != DISKS.lower():
        raise Rejected(
            Problem(
                "NotADisk",
                f"The backup instance protects {quoted(kind or 'nothing known')}, not a disk.",
                "Name the backup instance of a managed disk.",
            )
        )
    if is_soft_deleted(body):
        raise SoftDeleted(instance, _purged_at(body))
    return BackupInstance(
        id=instance,
        source=_source(info),
        region=_region(info),
        snapshot_group=_snapshot_group(properties),
        identity=_identity(properties),
    )


def protects(item: dict[str, Any], source: DiskId) -> bool:
    """Tell whether an item of a list, or a row of Resource Graph, protects this disk."""
    return source_key(item) == source.key


def source_key(item: dict[str, Any]) -> str:
    """Return the lower-cased id of what a list's item protects; "" where it names nothing."""
    return text_of(_source_info(item).get("resourceid")).lower()


def name_of(item: dict[str, Any]) -> str:
    """Return the name of a list's item."""
    return text_of(item.get("name")) or text_of(item.get("id")).rpartition("/")[2]


def is_soft_deleted(item: dict[str, Any]) -> bool:
    """Tell whether an instance was deleted and is still kept: it restores nothing, undeleted first.

    Every other state restores, `ProtectionStopped` and `ProtectionError` too.
    """
    properties = _folded(object_of(item.get("properties")))
    status = _folded(object_of(properties.get("protectionstatus"))).get("status")
    state = text_of(properties.get("currentprotectionstate")) or text_of(status)
    return state.lower() in _SOFT_DELETED


def _purged_at(item: dict[str, Any]) -> datetime | None:
    """Return until when a soft-deleted instance is kept, where it says so."""
    properties = _folded(object_of(item.get("properties")))
    return moment(_folded(object_of(properties.get("deletioninfo"))).get("scheduledpurgetime"))


def _source_info(body: dict[str, Any]) -> dict[str, Any]:
    properties = _folded(object_of(body.get("properties")))
    return _folded(object_of(properties.get("datasourceinfo")))


def _source(info: dict[str, Any]) -> DiskId:
    try:
        return DiskId.parse(text_of(info.get("resourceid")))
    except InvalidId as error:
        problem = Problem("NotADisk", f"The backup instance names no source disk: {error}.")
        raise Rejected(problem) from None


def _region(info: dict[str, Any]) -> str:
    region = one_line(text_of(info.get("resourcelocation")), 64)
    if not region:
        raise Unavailable(odd("the source disk's region"))
    return region


def _snapshot_group(properties: dict[str, Any]) -> ResourceGroupId | None:
    """Return the group of `policyParameters`, where the vault identity needs its other role."""
    parameters = object_of(object_of(properties.get("policyInfo")).get("policyParameters"))
    for item in array_of(parameters.get("dataStoreParametersList")):
        try:
            return ResourceGroupId.parse(text_of(object_of(item).get("resourceGroupId")))
        except InvalidId:
            continue
    return None


def _identity(properties: dict[str, Any]) -> IdentityId | None:
    """Return the user-assigned identity of `identityDetails`; None for the vault's own.

    It wins only where the instance does not say that it works under the vault's own.
    """
    details = _folded(object_of(_folded(properties).get("identitydetails")))
    named = text_of(details.get("userassignedidentityarmurl"))
    if not named or _is_true(details.get("usesystemassignedidentity")):
        return None
    try:
        return IdentityId.parse(named)
    except InvalidId:
        raise Unavailable(odd("the backup instance's identity")) from None


def _is_true(value: Any) -> bool:
    """Tell whether a flag is set: Resource Graph may tell one as text."""
    return value is True or text_of(value).lower() == "true"


def _folded(fields: dict[str, Any]) -> dict[str, Any]:
    """Lower the keys: `resourceID` and `resourceId` both occur."""
    return {key.lower(): value for key, value in fields.items()}
