"""What Resource Graph shows of the world as of a moment: its tables, row by row.

A row is made as far as it is asked for: a query may look at 50,000 jobs and show three.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

from simulator import arm_ids, bodies, compute_bodies, kql, kql_values, wire_times
from simulator.machines import Disk, Machine, is_there, owners
from simulator.world import RUNNING, Instance, Job, World

_TYPE: Final = "microsoft.dataprotection/backupvaults"
_TENANT: Final = "10000000-2000-4000-8000-400000000000"
_RIGHTS: Final = "microsoft.dataprotection/backupvaults/"


class Row(Protocol):
    """One row."""

    @property
    def subscription(self) -> str:
        """The subscription that holds it, in lower case."""

    def at(self, path: str) -> Any:
        """Return what stands at a path, None where nothing does."""


def of(table: str, world: World, moment: datetime) -> Iterator[Row]:
    """Yield every row of a table that the caller may read, as it stood at a moment."""
    if table.lower() == "resources":
        yield from _of_compute(world, moment)
    else:
        yield from _of_vaults(world, moment)


def _of_compute(world: World, moment: datetime) -> Iterator[Row]:
    machines = [*world.machines.values(), *world.removed_machines]
    owned = owners(machines, moment)
    may = _Rights(world, "microsoft.compute/disks/read")
    for disk in (*world.disks.values(), *world.removed_disks):
        if is_there(disk, moment) and may.read(disk.id):
            yield DiskRow(disk, owned.get(arm_ids.key(disk.id)))
    may = _Rights(world, "microsoft.compute/virtualmachines/read")
    for machine in machines:
        if is_there(machine, moment) and may.read(machine.id):
            yield MachineRow(machine, world, moment)


def _of_vaults(world: World, moment: datetime) -> Iterator[Row]:
    may = _Rights(world, _RIGHTS + "backupinstances/read")
    for instance in world.instances_at(moment):
        if may.read(instance.id):
            yield InstanceRow(instance)
    instances = {**world.removed_instances, **world.instances}
    may = _Rights(world, _RIGHTS + "backupjobs/read")
    for job in world.jobs.values():
        of_it = instances.get(arm_ids.key(job.instance_id))
        if of_it is None or job.started > moment:
            continue
        if may.read(job.id):
            yield JobRow(_as_of(job, moment), of_it)


def shown(at: kql.At, columns: tuple[str, ...]) -> dict[str, Any]:
    """Return a row as JSON."""
    return {name: at(name) for name in columns}


class _Rights:
    def __init__(self, world: World, action: str) -> None:
        self._hidden = world.denied.get(action, [])

    def read(self, resource_id: str) -> bool:
        return not any(
            scope == "*" or arm_ids.is_within(resource_id, scope) for scope in self._hidden
        )


@dataclass(slots=True)
class InstanceRow:
    """A backup instance."""

    one: Instance

    @property
    def subscription(self) -> str:
        """The subscription that holds it, in lower case."""
        return arm_ids.subscription_of(self.one.id).lower()

    def at(self, path: str) -> Any:
        """Return what stands at a path."""
        quick = _OF_INSTANCE.get(path)
        if quick:
            return quick(self.one)
        return kql_values.walk(
            _row(self.one.id, f"{_TYPE}/backupinstances", bodies.graph_instance(self.one)), path
        )


@dataclass(slots=True)
class JobRow:
    """A backup job."""

    one: Job
    of: Instance

    @property
    def subscription(self) -> str:
        """The subscription that holds it, in lower case."""
        return arm_ids.subscription_of(self.one.id).lower()

    def at(self, path: str) -> Any:
        """Return what stands at a path."""
        quick = _OF_JOB.get(path)
        if quick:
            return quick(self.one)
        return kql_values.walk(
            _row(self.one.id, f"{_TYPE}/backupjobs", bodies.graph_job(self.one, self.of)), path
        )


@dataclass(slots=True)
class DiskRow:
    """A managed disk, and the machine that it hangs on."""

    one: Disk
    owner: Machine | None

    @property
    def subscription(self) -> str:
        """The subscription that holds it, in lower case."""
        return arm_ids.subscription_of(self.one.id).lower()

    def at(self, path: str) -> Any:
        """Return what stands at a path."""
        if path == "type":
            return "microsoft.compute/disks"
        if path == "id":
            return self.one.id
        if path == "managedBy":
            return _loud(self.owner.id) if self.owner else ""
        properties = compute_bodies.disk_properties(self.one, self.owner)
        row = _row(self.one.id, "microsoft.compute/disks", properties)
        return kql_values.walk({**row, "location": self.one.region}, path)


@dataclass(slots=True)
class MachineRow:
    """A virtual machine."""

    one: Machine
    world: World
    moment: datetime

    @property
    def subscription(self) -> str:
        """The subscription that holds it, in lower case."""
        return arm_ids.subscription_of(self.one.id).lower()

    def at(self, path: str) -> Any:
        """Return what stands at a path."""
        if path == "type":
            return "microsoft.compute/virtualmachines"
        if path == "id":
            return self.one.id
        properties = compute_bodies.machine_properties(self.one, self.world.disks, self.moment)
        row = _row(self.one.id, "microsoft.compute/virtualmachines", properties)
        return kql_values.walk({**row, "location": self.one.region}, path)


_OF_INSTANCE: Final[dict[str, Callable[[Instance], Any]]] = {
    "id": lambda one: one.id,
    "type": lambda _: f"{_TYPE}/backupinstances",
    "properties.dataSourceInfo.resourceID": lambda one: one.disk_id,
}
_OF_JOB: Final[dict[str, Callable[[Job], Any]]] = {
    "id": lambda one: one.id,
    "type": lambda _: f"{_TYPE}/backupjobs",
    "properties.activityID": lambda one: one.activity_id,
    "properties.backupInstanceId": lambda one: one.instance_id,
    "properties.status": lambda one: one.status,
    "properties.startTime": lambda one: wire_times.precise(one.started),
    "properties.extendedInfo.recoveryDestination": lambda one: one.target_id,
}


def _row(resource_id: str, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": resource_id,
        "name": arm_ids.name_of(resource_id),
        "type": kind,
        "tenantId": _TENANT,
        "kind": "",
        "location": "",
        "resourceGroup": arm_ids.group_name_of(resource_id).lower(),
        "subscriptionId": arm_ids.subscription_of(resource_id),
        "managedBy": "",
        "properties": properties,
    }


def _as_of(job: Job, moment: datetime) -> Job:
    """Return a job as it stood: what has ended since still runs."""
    if job.ended is None or job.ended <= moment:
        return job
    return replace(job, status=RUNNING, ended=None, error_code=None)


def _loud(resource_id: str) -> str:
    """Return an id as it stands in `managedBy`: in another case than where it is the id itself."""
    group = arm_ids.group_name_of(resource_id)
    return resource_id.replace(f"/{group}/", f"/{group.upper()}/", 1)
