"""Which fields of a request go together, and which exclude each other. Pure.

Each rule stands here twice, in words for a sender and in those of JSON Schema; that the two say the
same is held by the tests.
"""

from typing import Any, Final

from restore_core.contract import request_schema as schema
from restore_core.contract.faults import all_of, either

MAX_SET_ID: Final = 64
"""Characters of a set's id: those of its members begin with it."""
OF_ONE: Final = ("backupInstanceId", "sourceDiskId")
OF_MANY: Final = ("sourceVirtualMachineId", "sourceResourceGroupId", "sourceDiskIds")
OF_SETS: Final = ("expectedDisks", "targetDiskSuffix")
_SOURCES: Final = (*OF_ONE, *OF_MANY)
_NAMED_TARGET: Final = ("targetDiskId", "targetDiskName")
_SELECTORS: Final = ("recoveryPointId", "pointInTime")


def fault_among(there: set[str], request_id: str) -> str:
    """Return why the fields that have a value cannot stand together; "" where they can."""
    is_set = not there.isdisjoint(OF_MANY)
    return (
        _source(there)
        or (_set(there, request_id) if is_set else _one(there))
        or _selector(there)
        or _target(there)
    )


def _among(names: tuple[str, ...], there: set[str]) -> list[str]:
    return [name for name in names if name in there]


def _source(there: set[str]) -> str:
    named = _among(_SOURCES, there)
    if not named:
        return (
            f"The source is missing: send {either(OF_ONE)}, or for several disks {either(OF_MANY)}"
        )
    if len(named) > 1:
        return f"{all_of(named)} exclude each other: send one of them"
    if {"backupInstanceId", "vaultId"} <= there:
        return "backupInstanceId excludes vaultId, for it names its vault: leave out vaultId"
    return ""


def _set(there: set[str], request_id: str) -> str:
    named = _among(_NAMED_TARGET, there)
    if named:
        return (
            f"{all_of(named)} cannot hold for several disks: send targetResourceGroupId, and "
            "targetDiskSuffix where the names matter"
        )
    if "recoveryPointId" in there:
        return "recoveryPointId cannot hold for several disks: send pointInTime, or neither"
    if len(request_id) > MAX_SET_ID:
        return (
            f"requestId is too long: for several disks it must have at most {MAX_SET_ID} "
            "characters, for the ids of their restores begin with it"
        )
    return ""


def _one(there: set[str]) -> str:
    named = _among(OF_SETS, there)
    if named:
        return f"{all_of(named)} can hold for several disks only ({either(OF_MANY)}): leave it out"
    return ""


def _selector(there: set[str]) -> str:
    if there.issuperset(_SELECTORS):
        return f"{all_of(_SELECTORS)} exclude each other: send one of them"
    return ""


def _target(there: set[str]) -> str:
    if "targetDiskId" in there and not there.isdisjoint(
        ("targetResourceGroupId", "targetDiskName")
    ):
        return (
            "targetDiskId excludes targetResourceGroupId and targetDiskName: send the one or the "
            "others"
        )
    if there.isdisjoint(("targetDiskId", "targetResourceGroupId")):
        one = "" if there & {*OF_MANY} else "targetDiskId or "
        return f"The target is missing: send {one}targetResourceGroupId"
    return ""


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
        schema.not_both(*_SELECTORS),
        schema.by_kind(
            OF_MANY,
            then={
                **schema.without(*_NAMED_TARGET),
                "allOf": [{"properties": {"requestId": {"maxLength": MAX_SET_ID}}}],
                "not": {"required": ["recoveryPointId"]},
            },
            otherwise=schema.without(*OF_SETS),
        ),
    ],
    "patternProperties": {r"^\$": True},
}
"""What the rules above ask for, for the published schema."""
