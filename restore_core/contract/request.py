"""The message contract: what a sender may ask, and every reason why a field is refused. Pure.

Pydantic serves this module alone. Everything inside the app holds a `RestoreRequest`, never a dict
from outside.
"""

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
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from restore_core.contract import request_schema as schema
from restore_core.contract.resource_ids import (
    POINT_OR_JOB,
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    RecoveryPointId,
    ResourceGroupId,
    recovery_point_id,
)
from restore_core.errors import MalformedRequest
from restore_core.text import json_type, one_line, quoted, shown

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
MAX_CARRIED_TEXT: Final = 1_024
"""Characters kept of requestedBy, reason and correlationId. They are cut, never refused: a long
reason is no reason to leave a disk lost."""
MAX_DISK_NAME: Final = 80
DERIVED_SUFFIX: Final = 10
"""Hex digits of the request id's SHA-256 that end a derived disk name."""
MAX_FAULTS_TOLD: Final = 5

_A_TIME: Final = "an example is 2026-11-21T02:00:00Z"
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
    return "latest" if text == "latest" else _moment(text)


def _moment(text: str) -> datetime:
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
_AsTime = PlainSerializer(datetime.isoformat)
_Carried = Annotated[str | None, _parsed(_carried), WithJsonSchema(schema.CARRIED)]
_Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema(schema.FLAG)]

_PUBLISHED: Final[dict[str, Any]] = {
    "allOf": [
        schema.one_of_these(
            ("backupInstanceId", ("sourceDiskId", "vaultId")),
            ("sourceDiskId", ("backupInstanceId",)),
        ),
        schema.one_of_these(
            ("targetDiskId", ("targetResourceGroupId", "targetDiskName")),
            ("targetResourceGroupId", ("targetDiskId",)),
        ),
        schema.not_both("recoveryPointId", "pointInTime"),
    ],
    "patternProperties": {r"^\$": True},
}
"""What the validators of the whole request ask for, for the published schema."""


