"""What there is to restore: backup instances and their recovery points, as the vault shows them."""

from typing import Any, Final

from restore_core.azure import advice
from restore_core.azure.jobs import moment
from restore_core.azure.vault_calls import VaultCalls, odd
from restore_core.contract.resource_ids import (
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    InvalidId,
    RecoveryPointId,
    ResourceGroupId,
    recovery_point_id,
)
from restore_core.engine.ports import BackupInstance
from restore_core.errors import Problem, Rejected, Unavailable
from restore_core.lifecycle.recovery_points import RecoveryPoint, is_operational
from restore_core.loose_json import array_of, object_of, text_of
from restore_core.text import one_line, quoted

DISKS: Final = "Microsoft.Compute/disks"


class Inventory:
    """The instances and points of any vault. Safe for threads."""

    def __init__(self, calls: VaultCalls) -> None:
        self._calls = calls

    def instance(self, instance: BackupInstanceId) -> BackupInstance:
        """Return the protected disk; raise Unavailable, or Rejected where it is none."""
        body = self._calls.read(str(instance), instance.vault, advice.no_instance(instance)).body
        return _instance(instance, body)

    def instance_of(self, source: DiskId, vault: BackupVaultId) -> BackupInstance:
        """Return the one instance of `vault` that protects `source`.

        Its item in the vault's list tells what a GET of it would. Raise Unavailable, or Rejected
        where there is none, or more than one.
        """
        items = self._calls.items(f"{vault}/backupInstances", vault, advice.no_vault(vault))
        found = [item for item in items if _protects(item, source)]
        if len(found) != 1:
            raise Rejected(advice.not_one_instance(source, vault, [_name(item) for item in found]))
        try:
            return _instance(BackupInstanceId.of(vault, _name(found[0])), found[0])
        except InvalidId:
            raise Unavailable(odd("a backup instance's name")) from None

    def points(self, instance: BackupInstanceId) -> list[RecoveryPoint]:
        """Return all recovery points of `instance`; raise Unavailable or Rejected."""
        items = self._calls.items(f"{instance}/recoveryPoints", instance.vault)
        return [point for point in map(_point, items) if point is not None]

    def point(self, instance: BackupInstanceId, point: RecoveryPointId) -> RecoveryPoint:
        """Return the recovery point that the caller named; raise Unavailable or Rejected."""
        path = f"{instance}/recoveryPoints/{point}"
        found = _point(
            self._calls.read(path, instance.vault, advice.no_point(instance, point)).body
        )
        if found is None:
            raise Unavailable(odd("the recovery point"))
        return found


def _instance(instance: BackupInstanceId, body: dict[str, Any]) -> BackupInstance:
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
    return BackupInstance(instance, _source(info), _region(info), _snapshot_group(properties))


def _source_info(body: dict[str, Any]) -> dict[str, Any]:
    properties = _folded(object_of(body.get("properties")))
    return _folded(object_of(properties.get("datasourceinfo")))


def _protects(item: dict[str, Any], source: DiskId) -> bool:
    return text_of(_source_info(item).get("resourceid")).lower() == source.key


def _name(item: dict[str, Any]) -> str:
    return text_of(item.get("name")) or text_of(item.get("id")).rpartition("/")[2]


def _point(item: dict[str, Any]) -> RecoveryPoint | None:
    """Return the recovery point of a list's item; None for one of a kind that is not known."""
    properties = object_of(item.get("properties"))
    time = moment(properties.get("recoveryPointTime"))
    details = [object_of(d) for d in array_of(properties.get("recoveryPointDataStoresDetails"))]
    stores = tuple(text_of(detail.get("type")) for detail in details)
    held = next((d for d, s in zip(details, stores, strict=True) if is_operational(s)), {})
    try:
        name = text_of(properties.get("recoveryPointId")) or text_of(item.get("name"))
        point = recovery_point_id(name)
    except InvalidId:
        return None
    if time is None:
        return None
    return RecoveryPoint(
        id=point,
        time=time,
        stores=stores,
        state=text_of(held.get("state")),
        visible=held.get("visible") is not False,
        expiry=moment(properties.get("expiryTime")) or moment(held.get("expiryTime")),
        completeness=text_of(properties.get("recoveryPointState")),
    )


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


def _folded(fields: dict[str, Any]) -> dict[str, Any]:
    """Lower the keys: `resourceID` and `resourceId` both occur."""
    return {key.lower(): value for key, value in fields.items()}
