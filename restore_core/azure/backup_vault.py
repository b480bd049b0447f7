"""The Data Protection calls of one restore; every answer becomes an event.

Bodies and answers are those of the recorded restores (2021-01-01 to 2025-07-01); where the public
documents differ, the recordings are right: `recoveryPointId` stands inside `restoreRequestObject`,
a failure is HTTP 200 with `status: Failed`, and "running" is spelled in several ways.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from restore_core.azure import advice
from restore_core.azure.arm import Answer, Arm
from restore_core.azure.arm_errors import problem_in
from restore_core.azure.jobs import Job, moment
from restore_core.contract.resource_ids import (
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    InvalidId,
    JobId,
    RecoveryPointId,
    ResourceGroupId,
    job_id,
    recovery_point_id,
)
from restore_core.engine.ports import BackupInstance
from restore_core.errors import AnswerLost, Problem, Rejected, Unavailable
from restore_core.lifecycle.events import (
    Event,
    JobEnded,
    JobNamed,
    JobNotFound,
    OperationFailed,
    OperationStarted,
    Refused,
    StillRunning,
    TriggerNotTaken,
    TriggerUnanswered,
    Unanswered,
    ValidationFailed,
    ValidationSucceeded,
)
from restore_core.lifecycle.pace import OPERATION_PATIENCE
from restore_core.lifecycle.recovery_points import OPERATIONAL_STORE, RecoveryPoint, is_operational
from restore_core.lifecycle.states import Claim, Operation, Plan
from restore_core.loose_json import array_of, object_of, text_of
from restore_core.text import one_line, quoted

DISKS: Final = "Microsoft.Compute/disks"
MAX_PAGES: Final = 200
"""Pages of a list that are read: 98 jobs came in one page, a vault keeps months of them."""

MAX_LIKELY: Final = 100
"""Jobs that one search looks at one by one, 300 ms each, before its invocation must end."""

_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_GONE: Final = frozenset({204, 404, 410})
_NO_OPERATION: Final = Problem(
    "NoOperation", "ARM took the request but named no operation on its own host to watch."
)
_ENDLESS: Final = Problem("EndlessList", "ARM's list is longer than the app reads.")


class BackupVault:
    """The Data Protection provider, asked for one instance at a time. Safe for threads."""

    def __init__(self, arm: Arm, clock: Callable[[], datetime]) -> None:
        self._arm = arm
        self._clock = clock

    # ---------------------------------------------------------------- what there is to restore

    def instance(self, instance: BackupInstanceId) -> BackupInstance:
        """Return the protected disk; raise Unavailable, or Rejected where it is none."""
        body = self._read(str(instance), instance.vault, advice.no_instance(instance)).body
        return _instance(instance, body)

    def instance_of(self, source: DiskId, vault: BackupVaultId) -> BackupInstance:
        """Return the one instance of `vault` that protects `source`.

        Its item in the vault's list tells what a GET of it would. Raise Unavailable, or Rejected
        where there is none, or more than one.
        """
        items = self._list(f"{vault}/backupInstances", vault, advice.no_vault(vault))
        found = [item for item in items if _protects(item, source)]
        if len(found) != 1:
            raise Rejected(advice.not_one_instance(source, vault, [_name(item) for item in found]))
        try:
            return _instance(BackupInstanceId.of(vault, _name(found[0])), found[0])
        except InvalidId:
            raise Unavailable(_odd("a backup instance's name")) from None

    def points(self, instance: BackupInstanceId) -> list[RecoveryPoint]:
        """Return all recovery points of `instance`; raise Unavailable or Rejected."""
        items = self._list(f"{instance}/recoveryPoints", instance.vault)
        return [point for point in map(_point, items) if point is not None]

    def point(self, instance: BackupInstanceId, point: RecoveryPointId) -> RecoveryPoint:
        """Return the recovery point that the caller named; raise Unavailable or Rejected."""
        path = f"{instance}/recoveryPoints/{point}"
        found = _point(self._read(path, instance.vault, advice.no_point(instance, point)).body)
        if found is None:
            raise Unavailable(_odd("the recovery point"))
        return found

    # ------------------------------------------------------------------------- the validation

    def validate(self, plan: Plan) -> Event:
        """POST validateRestore, which may be asked again."""
        body = {"restoreRequestObject": _restore_body(plan)}
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
        answer = self._poll(self._arm.follow, operation.url, plan)
        now = self._clock()
        if isinstance(answer, Unanswered):
            return answer
        if _status(answer) in {"succeeded", "failed", "canceled", "cancelled"}:
            return _validated(answer, plan, now)
        return _running(answer, now)

    # ---------------------------------------------------------------------------- the restore

    def trigger(self, plan: Plan, claim: Claim) -> Event:
        """POST restore, under `claim` and never twice for it."""
        try:
            answer = self._arm.post_once(
                f"{plan.instance}/restore", _restore_body(plan), request_id=claim.request_id
            )
        except Unavailable as error:
            return TriggerNotTaken(error.problem, error.retry_after, self._clock())
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
        answer = self._poll(self._arm.follow, operation.url, plan)
        now = self._clock()
        if isinstance(answer, Unanswered):
            return answer
        status = _status(answer)
        if status not in {"succeeded", "failed", "canceled", "cancelled"}:
            return self._begun_all_the_same(operation, plan) or _running(answer, now)
        if job := _named_job(object_of(answer.body.get("properties"))):
            return JobNamed(job, now)
        problem = problem_in(answer.body) or Problem(
            f"Operation{status.capitalize()}",
            f"The restore operation ended as {status} and named no job.",
        )
        if status == "succeeded":
            return TriggerUnanswered(problem, now)
        problem = replace(problem, correlation_id=operation.correlation_id)
        return OperationFailed(advice.for_restore(problem, plan), now)

    def _begun_all_the_same(self, operation: Operation, plan: Plan) -> JobNamed | None:
        """Look for the job of an operation that runs for longer than any should."""
        if self._clock() - operation.started < OPERATION_PATIENCE:
            return None
        try:
            found = self.find_job(plan)
        except Unavailable:
            return None
        return found if isinstance(found, JobNamed) else None

    # -------------------------------------------------------------------------------- the job

    def poll_job(self, job: JobId, plan: Plan) -> Event:
        """GET the job."""
        answer = self._poll(self._arm.get, f"{plan.instance.vault}/backupJobs/{job}", plan)
        now = self._clock()
        if isinstance(answer, Unanswered):
            return answer
        found = Job.of(answer.body)
        if found is None or not found.status:
            return Unanswered(_odd("the job"), now)
        if (end := found.end) is None:
            return StillRunning(now, answer.retry_after)
        problem = found.problem and advice.for_restore(found.problem, plan)
        ended = found.ended if found.ended and found.ended <= now else now
        return JobEnded(end, found.status, ended, problem)

    def find_job(self, plan: Plan) -> Event:
        """Look for the job of one of the plan's claims.

        First by the mark of the claim's request id, which the list shows; else among the restore
        jobs begun around a claim, by the disk they write, which only a single GET shows.
        """
        try:
            found = self._job_of_claims(plan)
        except Rejected as error:
            return self._unanswered(error, plan)
        now = self._clock()
        return JobNamed(found.id, now) if found else JobNotFound(now)

    def _job_of_claims(self, plan: Plan) -> Job | None:
        vault = plan.instance.vault
        items = self._list(f"{vault}/backupJobs", vault)
        jobs = [job for job in map(Job.of, items) if job is not None]
        marked = (job for job in jobs if job.bears_mark_of(plan.claims))
        if found := next(marked, None):
            return found
        likely = [job.id for job in jobs if job.may_be_of(plan.claims, plan.instance)]
        if len(likely) > MAX_LIKELY:
            raise Unavailable(_ENDLESS)
        read = (self._job(vault, job) for job in likely)
        return next((job for job in read if job and job.writes(plan)), None)

    def _job(self, vault: BackupVaultId, job: JobId) -> Job | None:
        """Return a job of the list as it tells itself; None where the vault knows it no more."""
        try:
            return Job.of(self._arm.get(f"{vault}/backupJobs/{job}").body)
        except Rejected as error:
            if error.status in _GONE:
                return None
            raise

    # ---------------------------------------------------------------------------------- calls

    def _read(self, path: str, vault: BackupVaultId, missing: str = "") -> Answer:
        """GET what must be there; `missing` is the advice where it is not."""
        try:
            return self._arm.get(path)
        except Rejected as error:
            problem = error.problem
            if error.status == _NOT_FOUND:
                problem = replace(problem, action=missing)
            elif error.status == _FORBIDDEN:
                problem = advice.for_app(problem, vault)
            raise Rejected(problem, status=error.status) from None

    def _poll(self, get: Callable[[str], Answer], where: str, plan: Plan) -> Answer | Unanswered:
        """Look at an operation or a job: a refusal while polling ends nothing, it is told."""
        try:
            return get(where)
        except (Rejected, Unavailable) as error:
            return self._unanswered(error, plan)

    def _unanswered(self, error: Rejected | Unavailable, plan: Plan) -> Unanswered:
        forbidden = isinstance(error, Rejected) and error.status == _FORBIDDEN
        return Unanswered(
            advice.while_waiting(error.problem, plan.instance.vault)
            if forbidden
            else error.problem,
            self._clock(),
            error.retry_after if isinstance(error, Unavailable) else None,
            gone=error.status in _GONE,
        )

    def _list(self, path: str, vault: BackupVaultId, missing: str = "") -> Iterator[dict[str, Any]]:
        """Yield the items of every page; raise Unavailable rather than pass off a part as all."""
        answer, seen = self._read(path, vault, missing), set[str]()
        while True:
            yield from _items(answer.body)
            link = text_of(answer.body.get("nextLink"))
            if not link:
                return
            if link in seen or len(seen) >= MAX_PAGES:
                raise Unavailable(_ENDLESS)
            seen.add(link)
            answer = self._arm.follow(link)


def _instance(instance: BackupInstanceId, body: dict[str, Any]) -> BackupInstance:
    properties = object_of(body.get("properties"))
    info = _source_info(body)
    kind = text_of(info.get("datasourcetype")) or text_of(info.get("resourcetype"))
    if kind.lower() != DISKS.lower():
        raise Rejected(
            Problem(
                "NotADisk",
                f"The backup instance protects {quoted(kind or 'nothing known')}, not a disk.",
                "Name the backup instance of a managed disk.",
            )
        )
    return BackupInstance(instance, _source(info), _region(info), _snapshot_group(properties))


def _source_info(body: dict[str, Any]) -> dict[str, Any]:
    properties = _folded(object_of(body.get("properties")))
    return _folded(object_of(properties.get("datasourceinfo")))


def _protects(item: dict[str, Any], source: DiskId) -> bool:
    return text_of(_source_info(item).get("resourceid")).lower() == source.key


def _name(item: dict[str, Any]) -> str:
    return text_of(item.get("name")) or text_of(item.get("id")).rpartition("/")[2]


def _restore_body(plan: Plan) -> dict[str, Any]:
    """Return AzureBackupRecoveryPointBasedRestoreRequest, as all recorded disk restores sent it."""
    return {
        "objectType": "AzureBackupRecoveryPointBasedRestoreRequest",
        "recoveryPointId": plan.point,
        "sourceDataStoreType": OPERATIONAL_STORE,
        "restoreTargetInfo": {
            "objectType": "RestoreTargetInfo",
            "recoveryOption": "FailIfExists",
            "restoreLocation": plan.region,
            "datasourceInfo": {
                "objectType": "Datasource",
                "datasourceType": DISKS,
                "resourceType": DISKS,
                "resourceID": str(plan.target),
                "resourceName": plan.target.name,
                "resourceLocation": plan.region,
                "resourceUri": str(plan.target),
            },
        },
    }


def _validated(answer: Answer, plan: Plan, now: datetime) -> Event:
    """Return how a validation ended. `Succeeded` with an error is recorded: it is a failure."""
    problem = problem_in(answer.body)
    if problem is None and _status(answer) in {"succeeded", ""}:
        return ValidationSucceeded(now)
    problem = problem or Problem("ValidationFailed", "The validation failed without a reason.")
    problem = replace(problem, correlation_id=answer.correlation_id)
    return ValidationFailed(advice.for_restore(problem, plan), now)


def _running(answer: Answer, now: datetime) -> Event:
    """Any unknown word means that the operation runs; no word at all is no answer."""
    if not _status(answer):
        return Unanswered(_odd("the operation"), now)
    return StillRunning(now, answer.retry_after)


def _status(answer: Answer) -> str:
    return text_of(answer.body.get("status")).lower()


def _named_job(properties: dict[str, Any]) -> JobId | None:
    try:
        return job_id(text_of(properties.get("jobId")))
    except InvalidId:
        return None


def _advised(error: Rejected, plan: Plan) -> Problem:
    if error.status == _FORBIDDEN:
        return advice.for_app(error.problem, plan.instance.vault)
    return advice.for_restore(error.problem, plan)


def _odd(what: str) -> Problem:
    return Problem("OddAnswer", f"ARM's answer about {what} cannot be understood.")


def _point(item: dict[str, Any]) -> RecoveryPoint | None:
    """Return the recovery point of a list's item; None for one of a kind that is not known."""
    properties = object_of(item.get("properties"))
    time = moment(properties.get("recoveryPointTime"))
    details = [object_of(d) for d in array_of(properties.get("recoveryPointDataStoresDetails"))]
    stores = tuple(text_of(detail.get("type")) for detail in details)
    held = next((d for d, s in zip(details, stores, strict=True) if is_operational(s)), {})
    try:
        name = text_of(properties.get("recoveryPointId")) or text_of(item.get("name"))
        point = recovery_point_id(name)
    except InvalidId:
        return None
    if time is None:
        return None
    return RecoveryPoint(
        id=point,
        time=time,
        stores=stores,
        state=text_of(held.get("state")),
        visible=held.get("visible") is not False,
        expiry=moment(properties.get("expiryTime")) or moment(held.get("expiryTime")),
        completeness=text_of(properties.get("recoveryPointState")),
    )


