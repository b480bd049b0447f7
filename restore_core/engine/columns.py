"""What a person, a workbook or a Logic App reads of a restore or of a refused message. Pure.

These columns stand in `Restores` beside what is read back, are a row of `RestoreResults`, and are
what events and HTTP show. Never a signed URL, never a token.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from restore_core.contract.resource_ids import ArmId
from restore_core.engine.column import Column, Row, present, seconds_of
from restore_core.engine.follow_up import follow_up
from restore_core.engine.ports import RefusedMessage
from restore_core.engine.set_columns import OF_NUMBERS, SET_COLUMNS, set_columns
from restore_core.errors import Problem
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Accepted, Outcome
from restore_core.lifecycle.status import Status
from restore_core.text import MAX_ADVICE, MAX_QUOTE, MAX_TEXT, one_line, utc_text

UNREADABLE: Final = "unreadable"
MAX_PROPERTY: Final = 32_768
"""UTF-16 units that a text property holds (64 KiB)."""


PUBLIC: Final = {
    "status": Column(str, "Where the restore stands, or how it ended."),
    "requestId": Column(str, "As the sender sent it, or as an alert or event gave it."),
    "origin": Column(str, "The envelope that the request came in."),
    "partOf": Column(str, "The set that it is a member of."),
    "follows": Column(str, "The request whose restore of the same disk it waits for."),
    "backupInstanceId": Column(str, "The ARM id of the protected disk in its vault."),
    "sourceDiskId": Column(str, "The ARM id of the disk that is restored."),
    "sourceVirtualMachineId": Column(str, "Of a set: the machine whose disks are restored."),
    "sourceResourceGroupId": Column(str, "Of a set: the group whose disks are restored."),
    "targetDiskId": Column(str, "The ARM id of the new disk."),
    "recoveryPointId": Column(str, "The recovery point that is restored."),
    "recoveryPointTime": Column(datetime, "When the recovery point was made."),
    "recoveryPointAgeSeconds": Column(int, "Its age at acceptance: what was lost (RPO)."),
    "durationSeconds": Column(int, "From acceptance to the end: how long it took (RTO)."),
    "requestedAt": Column(datetime, "When the message was put on the queue."),
    "acceptedAt": Column(datetime, "When the request was recorded."),
    "readyAt": Column(datetime, "When its turn had come: nothing stood before it any more."),
    "stateSince": Column(datetime, "While it is under way: when it first came into its state."),
    "triggeredAt": Column(datetime, "When the restore was asked of Azure."),
    "completedAt": Column(datetime, "When the restore ended."),
    "validatedAt": Column(datetime, "When Azure had first found the restore valid."),
    "jobStartedAt": Column(datetime, "When the job began, as the vault says."),
    "jobEndedAt": Column(datetime, "When the job ended."),
    "queuedSeconds": Column(int, "How long it first waited for another restore or for its turn."),
    "validatingSeconds": Column(int, "How long its first validation took."),
    "jobSeconds": Column(int, "How long the job took."),
    "dueAt": Column(datetime, "When the app looks again at a restore that is under way."),
    "jobId": Column(str, "The vault's job."),
    "jobStatus": Column(str, "The vault's own word for the end of its job."),
    **SET_COLUMNS,
    "followUp": Column(str, "Where the source disk was attached, and how to attach the new one."),
    "errorCode": Column(str, "Why it ended badly, or still waits: a code."),
    "errorMessage": Column(str, "Why, in a sentence."),
    "recommendedAction": Column(str, "What to do about it."),
    "armCalls": Column(int, "What it has cost of Azure: calls of Resource Manager."),
    "correlationId": Column(str, "As the sender sent it, or as an alert or event gave it."),
    "armCorrelationId": Column(str, "What Azure support asks for."),
    "requestedBy": Column(str, "As the sender sent it, or as an alert or event gave it."),
    "reason": Column(str, "As the sender sent it."),
    "messageText": Column(str, "A message that never became a restore. Never in an event."),
    "messageLength": Column(int, "Its bytes."),
    "messageSha256": Column(str, "Its SHA-256, in hex."),
}
"""The columns that a receiver may read: what is not named here stays inside."""


def result_row(restore: Restore, outcome: Outcome) -> Row:
    """Return the row of `RestoreResults`: from the saved outcome, so a repeat writes the same."""
    return {
        "PartitionKey": day(restore.accepted_at),
        "RowKey": restore.id,
        **columns(restore),
        "durationSeconds": seconds_of(restore.accepted_at, outcome.at),
    }


def refused_row(message: RefusedMessage) -> Row:
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
        **present({"requestId": message.request_id or None}),
        **problem_columns(message.problem),
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
    return {"ended": ended, **{name: _json_value(name, value) for name, value in known.items()}}


def _json_value(name: str, value: object) -> object:
    """Return a column's value as JSON has it; a text is cut, or a page could be 64 MiB long."""
    if isinstance(value, datetime):
        return utc_text(value)
    if name in OF_NUMBERS:
        return _numbers(str(value))
    limit = MAX_ADVICE if name in {"recommendedAction", "followUp"} else MAX_TEXT
    return value if isinstance(value, int) else one_line(str(value), limit)


