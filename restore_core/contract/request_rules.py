"""Which fields of a request go together, and which exclude each other. Values only."""

from typing import Any, Final

from restore_core.contract import request_schema as schema

MAX_SET_ID: Final = 64
"""Characters of a set's id: those of its members begin with it."""
OF_ONE: Final = ("backupInstanceId", "sourceDiskId")
OF_MANY: Final = ("sourceVirtualMachineId", "sourceResourceGroupId", "sourceDiskIds")
_SOURCES: Final = (*OF_ONE, *OF_MANY)
NAMED_TARGET: Final = ("targetDiskId", "targetDiskName")
A_SET: Final = "for several disks sourceVirtualMachineId, sourceResourceGroupId or sourceDiskIds"
OF_SETS: Final = ("expectedDisks", "targetDiskSuffix")


def _others(one: str) -> tuple[str, ...]:
    """Return the fields that exclude the source field `one`."""
    others = tuple(name for name in _SOURCES if name != one)
    return (*others, "vaultId") if one == "backupInstanceId" else others


PUBLISHED: Final[dict[str, Any]] = {
    "allOf": [
        schema.one_of_these(*((one, _others(one)) for one in _SOURCES)),
        schema.one_of_these(
            ("targetDiskId", ("targetResourceGroupId", "targetDiskName")),
            ("targetResourceGroupId", ("targetDiskId",)),
        ),
        schema.not_both("recoveryPointId", "pointInTime"),
        schema.by_kind(
            OF_MANY,
            then={
                **schema.without(*NAMED_TARGET),
                "allOf": [{"properties": {"requestId": {"maxLength": MAX_SET_ID}}}],
                "not": {"required": ["recoveryPointId"]},
            },
            otherwise=schema.without(*OF_SETS),
        ),
    ],
    "patternProperties": {r"^\$": True},
}
"""What the validators of the whole request ask for, for the published schema."""
