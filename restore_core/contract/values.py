"""What a field may hold: a type for each kind of value, and each reason to refuse one. Pure.

Each refuses with a ValueError that reads on after "the field is the value:".
"""

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from restore_core.contract import request_schema as schema
from restore_core.contract.moments import moment_of
from restore_core.contract.resource_ids import (
    POINT_OR_JOB,
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    RecoveryPointId,
    ResourceGroupId,
    VirtualMachineId,
    recovery_point_id,
)
from restore_core.text import json_type, one_line, shown

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
MAX_CARRIED_TEXT: Final = 1_024
"""Characters kept of requestedBy, reason and correlationId. They are cut, never refused: a long
reason is no reason to leave a disk lost."""
MOST_DISKS: Final = 2_000
"""As many as a set may have members at the most."""
COUNT: Final = re.compile(r"[1-9][0-9]{0,2}|1[0-9]{3}|2000")
"""The digits of as many."""
SUFFIX: Final = re.compile(r"[A-Za-z0-9_.-]{0,39}[A-Za-z0-9_]")
_TRUTH: Final = {"true": True, "false": False}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"it must be text, not {json_type(value)}")  # noqa: TRY004 pydantic
    return value


def _parsed(parse: Callable[[str], object]) -> BeforeValidator:
    """Return a validator that lets a value of the domain pass and parses text."""
    return BeforeValidator(lambda value: parse(_text(value)))


def _request_id(text: str) -> str:
    if not REQUEST_ID.fullmatch(text):
        raise ValueError(
            "it must have 1 to 128 of a-z A-Z 0-9 . _ : - and begin with one of a-z0-9"
        )
    return text


def _disk_name(text: str) -> str:
    return DiskId.named(ResourceGroupId("", ""), text).name


def _point_id(value: object) -> RecoveryPointId:
    return recovery_point_id(_selector(value, "send the id, or leave the field out"))


def _point_in_time(value: object) -> datetime | Literal["latest"]:
    text = _selector(value, "send a time or 'latest', or leave the field out")
    return "latest" if text == "latest" else moment_of(text)


def _selector(value: object, remedy: str) -> str:
    """Refuse an empty selector: an expression that yields nothing must not restore the latest."""
    if value is None or value == "":
        raise ValueError(f"it is empty, which is not the same as absent: {remedy}")
    return _text(value)


def flag_of(value: object) -> bool:
    """Return a boolean of JSON, or what its name says: a Logic App writes `"True"`.

    Raise ValueError.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUTH:
        return _TRUTH[value.lower()]
    raise ValueError("it must be true or false")


def _disks(value: object) -> tuple[DiskId, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"it must be a JSON list of disk ids, not {json_type(value)}")  # noqa: TRY004
    if not 1 <= len(value) <= MOST_DISKS:
        raise ValueError(
            f"it must name 1 to {MOST_DISKS} disks{_or_fewer(len(value))}, and names {len(value)}"
        )
    disks = tuple(one if isinstance(one, DiskId) else _listed(one) for one in value)
    twice = next((disk for disk, count in Counter(disks).items() if count > 1), None)
    if twice is not None:
        raise ValueError(f"it names {twice} twice: name each disk once")
    return disks


def _listed(value: object) -> DiskId:
    try:
        return DiskId.parse(_text(value))
    except ValueError as error:
        raise ValueError(f"{shown(value)} in it cannot be used: {error}") from None


def _count(value: object) -> int:
    """Accept a whole number, and its digits: a custom property of an alert rule is text.

    JSON knows one kind of number, so 3.0 is 3.
    """
    if isinstance(value, str) and COUNT.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return _count(int(value))
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"it must be a whole number from 1 to {MOST_DISKS}, such as 3")  # noqa: TRY004
    if not 1 <= value <= MOST_DISKS:
        raise ValueError(f"it must be a whole number from 1 to {MOST_DISKS}{_or_fewer(value)}")
    return value


def _or_fewer(many: int) -> str:
    """Return what else limits a set, to whoever meets the limit: the setting may be lower."""
    return ", or fewer where RESTORE_MAX_SET says so" if many > MOST_DISKS else ""


def _suffix(text: str) -> str:
    if not SUFFIX.fullmatch(text):
        raise ValueError(
            "it must have 1 to 40 of a-z A-Z 0-9 _ - . and end in one of a-z 0-9 _, as a disk's "
            "name must"
        )
    return text


def _carried(text: str) -> str | None:
    return one_line(text, MAX_CARRIED_TEXT) or None


RequestId = Annotated[str, _parsed(_request_id), WithJsonSchema(schema.text_like(REQUEST_ID))]
Instance = Annotated[
    BackupInstanceId | None,
    _parsed(BackupInstanceId.parse),
    PlainSerializer(str),
    WithJsonSchema(schema.id_of(BackupInstanceId)),
]
Disk = Annotated[
    DiskId | None,
    _parsed(DiskId.parse),
    PlainSerializer(str),
    WithJsonSchema(schema.id_of(DiskId)),
]
Vault = Annotated[
    BackupVaultId | None,
    _parsed(BackupVaultId.parse),
    PlainSerializer(str),
    WithJsonSchema(schema.id_of(BackupVaultId)),
]
Group = Annotated[
    ResourceGroupId | None,
    _parsed(ResourceGroupId.parse),
    PlainSerializer(str),
    WithJsonSchema(schema.id_of(ResourceGroupId)),
]
Machine = Annotated[
    VirtualMachineId | None,
    _parsed(VirtualMachineId.parse),
    PlainSerializer(str),
    WithJsonSchema(schema.id_of(VirtualMachineId)),
]
Disks = Annotated[
    tuple[DiskId, ...] | None,
    BeforeValidator(_disks),
    PlainSerializer(lambda disks: [str(disk) for disk in disks]),
    WithJsonSchema(schema.list_of(DiskId, MOST_DISKS)),
]
Count = Annotated[
    int | None, BeforeValidator(_count), WithJsonSchema(schema.count_up_to(MOST_DISKS, COUNT))
]
Suffix = Annotated[str | None, _parsed(_suffix), WithJsonSchema(schema.text_or_none(SUFFIX))]
DiskName = Annotated[str | None, _parsed(_disk_name), WithJsonSchema(schema.name_of("disk"))]
Point = Annotated[
    RecoveryPointId | None,
    BeforeValidator(_point_id),
    WithJsonSchema(schema.text_like(POINT_OR_JOB)),
]
PointInTime = Annotated[
    datetime | Literal["latest"] | None,
    BeforeValidator(_point_in_time),
    WithJsonSchema(schema.MOMENT_OR_LATEST),
]
Moment = Annotated[
    datetime | None,
    _parsed(moment_of),
    PlainSerializer(datetime.isoformat),
    WithJsonSchema(schema.MOMENT),
]
Flag = Annotated[bool, BeforeValidator(flag_of), WithJsonSchema(schema.FLAG)]
Carried = Annotated[str | None, _parsed(_carried), WithJsonSchema(schema.CARRIED)]
