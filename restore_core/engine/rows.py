"""A restore as table rows, and back. Pure.

A row of `Restores` is the truth: `document` holds request and state as JSON, except the signed URL
of a running operation, which stands in the column `operationUrl` alone. All other columns are
copies for a person, a workbook or a Logic App, and are never read back.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
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
from restore_core.errors import MalformedRequest, Problem, UnreadableRow
from restore_core.lifecycle import states
from restore_core.lifecycle.outbox import Outbox
from restore_core.lifecycle.restore import Restore, stage_of
from restore_core.lifecycle.states import (
    Outcome,
    Restoring,
    State,
    Status,
    Unaccepted,
    Validating,
    Waiting,
)
from restore_core.text import one_line, utc_text

Row = dict[str, Any]

RESTORE_ROW: Final = "restore"
UNREADABLE: Final = "unreadable"
MAX_PROPERTY: Final = 32_768
"""UTF-16 units that a text property holds (64 KiB)."""


@dataclass(frozen=True)
class Column:
    """A column that a receiver may rely on: what it holds, as Python has it, and its meaning."""

    kind: type[str | int | datetime]
    text: str


PUBLIC: Final = {
    "status": Column(str, "Where the restore stands, or how it ended."),
    "requestId": Column(str, "As the sender sent it, or as an alert or event gave it."),
    "origin": Column(str, "The envelope that the request came in."),
    "backupInstanceId": Column(str, "The ARM id of the protected disk in its vault."),
    "sourceDiskId": Column(str, "The ARM id of the disk that is restored."),
    "targetDiskId": Column(str, "The ARM id of the new disk."),
    "recoveryPointId": Column(str, "The recovery point that is restored."),
    "recoveryPointTime": Column(datetime, "When the recovery point was made."),
    "recoveryPointAgeSeconds": Column(int, "Its age at acceptance: what was lost (RPO)."),
    "durationSeconds": Column(int, "From acceptance to the end: how long it took (RTO)."),
    "requestedAt": Column(datetime, "When the message was put on the queue."),
    "acceptedAt": Column(datetime, "When the request was recorded."),
    "triggeredAt": Column(datetime, "When the restore was asked of Azure."),
    "completedAt": Column(datetime, "When the restore ended."),
    "dueAt": Column(datetime, "When the app looks again at a restore that is under way."),
    "jobId": Column(str, "The vault's job."),
    "jobStatus": Column(str, "The vault's own word for the end of its job."),
    "errorCode": Column(str, "Why it ended badly, or still waits: a code."),
    "errorMessage": Column(str, "Why, in a sentence."),
    "recommendedAction": Column(str, "What to do about it."),
    "correlationId": Column(str, "As the sender sent it, or as an alert or event gave it."),
    "armCorrelationId": Column(str, "What Azure support asks for."),
    "requestedBy": Column(str, "As the sender sent it, or as an alert or event gave it."),
    "reason": Column(str, "As the sender sent it."),
    "messageText": Column(str, "A message that never became a restore. Never in an event."),
    "messageLength": Column(int, "Its bytes."),
    "messageSha256": Column(str, "Its SHA-256, in hex."),
}
"""The columns that a receiver may read: what is not named here stays inside."""

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
    }
    return {
        "PartitionKey": restore.id,
        "RowKey": RESTORE_ROW,
        # Unescaped: as \uXXXX, long texts of some alphabets would not fit into the property.
        "document": json.dumps(document, separators=(",", ":"), ensure_ascii=False),
        **_present({"operationUrl": _operation_url(restore.state), "dueAt": restore.due}),
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


def _of_today(document: Any) -> Any:
    """Add what version 0.1.0 did not write: its plans were for the instance of their request."""
    plan = document["state"].get("plan")
    if plan is not None:
        plan.setdefault("instance", document["request"].get("backupInstanceId"))
    return document


def _owned(request: RestoreRequest, key: str) -> RestoreRequest:
    if request.request_id != key:
        raise ValueError("the row is another restore's")
    return request


def result_row(restore: Restore, outcome: Outcome) -> Row:
    """Return the row of `RestoreResults`: from the saved outcome, so a repeat writes the same."""
    return {
        "PartitionKey": day(restore.accepted_at),
        "RowKey": restore.id,
        **columns(restore),
        "durationSeconds": _seconds(restore.accepted_at, outcome.at),
    }


def unaccepted_row(message: Unaccepted) -> Row:
    """Return the result row of a message that never became a restore."""
    text = one_line(message.body.decode("utf-8", "backslashreplace"), MAX_PROPERTY)
    digest = hashlib.sha256(message.body).hexdigest()
    return {
        "PartitionKey": day(message.inserted_at),
        "RowKey": f"{message.request_id or UNREADABLE}~{digest[:16]}",
        "status": message.status.value,
        "requestedAt": message.inserted_at,
        "completedAt": message.at,
        "messageText": _fitting(text),
        "messageLength": len(message.body),
        "messageSha256": digest,
        **_present({"requestId": message.request_id or None}),
        **_told(message.problem),
    }


def public(row: Mapping[str, Any]) -> Row:
    """Return what a receiver may read of a row of `Restores` or `RestoreResults`."""
    known = {**_duration(row), **row}
    return {name: known[name] for name in PUBLIC if name in known}


def as_json(row: Mapping[str, Any]) -> Row:
    """Return what a receiver may read of a row, as JSON has it.

    `ended` is told apart from `status`, in which `Validated` may be a state on the way.
    """
    known = public(row)
    ended = "completedAt" in known
    if ended:
        known.pop("dueAt", None)  # What is due now is to tell of it, which is no one's outside.
    return {"ended": ended, **{name: _json_value(value) for name, value in known.items()}}


def _json_value(value: object) -> object:
    """Return a column's value as JSON has it; a text is cut, or a page could be 64 MiB long."""
    if isinstance(value, datetime):
        return utc_text(value)
    return value if isinstance(value, int) else one_line(str(value))


