"""What a restore was asked for, as it is told of one restore: the sender's own fields. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from restore_core.text import one_line

MOST_DISKS: Final = 20
"""Disks of a list that are told: a set may name two thousand, and its members are listed."""
_TOLD: Final = (
    "backupInstanceId",
    "sourceDiskId",
    "sourceDiskIds",
    "sourceVirtualMachineId",
    "sourceResourceGroupId",
    "vaultId",
    "targetDiskId",
    "targetResourceGroupId",
    "targetDiskName",
    "targetDiskSuffix",
    "expectedDisks",
    "recoveryPointId",
    "pointInTime",
    "notAfter",
    "force",
    "validateOnly",
)
"""The fields that say what is restored. The rest is carried, and stands in columns."""


def asked(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a request says of what is restored to where; of many disks not which."""
    told = {name: _shown(request[name]) for name in _TOLD if name in request}
    if len(told.get("sourceDiskIds", ())) > MOST_DISKS:
        del told["sourceDiskIds"]
    return told


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return [one_line(str(one)) for one in value]
    return value if isinstance(value, int) else one_line(str(value))
