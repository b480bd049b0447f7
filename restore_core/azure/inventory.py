"""What there is to restore: backup instances and their recovery points, as the vault shows them."""

from typing import Any

from restore_core.azure.advice import instances
from restore_core.azure.jobs import moment
from restore_core.azure.protected_disk import protected_disk
from restore_core.azure.vault_calls import VaultCalls, odd
from restore_core.contract.resource_ids import (
    BackupInstanceId,
    InvalidId,
    RecoveryPointId,
    recovery_point_id,
)
from restore_core.errors import Unavailable
from restore_core.lifecycle.backup_instance import BackupInstance
from restore_core.lifecycle.recovery_points import RecoveryPoint, is_operational
from restore_core.loose_json import array_of, object_of, text_of


class Inventory:
    """The instances and points of any vault. Safe for threads."""

    def __init__(self, calls: VaultCalls) -> None:
        self._calls = calls

    def instance(self, instance: BackupInstanceId) -> BackupInstance:
        """Return the protected disk; raise Unavailable, or Rejected where it is none."""
        body = self._calls.read(str(instance), instance.vault, instances.no_instance(instance)).body
        return protected_disk(instance, body)

    def points(self, instance: BackupInstanceId) -> list[RecoveryPoint]:
        """Return all recovery points of `instance`; raise Unavailable or Rejected."""
        items = self._calls.items(f"{instance}/recoveryPoints", instance.vault)
        return [point for point in map(_point, items) if point is not None]

    def point(self, instance: BackupInstanceId, point: RecoveryPointId) -> RecoveryPoint:
        """Return the recovery point that the caller named; raise Unavailable or Rejected."""
        path = f"{instance}/recoveryPoints/{point}"
        found = _point(
            self._calls.read(path, instance.vault, instances.no_point(instance, point)).body
        )
        if found is None:
            raise Unavailable(odd("the recovery point"))
        return found


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
