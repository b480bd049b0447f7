"""Which fields of a request go together, and which exclude each other. Pure.

Each rule stands here twice, in words for a sender and in those of JSON Schema; that the two say the
same is held by the tests.
"""

from collections.abc import Iterator
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
_OF_GROUP: Final = ("targetResourceGroupId", "targetDiskName")
_SELECTORS: Final = ("recoveryPointId", "pointInTime")
_A_GROUP: Final = "/subscriptions/<subscription>/resourceGroups/rg-restored"


def faults_among(there: set[str], request_id: str) -> list[str]:
    """Return why the fields that have a value cannot stand together, each reason once."""
    is_set = not there.isdisjoint(OF_MANY)
    of_kind = _of_set(there, request_id) if is_set else _of_one(there)
    return [*_source(there), *of_kind]


def _among(names: tuple[str, ...], there: set[str]) -> list[str]:
    return [name for name in names if name in there]


def _source(there: set[str]) -> Iterator[str]:
    named = _among(_SOURCES, there)
    if not named:
        yield (
            f"The source is missing: send {either(OF_ONE)}, or for several disks {either(OF_MANY)}"
        )
    if len(named) > 1:
        yield f"{all_of(named)} exclude each other: send one of them"
    if {"backupInstanceId", "vaultId"} <= there:
        yield "backupInstanceId excludes vaultId, for it names its vault: leave out vaultId"


def _of_set(there: set[str], request_id: str) -> Iterator[str]:
    named = _among(_NAMED_TARGET, there)
    if named:
        yield (
            f"{all_of(named)} cannot hold for several disks: send targetResourceGroupId, and "
            "targetDiskSuffix where the names matter"
        )
    elif "targetResourceGroupId" not in there:
        yield f"The target is missing: send targetResourceGroupId, such as {_A_GROUP}"
    if "recoveryPointId" in there:
        yield "recoveryPointId cannot hold for several disks: send pointInTime, or neither"
    if len(request_id) > MAX_SET_ID:
        yield (
            f"requestId is too long: for several disks it must have at most {MAX_SET_ID} "
            "characters, for the ids of their restores begin with it"
        )


def _of_one(there: set[str]) -> Iterator[str]:
    named = _among(OF_SETS, there)
    if named and not there.isdisjoint(OF_ONE):
        yield f"{all_of(named)} can hold for several disks only ({either(OF_MANY)}): leave it out"
    if there.issuperset(_SELECTORS):
        yield f"{all_of(_SELECTORS)} exclude each other: send one of them"
    if "targetDiskId" in there and not there.isdisjoint(_OF_GROUP):
        yield f"targetDiskId excludes {all_of(_OF_GROUP)}: send the one or the others"
    if there.isdisjoint(("targetDiskId", "targetResourceGroupId")):
        yield (
            f"The target is missing: send targetDiskId or targetResourceGroupId, such as {_A_GROUP}"
        )


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