def _source(info: dict[str, Any]) -> DiskId:
    try:
        return DiskId.parse(text_of(info.get("resourceid")))
    except InvalidId as error:
        problem = Problem("NotADisk", f"The backup instance names no source disk: {error}.")
        raise Rejected(problem) from None


def _region(info: dict[str, Any]) -> str:
    region = one_line(text_of(info.get("resourcelocation")), 64)
    if not region:
        raise Unavailable(_odd("the source disk's region"))
    return region


def _snapshot_group(properties: dict[str, Any]) -> ResourceGroupId | None:
    """Return the group of `policyParameters`, where the vault identity needs its other role."""
    parameters = object_of(object_of(properties.get("policyInfo")).get("policyParameters"))
    for item in array_of(parameters.get("dataStoreParametersList")):
        try:
            return ResourceGroupId.parse(text_of(object_of(item).get("resourceGroupId")))
        except InvalidId:
            continue
    return None


def _items(body: dict[str, Any]) -> list[dict[str, Any]]:
    value = body.get("value")
    if not isinstance(value, list):
        raise Unavailable(_odd("a list"))
    return [item for item in value if isinstance(item, dict)]


def _folded(fields: dict[str, Any]) -> dict[str, Any]:
    """Lower the keys: `resourceID` and `resourceId` both occur."""
    return {key.lower(): value for key, value in fields.items()}