def _duration(row: Mapping[str, Any]) -> Row:
    """Return what a row of `Restores` lacks of a result."""
    begin, end = row.get("acceptedAt"), row.get("completedAt")
    if isinstance(begin, datetime) and isinstance(end, datetime):
        return {"durationSeconds": _seconds(begin, end)}
    return {}


def day(moment: datetime) -> str:
    """Return the UTC day that partitions the results."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def columns(restore: Restore) -> Row:
    """Return what a person reads, of a restore under way as of one that ended."""
    request, plan, outcome = restore.request, restore.plan, restore.outcome
    started = plan is not None and plan.claims and not _is_rejected(outcome)
    return _present(
        {
            "status": outcome.status.value if outcome else type(restore.state).__name__,
            "requestId": restore.id,
            "origin": restore.origin.value,
            "backupInstanceId": restore.instance and str(restore.instance),
            "sourceDiskId": str(plan.source if plan else request.source_disk_id or "") or None,
            "targetDiskId": str(plan.target if plan else request.target_disk_id or "") or None,
            "recoveryPointId": plan.point if plan else request.recovery_point_id,
            "recoveryPointTime": plan and plan.point_time,
            "recoveryPointAgeSeconds": plan and _seconds(plan.point_time, restore.accepted_at),
            "jobId": restore.job,
            "jobStatus": outcome and (outcome.job_status or None),
            "requestedAt": restore.requested_at,
            "acceptedAt": restore.accepted_at,
            "triggeredAt": plan.claims[-1].at if plan and started else None,
            "completedAt": outcome and outcome.at,
            "correlationId": request.correlation_id,
            "armCorrelationId": plan and (plan.correlation_id or None),
            "requestedBy": request.requested_by,
            "reason": request.reason,
            **_told(restore.told),
        }
    )


def _is_rejected(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.status is Status.REJECTED


def _told(problem: Problem | None) -> Row:
    if problem is None:
        return {}
    return _present(
        {
            "errorCode": problem.code,
            "errorMessage": problem.message,
            "recommendedAction": problem.action or None,
            "armCorrelationId": problem.correlation_id or None,
        }
    )


def _seconds(begin: datetime, end: datetime) -> int:
    return max(0, round((end - begin).total_seconds()))


def _present(columns: Row) -> Row:
    return {name: value for name, value in columns.items() if value is not None}


def _fitting(text: str) -> str:
    return text.encode("utf-16-le")[: 2 * MAX_PROPERTY].decode("utf-16-le", "ignore")


# ------------------------------------------------------------------- states as JSON, and back


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
