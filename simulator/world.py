"""What there is: vaults, instances, recovery points, disks, operations, jobs. Plain records.

Everything here can be written to a file and read back. The rules by which it changes stand in
`restores`, the JSON in which clients see it in `bodies`.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from simulator import arm_ids
from simulator.machines import Disk, Machine
from simulator.outcomes import Outcome
from simulator.pace import Course

RUNNING = "InProgress"
PROTECTED = "ProtectionConfigured"
STOPPED = "ProtectionStopped"
SOFT_DELETED = "SoftDeleted"


def _new_point_id() -> str:
    return uuid.uuid4().hex


@dataclass
class Point:
    """A recovery point; `expiry` None is sent as null."""

    time: datetime
    id: str = field(default_factory=_new_point_id)
    store_type: str = "OperationalStore"
    state: str = "COMMITTED"
    visible: bool = True
    expiry: datetime | None = None
    point_state: str | None = "Completed"


@dataclass
class Instance:
    """A backup instance: one protected disk.

    `identity` is the vault's user-assigned identity that it works under; "" means the vault's own.
    """

    id: str
    disk_id: str
    region: str
    datasource_type: str
    snapshot_group: str
    points: list[Point] = field(default_factory=list)
    identity: str = ""
    protection: str = PROTECTED
    protected: datetime | None = None
    """Since when; None: since ever."""
    removed: datetime | None = None

    @property
    def vault_id(self) -> str:
        """The vault that holds it."""
        return self.id.rsplit("/", 2)[0]

    @property
    def newest_first(self) -> list[Point]:
        """Its recovery points as the service lists them."""
        return sorted(self.points, key=lambda point: point.time, reverse=True)


@dataclass
class Job:
    """A restore job: the vault writes a disk."""

    id: str
    instance_id: str
    target_id: str
    point_id: str
    point_time: datetime
    activity_id: str
    started: datetime
    course: Course
    outcome: Outcome
    status: str = RUNNING
    ended: datetime | None = None
    error_code: str | None = None
    category: str = "Restore"

    @property
    def name(self) -> str:
        """The job's own id, without its vault."""
        return arm_ids.name_of(self.id)

    @property
    def made_disk(self) -> bool:
        """Whether it ended well."""
        return self.status in ("Completed", "CompletedWithWarnings")


@dataclass
class Operation:
    """ARM's asynchronous operation, of a validation or of a restore."""

    id: str
    kind: str
    instance_id: str
    vault_id: str
    location: str
    target_id: str
    started: datetime
    course: Course
    outcome: Outcome
    job_id: str | None = None
    ended: datetime | None = None
    full: str = ""
    """The vault or subscription in which too many restores run, where it failed for that."""


@dataclass
class Script:
    """The endings that wait for a target or an instance; the last of a standing one stays."""

    validation: list[Outcome] = field(default_factory=list)
    operation: list[Outcome] = field(default_factory=list)
    job: list[Outcome] = field(default_factory=list)
    standing: dict[str, Outcome] = field(default_factory=dict)


@dataclass
class World:
    """Everything the simulated cloud holds; all keys are ids in lower case.

    `vaults_without_identity` have user-assigned identities only. `refusals` are what ARM says, a
    message by its code, to each restore of a vault and to its validation. `management_groups` are
    subscriptions by the name of the group that holds them.
    """

    secret: str
    instances: dict[str, Instance] = field(default_factory=dict)
    disks: dict[str, Disk] = field(default_factory=dict)
    machines: dict[str, Machine] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    scripts: dict[str, Script] = field(default_factory=dict)
    denied: dict[str, list[str]] = field(default_factory=dict)
    missing_groups: list[str] = field(default_factory=list)
    groups_without_role: list[str] = field(default_factory=list)
    vaults_without_identity: list[str] = field(default_factory=list)
    refusals: dict[str, dict[str, str]] = field(default_factory=dict)
    removed_instances: dict[str, Instance] = field(default_factory=dict)
    removed_disks: list[Disk] = field(default_factory=list)
    removed_machines: list[Machine] = field(default_factory=list)
    management_groups: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_vault: dict[str, list[Job]] = {}
        self._indexed = 0

    def vault_exists(self, vault_id: str) -> bool:
        """Tell whether there is such a vault: one that holds an instance."""
        begin = f"{arm_ids.key(vault_id)}/backupinstances/"
        return any(one.startswith(begin) for one in self.instances)

    def group_exists(self, group_id: str) -> bool:
        """Tell whether there is such a group: one that holds an instance, disk or machine."""
        if arm_ids.key(group_id) in self.missing_groups:
            return False
        begin, everything = f"{arm_ids.key(group_id)}/", (self.instances, self.machines, self.disks)
        return any(one.startswith(begin) for one in chain.from_iterable(everything))

    def identities_of(self, vault_id: str) -> set[str]:
        """Return the user-assigned identities of a vault: those that its instances work under."""
        ours = (one for one in self.all() if arm_ids.key(one.vault_id) == arm_ids.key(vault_id))
        return {arm_ids.key(one.identity) for one in ours if one.identity}

    def all(self) -> list[Instance]:
        """Return every instance."""
        return list(self.instances.values())

    def instances_at(self, moment: datetime) -> Iterator[Instance]:
        """Yield the instances that there were at a moment."""
        for one in self.all():
            if one.protected is None or one.protected <= moment:
                yield one
        for one in self.removed_instances.values():
            if one.removed is not None and one.removed > moment:
                yield one

    def instance_of(self, job: Job) -> Instance:
        """Return the instance that a job is of, removed since or not."""
        key = arm_ids.key(job.instance_id)
        return self.instances.get(key) or self.removed_instances[key]

    def jobs_of_vault(self, vault_id: str) -> list[Job]:
        """Return a vault's jobs, oldest first; who reads a long list page by page asks often."""
        if self._indexed != len(self.jobs):
            self._by_vault, self._indexed = {}, len(self.jobs)
        key = arm_ids.key(vault_id)
        if key not in self._by_vault:
            jobs = [job for job in self.jobs.values() if arm_ids.is_within(job.id, vault_id)]
            self._by_vault[key] = sorted(jobs, key=lambda job: job.started)
        return self._by_vault[key]

    def jobs_of_target(self, target: str) -> list[Job]:
        """Return the jobs that write the disk with this id or name, oldest first."""
        wanted = arm_ids.key(target)
        jobs = (
            job
            for job in self.jobs.values()
            if wanted in (arm_ids.key(job.target_id), arm_ids.name_of(job.target_id).lower())
        )
        return sorted(jobs, key=lambda job: job.started)
