"""What a test or a demo may do with the world: protect disks, script endings, look at it."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Final

from simulator import arm_ids
from simulator.machine_scene import MachineScene
from simulator.outcomes import Outcome
from simulator.restore_body import Wish
from simulator.restores import Restores, past_backup
from simulator.rights_scene import RightsScene
from simulator.scene import GROUP, REGION, SUBSCRIPTION
from simulator.world import (
    PROTECTED,
    SOFT_DELETED,
    STOPPED,
    Instance,
    Job,
    Operation,
    Point,
    Script,
    World,
)

_DISKS: Final = "Microsoft.Compute/disks"
_BACKUP_HOUR: Final = time(2, tzinfo=UTC)
_KEPT: Final = timedelta(days=30)
_DEFAULT_POINTS: Final = 7

Endings = Outcome | Sequence[Outcome]


class Stage(MachineScene, RightsScene):
    """The world as those who arrange it see it."""

    def __init__(self, now: Callable[[], datetime], world: World, restores: Restores) -> None:
        super().__init__(now, world)
        self._restores = restores

    def protect(
        self,
        disk: str,
        *,
        vault: str = "vault-1",
        group: str = GROUP,
        subscription: str = SUBSCRIPTION,
        region: str = REGION,
        points: Sequence[Point] | None = None,
        datasource_type: str = _DISKS,
        snapshot_group: str | None = None,
        identity: str = "",
    ) -> str:
        """Let a disk, given by name or id, be protected; return its backup instance's id.

        What is protected already stays as it is, unless other points are given.
        """
        home = arm_ids.group_id(subscription, group)
        disk_id = disk if disk.startswith("/") else arm_ids.disk_id(home, disk)
        instance = Instance(
            id=_instance_id(arm_ids.vault_id(home, vault), disk_id),
            disk_id=disk_id,
            region=region,
            datasource_type=datasource_type,
            snapshot_group=snapshot_group or f"{home}-snapshots",
            points=list(self._daily_points() if points is None else points),
            identity=identity,
            protected=self.now(),
        )
        with self._lock:
            known = self.world.instances.setdefault(arm_ids.key(instance.id), instance)
            known.points = known.points if points is None else instance.points
            self.add_disk(disk_id, region=region)
        self.changed()
        return instance.id

    def source_disk(self, instance_id: str) -> str:
        """Return the id of the disk that an instance protects."""
        return self._instance(instance_id).disk_id

    def points(self, instance_id: str) -> list[Point]:
        """Return an instance's recovery points, newest first."""
        with self._lock:
            return self._instance(instance_id).newest_first

    def add_point(
        self,
        instance_id: str,
        *,
        time: datetime | None = None,
        id: str | None = None,  # noqa: A002 - the word the service uses.
        store_type: str = "OperationalStore",
        state: str = "COMMITTED",
        visible: bool = True,
        expiry: datetime | None = None,
        point_state: str | None = "Completed",
    ) -> Point:
        """Give an instance one more recovery point; without an expiry it has null there."""
        point = Point(
            time=time or self.now(),
            id=id or uuid.uuid4().hex,
            store_type=store_type,
            state=state,
            visible=visible,
            expiry=expiry,
            point_state=point_state,
        )
        with self._lock:
            self._instance(instance_id).points.append(point)
        self.changed()
        return point

    def remove_instance(self, instance_id: str) -> None:
        """Let a backup instance be gone."""
        key = arm_ids.key(instance_id)
        with self._lock:
            gone = self.world.instances.pop(key, None)
            if gone is not None:
                gone.removed = self.now()
                self.world.removed_instances[key] = gone
        self.changed()

    def soft_delete(self, instance_id: str) -> None:
        """Let a backup instance be deleted as vaults do it: it is shown, and restores nothing."""
        self._protection(instance_id, SOFT_DELETED)

    def undelete(self, instance_id: str) -> None:
        """Bring a soft-deleted backup instance back, as one whose backups are stopped."""
        self._protection(instance_id, STOPPED)

    def protect_again(self, instance_id: str) -> str:
        """Let the disk of an instance be protected by another one beside it; return its id."""
        with self._lock:
            old, points = self._instance(instance_id), list(self._daily_points())
            new = replace(old, id=f"{old.id}-2", protection=PROTECTED, points=points)
            self.world.instances[arm_ids.key(new.id)] = new
        self.changed()
        return new.id

    def script(
        self,
        target: str,
        *,
        validation: Endings = (),
        operation: Endings = (),
        job: Endings = (),
    ) -> None:
        """Say how things end for a disk (id or name) or for all restores of an instance (id).

        Outcomes in a list are consumed one by one; a single outcome holds for good.
        """
        with self._lock:
            script = self.world.scripts.setdefault(arm_ids.key(target), Script())
            _add(script, "validation", validation)
            _add(script, "operation", operation)
            _add(script, "job", job)
        self.changed()

    def start_restore(
        self, instance_id: str, target_id: str, *, activity_id: str | None = None
    ) -> Job:
        """Let somebody else restore a disk from the newest point, as from the portal."""
        with self._lock:
            instance, now = self._instance(instance_id), self.now()
            wish = Wish(target_id=target_id, point_id=instance.newest_first[0].id)
            activity = activity_id or str(uuid.uuid4())
            job = self._restores.begin_job(instance, wish, activity_id=activity, now=now)
        self.changed()
        return job

    def add_history(
        self, instance_id: str, count: int, *, every: timedelta = timedelta(minutes=1)
    ) -> None:
        """Let a vault have made so many backups until now, each a job of its list."""
        with self._lock:
            instance, now = self._instance(instance_id), self.now()
            for back in range(count, 0, -1):
                job = past_backup(instance, str(uuid.uuid4()), now - back * every)
                self.world.jobs[arm_ids.key(job.id)] = job
        self.changed()

    def jobs(self) -> list[Job]:
        """Return all restore jobs, oldest first."""
        self._settle()
        with self._lock:
            return sorted(self.world.jobs.values(), key=lambda job: job.started)

    def operations(self) -> list[Operation]:
        """Return all operations, in the order in which they began."""
        self._settle()
        with self._lock:
            return list(self.world.operations.values())

    def disks(self) -> list[str]:
        """Return the ids of all disks that exist, in lower case."""
        self._settle()
        with self._lock:
            return sorted(self.world.disks)

    def restores_of(self, target: str) -> int:
        """Return how many restore jobs were ever begun for a disk, by id or by name."""
        with self._lock:
            return len(self.world.jobs_of_target(target))

    def _settle(self) -> None:
        with self._lock:
            settled = self._restores.settle(self.now())
        if settled:
            self.changed()

    def _protection(self, instance_id: str, state: str) -> None:
        with self._lock:
            self._instance(instance_id).protection = state
        self.changed()

    def _instance(self, instance_id: str) -> Instance:
        return self.world.instances[arm_ids.key(instance_id)]

    def _daily_points(self) -> list[Point]:
        now = self.now().astimezone(UTC)
        newest = datetime.combine(now.date(), _BACKUP_HOUR)
        newest -= timedelta(days=1) if newest >= now else timedelta(0)
        times = (newest - timedelta(days=day) for day in range(_DEFAULT_POINTS))
        return [Point(time=one, expiry=one + _KEPT) for one in times]


def _instance_id(vault_id: str, disk_id: str) -> str:
    disk = arm_ids.name_of(disk_id)
    tail = uuid.uuid5(uuid.NAMESPACE_URL, arm_ids.key(vault_id + disk_id))
    return f"{vault_id}/backupInstances/{disk}-{disk}-{tail}"


def _add(script: Script, ending: str, outcomes: Endings) -> None:
    if isinstance(outcomes, Outcome):
        script.standing[ending] = outcomes
    else:
        getattr(script, ending).extend(outcomes)
