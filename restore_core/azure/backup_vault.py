"""The Data Protection calls of one restore; every answer becomes an event.

Bodies and answers are those of the recorded restores (2021-01-01 to 2025-07-01); where the public
documents differ, the recordings are right: `recoveryPointId` stands inside `restoreRequestObject`,
a failure is HTTP 200 with `status: Failed`, and "running" is spelled in several ways.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from restore_core.azure.advice import for_app, for_restore
from restore_core.azure.arm import Answer, Arm
from restore_core.azure.arm_errors import problem_in
from restore_core.azure.attachments import Attachments
from restore_core.azure.disk_lookup import DiskLookup
from restore_core.azure.inventory import Inventory
from restore_core.azure.job_search import JobSearch
from restore_core.azure.jobs import Job
from restore_core.azure.machines import Machines
from restore_core.azure.resource_graph import ResourceGraph
from restore_core.azure.restore_body import restore_body
from restore_core.azure.set_search import SetSearch
from restore_core.azure.vault_calls import VaultCalls, odd
from restore_core.contract.request import RestoreRequest
from restore_core.contract.resource_ids import (
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    InvalidId,
    JobId,
    RecoveryPointId,
    job_id,
)
from restore_core.errors import THROTTLED, AnswerLost, Problem, Rejected, Unavailable
from restore_core.lifecycle.backup_instance import BackupInstance
from restore_core.lifecycle.budget import GLANCE
from restore_core.lifecycle.events import (
    Event,
    JobEnded,
    JobNamed,
    JobNotFound,
    JobNotSeen,
    OperationFailed,
    OperationStarted,
    Refused,
    SearchUnfinished,
    StillRunning,
    TriggerNotTaken,
    TriggerUnanswered,
    Unanswered,
    ValidationFailed,
    ValidationSucceeded,
)
from restore_core.lifecycle.pace import OPERATION_PATIENCE
from restore_core.lifecycle.recovery_points import RecoveryPoint
from restore_core.lifecycle.sets import Attachment, FoundSet
from restore_core.lifecycle.states import Claim, Operation, Plan
from restore_core.loose_json import object_of, text_of

_NO_OPERATION: Final = Problem(
    "NoOperation", "ARM took the request but named no operation on its own host to watch."
)


class BackupVault:
    """The Data Protection provider, asked for one instance at a time. Safe for threads."""

    def __init__(self, arm: Arm, clock: Callable[[], datetime], *, uses_graph: bool = True) -> None:
        self._arm = arm
        self._clock = clock
        self._calls = VaultCalls(arm, clock)
        self._inventory = Inventory(self._calls)
        graph = ResourceGraph(arm, clock, is_on=uses_graph)
        self._lookup = DiskLookup(self._calls, graph, clock)
        self._search = JobSearch(self._calls, graph, clock)
        self._attachments = Attachments(graph)
        self._sets = SetSearch(graph, self._lookup, Machines(arm, graph), self._attachments)

    def instance(self, instance: BackupInstanceId) -> BackupInstance:
        """Return the protected disk; raise Unavailable, or Rejected where it is none."""
        return self._inventory.instance(instance)

    def instance_of(
        self, source: DiskId, vaults: Sequence[BackupVaultId], asked_at: datetime
    ) -> BackupInstance:
        """Return the one instance of these vaults that protects `source`; raise as `instance`.

        That there is none is believed of what was read after `asked_at` alone.
        """
        return self._lookup.instance_of(source, vaults, asked_at)

    def disks_of(self, request: RestoreRequest, vaults: Sequence[BackupVaultId]) -> FoundSet:
        """Return the disks that a set means; raise Unavailable, or Rejected where none can tell."""
        return self._sets.disks_of(request, vaults)

    def attachment_of(self, source: DiskId) -> Attachment | None:
        """Return where a disk is attached, where Resource Graph knows; None else. Never raises."""
        return self._attachments.of_one(source)

    def points(self, instance: BackupInstanceId) -> list[RecoveryPoint]:
        """Return all recovery points of `instance`; raise Unavailable or Rejected."""
        return self._inventory.points(instance)

    def point(self, instance: BackupInstanceId, point: RecoveryPointId) -> RecoveryPoint:
        """Return the recovery point that the caller named; raise Unavailable or Rejected."""
        return self._inventory.point(instance, point)

    def find_job(self, plan: Plan, pages: int) -> Event:
        """Look for the job of one of the plan's claims; raise Unavailable.

        `pages` bounds what is read of the vault's list at once.
        """
        return self._search.find_job(plan, pages)

    @property
    def calls(self) -> int:
        """Return how many ARM calls this thread has sent so far."""
        return self._arm.calls

    # ------------------------------------------------------------------------- the validation

    def validate(self, plan: Plan) -> Event:
        """POST validateRestore, which may be asked again."""
        body = {"restoreRequestObject": restore_body(plan)}
        try:
            answer = self._arm.post(f"{plan.instance}/validateRestore", body)
        except Rejected as error:
            return ValidationFailed(_advised(error, plan), self._clock())
        now = self._clock()
        if answer.operation_url:
            operation = Operation(answer.operation_url, now, answer.correlation_id)
            return OperationStarted(operation, answer.retry_after, now)
        if answer.status == 200:  # noqa: PLR2004  the swagger allows an answer at once
            return _validated(answer, plan, now)
        return Unanswered(_NO_OPERATION, now)

    def poll_validation(self, operation: Operation, plan: Plan) -> Event:
        """GET the validation's operation."""
        answer = self._calls.poll(self._arm.follow, operation.url, plan)
        now = self._clock()
        if isinstance(answer, Unanswered):
            return answer
        if _status(answer) in {"succeeded", "failed", "canceled", "cancelled"}:
            return _validated(answer, plan, now)
        return _running(answer, now)

    # ---------------------------------------------------------------------------- the restore

    def reserve_trigger(self, plan: Plan) -> None:
        """Make sure that this thread can trigger next; raise NotNow where it cannot."""
        self._arm.reserve_post(_restore_path(plan))

    def trigger(self, plan: Plan, claim: Claim) -> Event:
        """POST restore, under `claim` and never twice for it."""
        try:
            answer = self._arm.post_once(
                _restore_path(plan), restore_body(plan), request_id=claim.request_id
            )
        except Unavailable as error:
            throttled = error.status == THROTTLED
            return TriggerNotTaken(error.problem, error.retry_after, self._clock(), throttled)
        except Rejected as error:
            return Refused(_advised(error, plan), self._clock())
        except AnswerLost as error:
            return TriggerUnanswered(error.problem, self._clock())
        now = self._clock()
        if answer.operation_url:
            operation = Operation(answer.operation_url, now, answer.correlation_id)
            return OperationStarted(operation, answer.retry_after, now)
        job = _named_job(answer.body)
        return JobNamed(job, now) if job else TriggerUnanswered(_NO_OPERATION, now)

    def poll_restore(self, operation: Operation, plan: Plan) -> Event:
        """GET the restore's operation, which names the job when it has succeeded."""
        answer = self._calls.poll(self._arm.follow, operation.url, plan)
        now = self._clock()
        if isinstance(answer, Unanswered):
            return answer
        status = _status(answer)
        if status not in {"succeeded", "failed", "canceled", "cancelled"}:
            return self._beside(operation, plan, _running(answer, now))
        if job := _named_job(object_of(answer.body.get("properties"))):
            return JobNamed(job, now)
        problem = problem_in(answer.body) or Problem(
            f"Operation{status.capitalize()}",
            f"The restore operation ended as {status} and named no job.",
        )
        if status == "succeeded":
            return TriggerUnanswered(problem, now)
        problem = replace(problem, correlation_id=operation.correlation_id)
        return OperationFailed(for_restore.failed(problem, plan), now)

    def _beside(self, operation: Operation, plan: Plan, running: Event) -> Event:
        """Look for the job of an operation that runs for longer than any should.

        Where the look is cut, or ends, the next one reads on: a vault's list may be far longer.
        """
        is_late = self._clock() - operation.started >= OPERATION_PATIENCE
        if not is_late or not isinstance(running, StillRunning):
            return running
        try:
            found = self.find_job(plan, GLANCE)
        except Unavailable as error:
            return replace(running, retry_after=_longer(running.retry_after, error.retry_after))
        match found:
            case JobNamed():
                return found
            case JobNotFound():
                return JobNotSeen(found.at, found.search, running.retry_after)
            case SearchUnfinished():
                asked = _longer(running.retry_after, found.retry_after)
                return JobNotSeen(found.at, found.search, asked)
            case _:
                return running

    # -------------------------------------------------------------------------------- the job

    def poll_job(self, job: JobId, plan: Plan) -> Event:
        """GET the job."""
        answer = self._calls.poll(self._arm.get, f"{plan.instance.vault}/backupJobs/{job}", plan)
        now = self._clock()
        if isinstance(answer, Unanswered):
            return answer
        found = Job.of(answer.body)
        if found is None or not found.status:
            return Unanswered(odd("the job"), now)
        if (end := found.end) is None:
            return StillRunning(now, answer.retry_after)
        problem = found.problem and for_restore.failed(found.problem, plan)
        ended = found.ended if found.ended and found.ended <= now else now
        return JobEnded(end, found.status, ended, problem, found.started)


