"""What Resource Graph shows of the world: backup instances and jobs as rows, as of a moment.

A row is made as far as it is asked for: a query may look at 50,000 jobs and show three.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

from simulator import arm_ids, bodies, kql, wire_times
from simulator.world import RUNNING, Instance, Job, World

_TYPE: Final = "microsoft.dataprotection/backupvaults"
_TENANT: Final = "10000000-2000-4000-8000-400000000000"
_RIGHTS: Final = "microsoft.dataprotection/backupvaults/"
_ABSENT: Final = ("sku", "plan", "tags", "identity", "zones", "extendedLocation")


class Row(Protocol):
    """One row."""

    @property
    def subscription(self) -> str:
        """The subscription that holds it, in lower case."""

    def at(self, path: str) -> Any:
        """Return what stands at a path, None where nothing does."""


def of(world: World, moment: datetime) -> Iterator[Row]:
    """Yield every row that the caller may read, as it stood at a moment."""
    hidden = world.denied.get(_RIGHTS + "backupinstances/read", [])
    for instance in world.instances_at(moment):
        if not _is_within_any(instance.id, hidden):
            yield InstanceRow(instance)
    instances = {**world.removed_instances, **world.instances}
    hidden = world.denied.get(_RIGHTS + "backupjobs/read", [])
    for job in world.jobs.values():
        of_it = instances.get(arm_ids.key(job.instance_id))
        if of_it is None or job.started > moment:
            continue
        if not _is_within_any(job.id, hidden):
            yield JobRow(_as_of(job, moment), of_it)


def shown(at: kql.At, columns: tuple[str, ...] | None) -> dict[str, Any]:
    """Return a row as JSON: the columns that were projected, or all of them."""
    names = columns or ("id", "name", "type", "properties", *_COLUMNS, *_ABSENT)
    return {name: at(name) for name in names}


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
        return _walk(_row(self.one.id, "backupinstances", bodies.graph_instance(self.one)), path)


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
        return _walk(_row(self.one.id, "backupjobs", bodies.graph_job(self.one, self.of)), path)


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
_COLUMNS: Final = ("tenantId", "kind", "location", "resourceGroup", "subscriptionId", "managedBy")


def _row(resource_id: str, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": resource_id,
        "name": arm_ids.name_of(resource_id),
        "type": f"{_TYPE}/{kind}",
        "tenantId": _TENANT,
        "kind": "",
        "location": "",
        "resourceGroup": arm_ids.group_name_of(resource_id).lower(),
        "subscriptionId": arm_ids.subscription_of(resource_id),
        "managedBy": "",
        "properties": properties,
    }


def _walk(row: dict[str, Any], path: str) -> Any:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _as_of(job: Job, moment: datetime) -> Job:
    """Return a job as it stood: what has ended since still runs."""
    if job.ended is None or job.ended <= moment:
        return job
    return replace(job, status=RUNNING, ended=None, error_code=None)


def _is_within_any(resource_id: str, scopes: list[str]) -> bool:
    return any(scope == "*" or arm_ids.is_within(resource_id, scope) for scope in scopes)