class RestoreRequest(BaseModel):
    """What the caller asked; immutable. Two messages with equal requests ask the same thing."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=False,
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        use_attribute_docstrings=True,
        json_schema_extra=_PUBLISHED,
    )

    request_id: Annotated[str, _parsed(_request_id), WithJsonSchema(schema.text_like(REQUEST_ID))]
    """The idempotency key: one for each incident and disk. The same id with the same content again
    has no effect, ever; with other content it is refused."""

    backup_instance_id: Annotated[
        BackupInstanceId | None,
        _parsed(BackupInstanceId.parse),
        _AsText,
        WithJsonSchema(schema.id_of(BackupInstanceId)),
    ] = None
    """The ARM id of the backup instance: the protected disk in its vault."""

    source_disk_id: Annotated[
        DiskId | None, _parsed(DiskId.parse), _AsText, WithJsonSchema(schema.id_of(DiskId))
    ] = None
    """The ARM id of the disk to restore, instead of its backup instance. It need not exist any
    more."""

    vault_id: Annotated[
        BackupVaultId | None,
        _parsed(BackupVaultId.parse),
        _AsText,
        WithJsonSchema(schema.id_of(BackupVaultId)),
    ] = None
    """The ARM id of the vault that protects sourceDiskId. Without it: RESTORE_DEFAULT_VAULT."""

    target_disk_id: Annotated[
        DiskId | None, _parsed(DiskId.parse), _AsText, WithJsonSchema(schema.id_of(DiskId))
    ] = None
    """The ARM id of the disk to create. It must not exist."""

    target_resource_group_id: Annotated[
        ResourceGroupId | None,
        _parsed(ResourceGroupId.parse),
        _AsText,
        WithJsonSchema(schema.id_of(ResourceGroupId)),
    ] = None
    """The ARM id of the resource group to create the disk in, instead of targetDiskId."""

    target_disk_name: Annotated[
        str | None, _parsed(_disk_name), WithJsonSchema(schema.name_of("disk"))
    ] = None
    """The name of the disk in targetResourceGroupId. Without it: the source disk's name, cut, and
    ten hex digits made of requestId, the same at every retry."""

    recovery_point_id: Annotated[
        RecoveryPointId | None,
        BeforeValidator(_point_id),
        WithJsonSchema(schema.text_like(POINT_OR_JOB)),
    ] = None
    """The recovery point to restore. Never null or empty: leave it out."""

    point_in_time: Annotated[
        datetime | Literal["latest"] | None,
        BeforeValidator(_point_in_time),
        WithJsonSchema(schema.MOMENT_OR_LATEST),
    ] = None
    """An ISO 8601 time with a zone: the newest recovery point at or before it; or latest. With
    neither selector: the newest at or before acceptance. Never null or empty: leave it out."""

    not_after: Annotated[
        datetime | None, _parsed(_moment), _AsTime, WithJsonSchema(schema.MOMENT)
    ] = None
    """An ISO 8601 time with a zone: a restore that has not been asked of Azure by then is not
    wanted any more."""

    force: _Flag = False
    """true: restore although another restore of the same disk runs, or completed less than
    RESTORE_COOLDOWN_MINUTES ago."""

    validate_only: _Flag = False
    """true: stop after the validation, restore nothing."""

    requested_by: _Carried = None
    """Who asks. Carried to the result, cut at 1,024 characters."""

    reason: _Carried = None
    """Why. Carried to the result, cut at 1,024 characters."""

    correlation_id: _Carried = None
    """The sender's own id. Carried to the result, cut at 1,024 characters."""

    @classmethod
    def from_fields(cls, fields: dict[str, Any], *, they: str = "The message is") -> Self:
        """Return the request of decoded JSON; raise MalformedRequest naming every wrong field.

        `they` begins the reason: where the fields were taken from.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            told = [_told(fault) for fault in error.errors(include_url=False)[:MAX_FAULTS_TOLD]]
            raise MalformedRequest(
                f"{they} no restore request. {' '.join(told)}", _usable_id(fields)
            ) from None

    @model_validator(mode="before")
    @classmethod
    def _drop_what_means_absent(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value
            for name, value in fields.items()
            # The host's own output binding adds `$AzureWebJobsParentId`.
            if not name.startswith("$") and (name not in _MAY_BE_EMPTY or value not in (None, ""))
        }

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.backup_instance_id is not None:
            if self.source_disk_id is not None or self.vault_id is not None:
                raise ValueError(
                    "backupInstanceId excludes sourceDiskId and vaultId: send the one or the others"
                )
        elif self.source_disk_id is None:
            raise ValueError("The source is missing: send backupInstanceId or sourceDiskId")
        return self

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
    def known_source(self) -> DiskId:
        """Return the disk to restore, of a request that names it."""
        if self.source_disk_id is None:  # pragma: no cover  the validator leaves no such request
            raise MalformedRequest("the source is missing")
        return self.source_disk_id

    @property
    def vault(self) -> BackupVaultId | None:
        """Return the vault, where the request names it."""
        return self.backup_instance_id.vault if self.backup_instance_id else self.vault_id

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


_MAY_BE_EMPTY: Final = {to_camel(name) for name in RestoreRequest.model_fields} - {
    "recoveryPointId",
    "pointInTime",
}
"""Where null and "" mean absent. Not in a selector, and not in a name that is unknown: it may be a
selector, misspelt, whose expression yields nothing."""

FIELDS: Final = {to_camel(name).lower(): to_camel(name) for name in RestoreRequest.model_fields}
"""Every field of a request as a sender writes it, by its lower-cased name."""


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
    return f"{field} is {shown(fault['input'])}: {reason}."


def nearest_field(name: str, *, cutoff: float) -> str:
    """Return the field that is written nearly as `name`, in any casing, else ""."""
    near = difflib.get_close_matches(name.lower(), FIELDS, n=1, cutoff=cutoff)
    return FIELDS[near[0]] if near else ""


def _nearest(field: str) -> str:
    near = nearest_field(field, cutoff=0.5)
    if near:
        return f": perhaps {near} is meant"
    return f"; the fields are {', '.join(FIELDS.values())}"