def _numbers(text: str) -> dict[str, int]:
    """Return the numbers by name that a column holds as text, for a property holds no object."""
    try:
        found = json.loads(text)
        return {one_line(name, MAX_QUOTE): int(number) for name, number in found.items()}
    except (AttributeError, RecursionError, TypeError, ValueError):
        return {}


def _duration(row: Mapping[str, Any]) -> Row:
    """Return what a row of `Restores` lacks of a result."""
    begin, end = row.get("acceptedAt"), row.get("completedAt")
    if isinstance(begin, datetime) and isinstance(end, datetime):
        return {"durationSeconds": seconds_of(begin, end)}
    return {}


def day(moment: datetime) -> str:
    """Return the UTC day that partitions the results."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def columns(restore: Restore) -> Row:
    """Return what a person reads, of a restore under way as of one that ended."""
    request, plan, outcome = restore.request, restore.plan, restore.outcome
    return present(
        {
            "status": outcome.status.value if outcome else type(restore.state).__name__,
            "requestId": restore.id,
            "origin": restore.origin.value,
            "partOf": restore.part_of or None,
            "follows": restore.leader or None,
            "backupInstanceId": restore.instance and str(restore.instance),
            "sourceDiskId": _text(restore.source),
            "sourceVirtualMachineId": _text(request.source_virtual_machine_id),
            "sourceResourceGroupId": _text(request.source_resource_group_id),
            "targetDiskId": str(plan.target if plan else request.target_disk_id or "") or None,
            "recoveryPointId": plan.point if plan else request.recovery_point_id,
            "recoveryPointTime": plan and plan.point_time,
            "recoveryPointAgeSeconds": plan and seconds_of(plan.point_time, restore.accepted_at),
            "jobId": restore.job,
            "jobStatus": outcome and (outcome.job_status or None),
            "requestedAt": restore.requested_at,
            "acceptedAt": restore.accepted_at,
            "readyAt": restore.moments.get("Ready"),
            "stateSince": None if outcome else _state_since(restore),
            "triggeredAt": None if _is_rejected(outcome) else _triggered_at(restore),
            "validatedAt": restore.moments.get("Validated"),
            "jobStartedAt": outcome and outcome.job_started,
            "jobEndedAt": outcome.at if outcome and outcome.job_started else None,
            "completedAt": outcome and outcome.at,
            "armCalls": restore.arm_calls or None,
            "correlationId": request.correlation_id,
            "armCorrelationId": plan and (plan.correlation_id or None),
            "requestedBy": request.requested_by,
            "reason": request.reason,
            **(_phases(restore, outcome) if outcome else {}),
            **set_columns(restore),
            "followUp": follow_up(restore),
            **problem_columns(restore.problem),
        }
    )


def _text(resource: ArmId | None) -> str | None:
    return str(resource) if resource else None


def _state_since(restore: Restore) -> datetime | None:
    """Return when it first came into its state; None where an earlier version did not note it."""
    is_new = isinstance(restore.state, Accepted)
    return restore.accepted_at if is_new else restore.moments.get(type(restore.state).__name__)


def _phases(restore: Restore, outcome: Outcome) -> Row:
    """Return where the time went; what did not happen is absent."""
    at = restore.moments
    waited = min(
        (at[name] for name in ("Following", "Enrolled", "Queued") if name in at), default=None
    )
    job_ended = outcome.at if outcome.job_started else None
    return present(
        {
            "queuedSeconds": _span(waited, at.get("Ready")),
            "validatingSeconds": _span(at.get("Validating"), at.get("Validated")),
            "jobSeconds": _span(outcome.job_started, job_ended),
        }
    )


def _span(begin: datetime | None, end: datetime | None) -> int | None:
    return None if begin is None or end is None else seconds_of(begin, end)


def _triggered_at(restore: Restore) -> datetime | None:
    """Return the last claim; the first one's moment, where its job failed and it is forgotten."""
    plan = restore.plan
    if plan is not None and plan.claims:
        return plan.claims[-1].at
    failed = plan is not None and plan.first_failure is not None
    return restore.moments.get("Triggering") if failed else None


def _is_rejected(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.status is Status.REJECTED


def problem_columns(problem: Problem | None) -> Row:
    """Return what tells of a problem; nothing where there is none."""
    if problem is None:
        return {}
    return present(
        {
            "errorCode": problem.code,
            "errorMessage": problem.message,
            "recommendedAction": problem.action or None,
            "armCorrelationId": problem.correlation_id or None,
        }
    )


def _fitting(text: str) -> str:
    return text.encode("utf-16-le")[: 2 * MAX_PROPERTY].decode("utf-16-le", "ignore")
