"""The rules by which the world changes: validations, restores, and time that passes.

Whether a restore may succeed is judged when it is asked for; a disk exists from the moment its
job has ended. Nothing here knows HTTP.
"""

import base64
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from simulator import arm_ids, outcomes
from simulator.crowds import FULL, Crowds
from simulator.habits import Habits
from simulator.machines import Disk
from simulator.outcomes import Outcome
from simulator.pace import Course, Duration
from simulator.restore_body import Wish
from simulator.world import RUNNING, Instance, Job, Operation, Point, Script, World

Kind = Literal["validateRestore", "restore"]

_JOB_BEGINS_AFTER = timedelta(milliseconds=300)  # Recorded: about 0.3 s after the POST.
_TAKEN = "UserErrorSameNameDiskAlreadyExists"
_BACKUP_LASTS = timedelta(seconds=30)
_PAST = Course(ends_at=None)
_WELL = Outcome()
_UNKNOWN = Disk(id="", region="")  # What a disk that is gone was like, nobody knows any more.
_ENDINGS = ("validation", "operation", "job")


@dataclass
class Restores:
    """The vaults' own work on the world."""

    world: World
    habits: Habits
    crowds: Crowds = field(init=False)
    _open: dict[str, Job] = field(init=False, repr=False)
    _waiting: dict[str, Operation] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.crowds = Crowds(self.habits)
        self._open = {key: job for key, job in self.world.jobs.items() if not job.ended}
        self._waiting = {key: one for key, one in self.world.operations.items() if not one.ended}
        for job in self._open.values():
            self.crowds.began(job)

    def validate(self, one: Instance, wish: Wish, now: datetime) -> Operation:
        """Begin to validate a restore."""
        outcome = self._next(one, wish, "validation") or self._judge(one, wish, now)
        return self._begin(one, wish, "validateRestore", outcome=outcome, now=now)

    def restore(
        self, one: Instance, wish: Wish, client_request_id: str | None, *, now: datetime
    ) -> Operation:
        """Begin a restore; the job is there at once, the operation names it when it has ended."""
        judged = self._judge(one, wish, now, running_counts=False)
        full = self.crowds.full(one.id)
        crowded = outcomes.fails(FULL) if full else Outcome()
        outcome = self._next(one, wish, "operation") or (judged if judged.code else crowded)
        operation = self._begin(one, wish, "restore", outcome=outcome, now=now)
        operation.full = full if outcome is crowded else ""
        if outcome.with_job:
            activity = self._activity_id(client_request_id)
            operation.job_id = self.begin_job(one, wish, activity_id=activity, now=now).id
        return operation

    def begin_job(self, one: Instance, wish: Wish, *, activity_id: str, now: datetime) -> Job:
        """Begin to write a disk."""
        point = point_of(one, wish.point_id)
        outcome = self._next(one, wish, "job") or Outcome()
        lasts = outcome.lasts if outcome.lasts is not None else self.habits.pace.job
        started = now + (_JOB_BEGINS_AFTER / self.habits.pace.scale if lasts else timedelta(0))
        job = Job(
            id=f"{one.vault_id}/backupJobs/{uuid.uuid4()}",
            instance_id=one.id,
            target_id=wish.target_id,
            point_id=wish.point_id,
            point_time=point.time if point else now,
            activity_id=activity_id,
            started=started,
            course=self._course(lasts, now),
            outcome=outcome,
        )
        self.world.jobs[arm_ids.key(job.id)] = self._open[arm_ids.key(job.id)] = job
        self.crowds.began(job)
        return job

    def settle(self, now: datetime) -> bool:
        """Let everything that has ended by now be ended; tell whether anything was."""
        jobs = [one for one in self._open.values() if one.course.end(now)]
        operations = [one for one in self._waiting.values() if one.course.end(now)]
        for operation in operations:
            operation.ended = operation.course.end(now)
            del self._waiting[operation.id]
        for job in sorted(jobs, key=lambda one: one.course.end(now) or now):
            self._end_job(job, now)
        return bool(jobs or operations)

    def is_written(self, target_id: str) -> bool:
        """Tell whether a running job writes this disk."""
        wanted = arm_ids.key(target_id)
        return any(arm_ids.key(job.target_id) == wanted for job in self._open.values())

    def was_restored(self, target_id: str) -> bool:
        """Tell whether this disk exists because a job made it."""
        disk = self.world.disks.get(arm_ids.key(target_id))
        return disk is not None and bool(disk.made_by)

    def _judge(
        self, one: Instance, wish: Wish, now: datetime, *, running_counts: bool = True
    ) -> Outcome:
        group, target = arm_ids.group_id_of(wish.target_id), arm_ids.key(wish.target_id)
        point = point_of(one, wish.point_id)
        if not self._has_identity(one.vault_id, wish.identity):
            return outcomes.fails("VaultMSIUnauthorized")
        if arm_ids.key(group) in self.world.missing_groups:
            return outcomes.fails("UserErrorRestoreTargetRGNotFound")
        if arm_ids.key(group) in self.world.groups_without_role:
            return outcomes.fails("UserErrorNotEnoughPermissionOnTargetRG")
        if target in self.world.disks or (running_counts and self.is_written(target)):
            return outcomes.fails(_TAKEN)
        if point is None or (point.expiry is not None and point.expiry <= now):
            return outcomes.fails("UserErrorDiskSnapshotNotFound")
        return Outcome()

    def _has_identity(self, vault_id: str, identity: str) -> bool:
        """Tell whether a vault has the identity that a restore is to be done under."""
        if identity:
            return arm_ids.key(identity) in self.world.identities_of(vault_id)
        return arm_ids.key(vault_id) not in self.world.vaults_without_identity

    def _begin(
        self, one: Instance, wish: Wish, kind: Kind, *, outcome: Outcome, now: datetime
    ) -> Operation:
        usual = (
            self.habits.pace.validation if kind == "validateRestore" else self.habits.pace.operation
        )
        lasts = outcome.lasts if outcome.lasts is not None else usual
        operation = Operation(
            id=_operation_id(one.vault_id),
            kind=kind,
            instance_id=one.id,
            vault_id=one.vault_id,
            location=one.region,
            target_id=wish.target_id,
            started=now,
            course=self._course(lasts, now),
            outcome=outcome,
        )
        self.world.operations[operation.id] = self._waiting[operation.id] = operation
        return operation

    def _course(self, lasts: Duration, now: datetime) -> Course:
        return Course.of(self.habits.pace.scaled(lasts), now)

    def _next(self, one: Instance, wish: Wish, ending: str) -> Outcome | None:
        name = arm_ids.name_of(wish.target_id).lower()
        for key in (arm_ids.key(wish.target_id), name, arm_ids.key(one.id)):
            script = self.world.scripts.get(key, Script())
            waiting: list[Outcome] = getattr(script, ending)
            if waiting:
                return waiting.pop(0)
            if ending in script.standing:
                return script.standing[ending]
        return None

    def _activity_id(self, client_request_id: str | None) -> str:
        if client_request_id is None or self.habits.activity_ids == "unrelated":
            return str(uuid.uuid1())
        return client_request_id + ("-Ibz" if self.habits.activity_ids == "suffixed" else "")

    def _end_job(self, job: Job, now: datetime) -> None:
        job.ended = max(job.course.end(now) or now, job.started)
        job.status, job.error_code = job.outcome.status or "Completed", job.outcome.code
        del self._open[arm_ids.key(job.id)]
        self.crowds.ended(job)
        target = arm_ids.key(job.target_id)
        if job.made_disk and target in self.world.disks:
            job.status, job.error_code = "Failed", _TAKEN
        elif job.made_disk:
            self.world.disks[target] = self._made_disk(job)

    def _made_disk(self, job: Job) -> Disk:
        instance = self.world.instance_of(job)
        source = self.world.disks.get(arm_ids.key(instance.disk_id)) or _UNKNOWN
        return replace(
            source, id=job.target_id, region=instance.region, made_by=job.id, created=job.ended
        )


def past_backup(instance: Instance, name: str, started: datetime) -> Job:
    """Return the job of a backup that an instance once made."""
    return Job(
        id=f"{instance.vault_id}/backupJobs/{name}",
        instance_id=instance.id,
        target_id="",
        point_id="",
        point_time=started,
        activity_id=name,
        started=started,
        course=_PAST,
        outcome=_WELL,
        status="Completed",
        ended=started + _BACKUP_LASTS,
        category="Backup",
    )


def point_of(one: Instance, point_id: str) -> Point | None:
    """Return an instance's recovery point, or None."""
    return next((point for point in one.points if point.id.lower() == point_id.lower()), None)


def is_running(job: Job) -> bool:
    """Tell whether a job runs."""
    return job.status == RUNNING


def _operation_id(vault_id: str) -> str:
    vault = uuid.uuid5(uuid.NAMESPACE_URL, arm_ids.key(vault_id))  # The same in all of a vault's.
    return base64.b64encode(f"{vault};{uuid.uuid4()}".encode()).decode()
