"""A restore as a row of `Restores`, and back. Pure.

The row is the truth: `document` holds request and state as JSON, except the signed URL of a running
operation, which stands in the column `operationUrl` alone. All other columns are copies for a
person, a workbook or a Logic App (`engine.columns`), and are never read back.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, get_args

from restore_core.azure.tables.long_text import parts, whole
from restore_core.azure.tables.value_codec import decoded, encoded, moment_of, of_kind
from restore_core.contract.origin import Origin
from restore_core.contract.request import RestoreRequest
from restore_core.engine.column import Row, present
from restore_core.engine.columns import columns
from restore_core.errors import MalformedRequest, UnreadableRow
from restore_core.lifecycle import states
from restore_core.lifecycle.outbox import Outbox
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.sets import Member
from restore_core.lifecycle.stages import stage_of
from restore_core.lifecycle.states import Restoring, State, Validating, Waiting
from restore_core.text import one_line

RESTORE_ROW: Final = "restore"
DOCUMENT: Final = "document"
"""Where request and state stand: a set may name more disks than one property holds."""

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
        "state": {"is": type(restore.state).__name__, **encoded(_without_url(restore.state))},
        "outbox": encoded(restore.outbox),
        "origin": restore.origin.value,
        "standsIn": restore.stands_in,
        "isSecondTry": restore.is_second_try,
        "member": encoded(restore.member),
        "turnAt": encoded(restore.turn_at),
        "armCalls": restore.arm_calls,
        "moments": {name: at.isoformat() for name, at in restore.moments.items()},
    }
    return {
        "PartitionKey": restore.id,
        "RowKey": RESTORE_ROW,
        # Unescaped: as \uXXXX, texts of some alphabets would be six times as long.
        **parts(DOCUMENT, json.dumps(document, separators=(",", ":"), ensure_ascii=False)),
        **present({"operationUrl": _operation_url(restore.state), "dueAt": restore.due}),
        **columns(restore),
    }


def restore_of(row: Mapping[str, Any]) -> Restore:
    """Return the restore of a row of `Restores`; raise UnreadableRow."""
    try:
        document = _of_today(json.loads(whole(DOCUMENT, row)))
        kind = _STATES[document["state"].pop("is")]
        state = _with_url(decoded(kind, document["state"]), str(row.get("operationUrl", "")))
        accepted_at = moment_of(document["acceptedAt"])
        outbox = document.get("outbox")
        return Restore(
            request=_owned(RestoreRequest.from_fields(document["request"]), row["PartitionKey"]),
            requested_at=moment_of(document["requestedAt"]),
            accepted_at=accepted_at,
            deadline=moment_of(document["deadline"]),
            state=state,
            outbox=decoded(Outbox, outbox) if outbox else Outbox(stage_of(state), accepted_at),
            origin=Origin(document.get("origin", Origin.NATIVE)),
            stands_in=of_kind(bool, document.get("standsIn", False)),
            is_second_try=of_kind(
                bool, document.get("isSecondTry", document.get("standsIn", False))
            ),
            member=decoded(Member | None, document.get("member")),
            turn_at=decoded(datetime | None, document.get("turnAt")),
            arm_calls=of_kind(int, document.get("armCalls", 0)),
            moments={name: moment_of(at) for name, at in document.get("moments", {}).items()},
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


def request_of(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the request of a restore, in the message's own form; nothing where unreadable."""
    try:
        fields: dict[str, Any] = json.loads(restore_of(row).request.to_json())
    except UnreadableRow:
        return {}
    return fields


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
