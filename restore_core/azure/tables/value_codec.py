"""Values of the lifecycle as JSON, and back: dataclasses by their annotations. Pure."""

from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Final, get_args, get_origin, get_type_hints

from restore_core.contract.resource_ids import (
    ArmId,
    JobId,
    RecoveryPointId,
    job_id,
    recovery_point_id,
)


def encoded(value: Any) -> Any:
    """Return `value`, of the types that states are made of, as JSON has it."""
    match value:
        case datetime():
            return value.isoformat()
        case ArmId():
            return str(value)
        case Enum():
            return value.value
        case tuple():
            return [encoded(item) for item in value]
        case _ if is_dataclass(value):
            held = {field.name: getattr(value, field.name) for field in fields(value)}
            return {name: encoded(item) for name, item in held.items()}
        case _:
            return value


def decoded(hint: Any, value: Any) -> Any:
    """Return `value` as the type that `hint`, a type hint of the states, asks for.

    Raise TypeError or ValueError where it is of another: what is read is trusted from here on.
    """
    kinds: list[Any] = [*get_args(hint)] or [hint]
    kind, *others = kinds
    if value is None and type(None) in others:
        return None
    if get_origin(hint) is tuple:
        return tuple(decoded(kind, item) for item in of_kind(list, value))
    parse: Any = _PARSERS.get(kind) or getattr(kind, "parse", None)
    if parse is not None:
        return parse(value)
    if hasattr(kind, "__dataclass_fields__"):
        hints = _hints_of(kind)
        return kind(**{name: decoded(hints[name], item) for name, item in value.items()})
    return kind(value) if issubclass(kind, Enum) else of_kind(kind, value)


def of_kind(kind: Any, value: Any) -> Any:
    """Return `value`; raise TypeError where it is no `kind`."""
    if type(value) is not kind:
        raise TypeError(f"a {type(value).__name__} stands where a {kind.__name__} must")
    return value


def moment_of(value: Any) -> datetime:
    """Return the time that a text names; raise ValueError where it has no zone."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time has no zone")
    return moment


_hints_of: Final = cache(get_type_hints)  # Working them out costs more than all else in a row.


_PARSERS: Final[dict[Any, Any]] = {
    datetime: moment_of,
    JobId: job_id,
    RecoveryPointId: recovery_point_id,
}