def _restore_path(plan: Plan) -> str:
    return f"{plan.instance}/restore"


def _validated(answer: Answer, plan: Plan, now: datetime) -> Event:
    """Return how a validation ended. `Succeeded` with an error is recorded: it is a failure."""
    problem = problem_in(answer.body)
    if problem is None and _status(answer) in {"succeeded", ""}:
        return ValidationSucceeded(now)
    problem = problem or Problem("ValidationFailed", "The validation failed without a reason.")
    problem = replace(problem, correlation_id=answer.correlation_id)
    return ValidationFailed(for_restore.failed(problem, plan), now)


def _longer(one: timedelta | None, other: timedelta | None) -> timedelta | None:
    return max((told for told in (one, other) if told is not None), default=None)


def _running(answer: Answer, now: datetime) -> Event:
    """Any unknown word means that the operation runs; no word at all is no answer."""
    if not _status(answer):
        return Unanswered(odd("the operation"), now)
    return StillRunning(now, answer.retry_after)


def _status(answer: Answer) -> str:
    return text_of(answer.body.get("status")).lower()


def _named_job(properties: dict[str, Any]) -> JobId | None:
    try:
        return job_id(text_of(properties.get("jobId")))
    except InvalidId:
        return None


def _advised(error: Rejected, plan: Plan) -> Problem:
    if for_app.concerns(error):
        return for_app.refused(error.problem, plan.instance.vault, plan)
    return for_restore.failed(error.problem, plan)
