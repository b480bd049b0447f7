"""A restore as a row of `Restores`, and back. Pure.

The row is the truth: `document` holds request and state as JSON, except the signed URL of a running
operation, which stands in the column `operationUrl` alone. All other columns are copies for a
person, a workbook or a Logic App (`engine.columns`), and are never read back.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final, get_args, get_origin, get_type_hints

from restore_core.contract.origin import Origin
from restore_core.contract.request import RestoreRequest
from restore_core.contract.resource_ids import (
    ArmId,
    JobId,
    RecoveryPointId,
    job_id,
    recovery_point_id,
)
from restore_core.engine.columns import Row, columns, present
from restore_core.errors import MalformedRequest, UnreadableRow
from restore_core.lifecycle import states
from restore_core.lifecycle.outbox import Outbox
from restore_core.lifecycle.restore import Restore, stage_of
from restore_core.lifecycle.states import Restoring, State, Validating, Waiting
from restore_core.text import one_line

RESTORE_ROW: Final = "restore"

_STATES: Final = {
    state.__name__: state for state in (*get_args(Waiting), states.Ending, states.Ended)
}


def restore_row(restore: Restore) -> Row:
    """Return the row of `Restores`."""
    document = {
        "request": json.loads(restore.request.to_json()),
        "requestedAt": restore.requested_at.isoformat(),
        "acceptedAt": restore.accepted_at.isoformat(),
        "deadline": restore.deadline.isoformat(),
        "state": {"is": type(restore.state).__name__, **_encoded(_without_url(restore.state))},
        "outbox": _encoded(restore.outbox),
        "origin": restore.origin.value,
        "standsIn": restore.stands_in,
        "armCalls": restore.arm_calls,
        "moments": {name: at.isoformat() for name, at in restore.moments.items()},
    }
    return {
        "PartitionKey": restore.id,
        "RowKey": RESTORE_ROW,
        # Unescaped: as \uXXXX, long texts of some alphabets would not fit into the property.
        "document": json.dumps(document, separators=(",", ":"), ensure_ascii=False),
        **present({"operationUrl": _operation_url(restore.state), "dueAt": restore.due}),
        **columns(restore),
    }


def restore_of(row: Mapping[str, Any]) -> Restore:
    """Return the restore of a row of `Restores`; raise UnreadableRow."""
    try:
        document = _of_today(json.loads(row["document"]))
        kind = _STATES[document["state"].pop("is")]
        state = _with_url(_decoded(kind, document["state"]), str(row.get("operationUrl", "")))
        accepted_at = _moment(document["acceptedAt"])
        outbox = document.get("outbox")
        return Restore(
            request=_owned(RestoreRequest.from_fields(document["request"]), row["PartitionKey"]),
            requested_at=_moment(document["requestedAt"]),
            accepted_at=accepted_at,
            deadline=_moment(document["deadline"]),
            state=state,
            outbox=_decoded(Outbox, outbox) if outbox else Outbox(stage_of(state), accepted_at),
            origin=Origin(document.get("origin", Origin.NATIVE)),
            stands_in=_of(bool, document.get("standsIn", False)),
            arm_calls=_of(int, document.get("armCalls", 0)),
            moments={name: _moment(at) for name, at in document.get("moments", {}).items()},
        )
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        MalformedRequest,
        RecursionError,
        TypeError,
        ValueError,
    ) as e:
        key = one_line(str(row.get("PartitionKey")), 128)
        raise UnreadableRow(f"The row of {key} cannot be read: {type(e).__name__}.") from None


def moments_of(row: Mapping[str, Any]) -> Mapping[str, datetime]:
    """Return when a restore first came into each state, the latest first; none where unreadable."""
    try:
        return restore_of(row).moments
    except UnreadableRow:
        return {}


def _of_today(document: Any) -> Any:
    """Read what earlier versions wrote.

    Version 0.1.0 left out a plan's instance, which was that of its request, and the versions before
    0.2.0 called what a waiting restore was answered last `told`.
    """
    state = document["state"]
    plan, wait = state.get("plan"), state.get("wait")
    if plan is not None:
        plan.setdefault("instance", document["request"].get("backupInstanceId"))
    if wait is not None and "told" in wait:
        wait["problem"] = wait.pop("told")
    return document


def _owned(request: RestoreRequest, key: str) -> RestoreRequest:
    if request.request_id != key:
        raise ValueError("the row is another restore's")
    return request


def _operation_url(state: State) -> str | None:
    return state.operation.url if isinstance(state, Validating | Restoring) else None


def _without_url(state: State) -> State:
    return _with_url(state, "")


def _with_url(state: State, url: str) -> State:
    if isinstance(state, Validating | Restoring):
        return replace(state, operation=replace(state.operation, url=url))
    return state


def _encoded(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case ArmId():
            return str(value)
        case Enum():
            return value.value
        case tuple():
            return [_encoded(item) for item in value]
        case _ if is_dataclass(value):
            held = {field.name: getattr(value, field.name) for field in fields(value)}
            return {name: _encoded(item) for name, item in held.items()}
        case _:
            return value


def _decoded(hint: Any, value: Any) -> Any:
    """Return `value` as the type that `hint`, a type hint of the states, asks for.

    Raise TypeError or ValueError where it is of another: what is read is trusted from here on.
    """
    kinds: list[Any] = [*get_args(hint)] or [hint]
    kind, *others = kinds
    if value is None and type(None) in others:
        return None
    if get_origin(hint) is tuple:
        return tuple(_decoded(kind, item) for item in _of(list, value))
    parse: Any = _PARSERS.get(kind) or getattr(kind, "parse", None)
    if parse is not None:
        return parse(value)
    if hasattr(kind, "__dataclass_fields__"):
        hints = get_type_hints(kind)
        return kind(**{name: _decoded(hints[name], item) for name, item in value.items()})
    return kind(value) if issubclass(kind, Enum) else _of(kind, value)


def _of(kind: Any, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"a {type(value).__name__} stands where a {kind.__name__} must")
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time has no zone")
    return moment


_PARSERS: Final[dict[Any, Any]] = {
    datetime: _moment,
    JobId: job_id,
    RecoveryPointId: recovery_point_id,
}
