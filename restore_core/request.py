"""The message contract: what a sender may ask, and every reason why a message is refused. Pure.

Pydantic serves this module alone. Everything inside the app holds a `RestoreRequest`, never a dict
from outside.
"""

import base64
import difflib
import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from restore_core.errors import MalformedRequest
from restore_core.resource_ids import (
    BackupInstanceId,
    DiskId,
    RecoveryPointId,
    ResourceGroupId,
    recovery_point_id,
)
from restore_core.text import one_line, quoted

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
MAX_CARRIED_TEXT: Final = 1_024
"""Characters kept of requestedBy, reason and correlationId. They are cut, never refused: a long
reason is no reason to leave a disk lost."""
MAX_DISK_NAME: Final = 80
DERIVED_SUFFIX: Final = 10
"""Hex digits of the request id's SHA-256 that end a derived disk name."""
MAX_FAULTS_TOLD: Final = 5

_NEVER_EMPTY: Final = ("recoveryPointId", "pointInTime")
_A_TIME: Final = "an example is 2026-11-21T02:00:00Z"
_TRUTH: Final = {"true": True, "false": False}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"it must be text, not {_json_type(value)}")  # noqa: TRY004 pydantic
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
    if text == "latest":
        return "latest"
    try:
        moment = datetime.fromisoformat(text)
        zoned = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("it is out of range") from None
    except ValueError:
        raise ValueError(f"it is no ISO 8601 time; {_A_TIME}") from None
    if moment.tzinfo is None:
        raise ValueError(f"it has no time zone: add Z or an offset; {_A_TIME}")
    return zoned


def _selector(value: object, remedy: str) -> str:
    """Refuse an empty selector: an expression that yields nothing must not restore the latest."""
    if value is None or value == "":
        raise ValueError(f"it is empty, which is not the same as absent: {remedy}")
    return _text(value)


def _flag(value: object) -> bool:
    """Accept JSON's booleans, and their names: a Logic App writes `"True"`."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUTH:
        return _TRUTH[value.lower()]
    raise ValueError("it must be true or false")


def _carried(text: str) -> str | None:
    return one_line(text, MAX_CARRIED_TEXT) or None


_AsText = PlainSerializer(str)
_Carried = Annotated[str | None, _parsed(_carried)]


class RestoreRequest(BaseModel):
    """What the caller asked; immutable. Two messages with equal requests ask the same thing."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=False,
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
    )

    request_id: Annotated[str, _parsed(_request_id)]
    backup_instance_id: Annotated[BackupInstanceId, _parsed(BackupInstanceId.parse), _AsText]
    target_disk_id: Annotated[DiskId | None, _parsed(DiskId.parse), _AsText] = None
    target_resource_group_id: Annotated[
        ResourceGroupId | None, _parsed(ResourceGroupId.parse), _AsText
    ] = None
    target_disk_name: Annotated[str | None, _parsed(_disk_name)] = None
    recovery_point_id: Annotated[RecoveryPointId | None, BeforeValidator(_point_id)] = None
    point_in_time: Annotated[
        datetime | Literal["latest"] | None, BeforeValidator(_point_in_time)
    ] = None
    validate_only: Annotated[bool, BeforeValidator(_flag)] = False
    requested_by: _Carried = None
    reason: _Carried = None
    correlation_id: _Carried = None

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Return the request of a queue message, plain or base64; raise MalformedRequest."""
        return cls.from_fields(decode(body))

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return the request of decoded JSON; raise MalformedRequest naming every wrong field."""
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            told = [_told(fault) for fault in error.errors(include_url=False)[:MAX_FAULTS_TOLD]]
            raise MalformedRequest(
                f"The message is no restore request. {' '.join(told)}", _usable_id(fields)
            ) from None

    @model_validator(mode="before")
    @classmethod
    def _drop_what_means_absent(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value
            for name, value in fields.items()
            # The host's own output binding adds `$AzureWebJobsParentId`.
            if not name.startswith("$") and (name in _NEVER_EMPTY or value not in (None, ""))
        }

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
    def known_target(self) -> DiskId | ResourceGroupId:
        """Return the disk to create, or its group where the name comes from the source disk."""
        if self.target_disk_id is not None:
            return self.target_disk_id
        group = self.target_resource_group_id
        if group is None:  # pragma: no cover  the validator above leaves no such request
            raise MalformedRequest("the target is missing")
        return group if self.target_disk_name is None else DiskId(group, self.target_disk_name)

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


def decode(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a message, plain or base64, with or without a byte order mark.

    Senders differ: SDKs of today write plain text, Event Grid and older SDKs base64.
    Raise MalformedRequest where the bytes are neither.
    """
    text = _utf8(body)
    if not text.startswith(("{", "[", '"')):
        text = _unwrapped(text)
    try:
        decoded = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise MalformedRequest("The message is nested too deeply to be read.") from None
    except ValueError as error:
        raise MalformedRequest(f"The message is not JSON: {one_line(str(error), 200)}.") from None
    if not isinstance(decoded, dict):
        raise MalformedRequest(
            f"The message must be a JSON object, but it is {_json_type(decoded)}."
        )
    return decoded


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise MalformedRequest(
            f"The message is not UTF-8: byte {error.start} cannot be read. Send JSON as UTF-8, "
            "plain or base64."
        ) from None


def _unwrapped(text: str) -> str:
    try:
        plain = base64.b64decode("".join(text.split()), validate=True)
        return plain.decode("utf-8-sig").strip()
    except ValueError:
        raise MalformedRequest(
            f"The message is neither JSON nor base64 of JSON; it begins with {quoted(text[:40])}."
        ) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a repeated field: readers differ in which of the two they take."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise ValueError(f"the field {quoted(name)} stands twice in one object")
        fields[name] = value
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _usable_id(fields: dict[str, Any]) -> str:
    request_id = fields.get("requestId")
    usable = isinstance(request_id, str) and REQUEST_ID.fullmatch(request_id)
    return request_id if usable and isinstance(request_id, str) else ""


def _told(fault: ErrorDetails) -> str:
    """Return one fault as a sentence: the field, its value (cut) and the remedy."""
    field = str(fault["loc"][0]) if fault["loc"] else ""
    if fault["type"] == "missing":
        return f"{field} is missing: every request must have it."
    if fault["type"] == "extra_forbidden":
        return f"{quoted(field)} is no field of a restore request{_nearest(field)}."
    reason = str(fault["ctx"]["error"]) if "ctx" in fault else fault["msg"]
    if not field:
        return f"{reason}."
    return f"{field} is {_shown(fault['input'])}: {reason}."


def _nearest(field: str) -> str:
    names = {to_camel(name).lower(): to_camel(name) for name in RestoreRequest.model_fields}
    near = difflib.get_close_matches(field.lower(), names, n=1, cutoff=0.5)
    if near:
        return f": perhaps {names[near[0]]} is meant"
    return f"; the fields are {', '.join(names.values())}"


def _shown(value: object) -> str:
    return quoted(value) if isinstance(value, str) else _json_type(value)


def _json_type(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "an object")
