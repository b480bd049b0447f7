"""The JSON in which clients see disks and machines: what a restore may need of them, no more."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from simulator import arm_ids, wire_times
from simulator.machines import Attachment, Disk, Machine

_KIND: Final = "Premium_LRS"
_GIB: Final = 2**30


def disk(one: Disk, owner: Machine | None) -> dict[str, Any]:
    """Return a Disk as its GET shows it; `managedBy` is absent where it hangs on no machine."""
    return {
        "name": arm_ids.name_of(one.id),
        "id": one.id,
        "type": "Microsoft.Compute/disks",
        "location": one.region,
        **({"managedBy": owner.id} if owner else {}),
        "sku": {"name": _KIND, "tier": "Premium"},
        "properties": disk_properties(one, owner),
    }


def disk_properties(one: Disk, owner: Machine | None) -> dict[str, Any]:
    """Return the properties of a Disk, in its GET and in Resource Graph."""
    return {
        **({"osType": one.os_type, "hyperVGeneration": "V2"} if one.os_type else {}),
        "creationData": {"createOption": "Copy" if one.made_by else "Empty"},
        "diskSizeGB": one.size_gib,
        "diskSizeBytes": one.size_gib * _GIB,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "diskState": "Attached" if owner else "Unattached",
        "provisioningState": "Succeeded",
        **_created(one.created),
        "uniqueId": _unique(one.id),
    }


def machine(one: Machine, disks: Mapping[str, Disk], now: datetime) -> dict[str, Any]:
    """Return a VirtualMachine as its GET shows it."""
    return {
        "name": arm_ids.name_of(one.id),
        "id": one.id,
        "type": "Microsoft.Compute/virtualMachines",
        "location": one.region,
        "properties": machine_properties(one, disks, now),
    }


def machine_properties(one: Machine, disks: Mapping[str, Disk], moment: datetime) -> dict[str, Any]:
    """Return the properties of a VirtualMachine, in its GET and in Resource Graph."""
    hung = one.attached(moment)
    os_disks = [_os_disk(each, disks) for each in hung if each.lun is None]
    return {
        "hardwareProfile": {"vmSize": one.size},
        "provisioningState": "Succeeded",
        "vmId": _unique(one.id),
        "storageProfile": {
            **({"osDisk": os_disks[0]} if os_disks else {}),
            "dataDisks": [_data_disk(each, disks) for each in hung if each.lun is not None],
        },
        **_created(one.created),
    }


def _os_disk(one: Attachment, disks: Mapping[str, Disk]) -> dict[str, Any]:
    own = {"osType": "Linux", "createOption": "FromImage", "caching": "ReadWrite"}
    return {**own, **_attached(one, disks)}


def _data_disk(one: Attachment, disks: Mapping[str, Disk]) -> dict[str, Any]:
    own = {"lun": one.lun, "createOption": "Attach", "caching": "None", "toBeDetached": False}
    return {**own, **_attached(one, disks)}


def _attached(one: Attachment, disks: Mapping[str, Disk]) -> dict[str, Any]:
    known = disks.get(arm_ids.key(one.disk_id))
    return {
        "name": arm_ids.name_of(one.disk_id),
        "managedDisk": {"storageAccountType": _KIND, "id": one.disk_id},
        "deleteOption": "Detach",
        **({"diskSizeGB": known.size_gib} if known else {}),
    }


def _created(moment: datetime | None) -> dict[str, str]:
    return {"timeCreated": wire_times.precise(moment)} if moment else {}


def _unique(resource_id: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, arm_ids.key(resource_id)))
