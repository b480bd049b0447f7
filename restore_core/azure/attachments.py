"""How large disks are, and where they are attached, as Resource Graph knows. Best effort.

A disk that is gone is in no row, and without the graph nothing is told: no restore waits for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from restore_core.azure.resource_graph import ResourceGraph, Row, among, batches, contains
from restore_core.contract.resource_ids import DiskId, InvalidId, VirtualMachineId
from restore_core.errors import Unavailable
from restore_core.lifecycle.sets import Attachment, FoundDisk
from restore_core.loose_json import array_of, object_of, text_of

Places = dict[DiskId, Attachment]


_Id = TypeVar("_Id", DiskId, VirtualMachineId)


@dataclass(frozen=True)
class Told:
    """What is known of disks beside what protects them."""

    sizes: Mapping[DiskId, int]
    places: Mapping[DiskId, Attachment]

    def on(self, disk: FoundDisk) -> FoundDisk:
        """Return `disk` with its size and its place."""
        size, place = self.sizes.get(disk.source), self.places.get(disk.source)
        return replace(disk, size_gib=size, attachment=place)

    def beside(self, known: Mapping[DiskId, Attachment]) -> "Told":
        """Return it with what is `known` better, by the machine itself."""
        return Told(self.sizes, {**self.places, **known})


class Attachments:
    """Asks for many disks at once. Safe for threads."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph

    def of(self, disks: Sequence[DiskId]) -> Told:
        """Return what the graph tells of `disks`."""
        subscriptions = sorted({disk.group.subscription for disk in disks})
        rows = [row for some in batches(disks) for row in self._rows("disks", some, subscriptions)]
        machines = list(dict.fromkeys(filter(None, map(_machine_of, rows))))
        places = Places()
        for some in batches(machines):
            names = sorted({machine.group.subscription for machine in some})
            for row in self._rows("virtualMachines", some, names):
                places.update(places_in(row))
        return Told(_sizes(rows), {**_without_lun(rows), **places})

    def of_one(self, disk: DiskId) -> Attachment | None:
        """Return where one disk is attached: by the machine whose storage profile names it."""
        query = (
            "Resources | where type =~ 'microsoft.compute/virtualMachines'"
            f" | where {contains('properties.storageProfile', disk)}"
            " | order by id asc | project id, name, properties"
        )
        try:
            rows = self._graph.all_rows(query, [disk.group.subscription]) or []
        except Unavailable:
            return None
        return next((places[disk] for places in map(places_in, rows) if disk in places), None)

    def _rows(
        self,
        kind: str,
        ids: Sequence[DiskId] | Sequence[VirtualMachineId],
        subscriptions: Sequence[str],
    ) -> list[Row]:
        query = (
            f"Resources | where type =~ 'microsoft.compute/{kind}' | where {among('id', ids)}"
            " | order by id asc | project id, name, managedBy, properties"
        )
        try:
            return self._graph.all_rows(query, subscriptions) or []
        except Unavailable:
            return []


def places_in(machine: Mapping[str, Any]) -> Places:
    """Return where each managed disk of a machine is attached: an answer to a GET, or a row."""
    named = _parsed(VirtualMachineId, machine.get("id"))
    profile = object_of(object_of(machine.get("properties")).get("storageProfile"))
    if named is None:
        return {}
    places, os_disk = Places(), _managed(object_of(profile.get("osDisk")))
    if os_disk is not None:
        places[os_disk] = Attachment(named, is_os=True)
    for item in map(object_of, array_of(profile.get("dataDisks"))):
        disk, lun = _managed(item), item.get("lun")
        if disk is not None:
            places[disk] = Attachment(named, lun if type(lun) is int else None)
    return places


def _sizes(rows: Sequence[Row]) -> dict[DiskId, int]:
    """Return how many GiB the disks' rows tell."""
    known = ((_disk(row), object_of(row.get("properties")).get("diskSizeGB")) for row in rows)
    return {disk: size for disk, size in known if disk is not None and type(size) is int}


def _without_lun(rows: Sequence[Row]) -> Places:
    """Return what the disks' own rows tell: the machine, and whether it begins from the disk."""
    places = Places()
    for row in rows:
        disk, machine = _disk(row), _machine_of(row)
        if disk is not None and machine is not None:
            kind = text_of(object_of(row.get("properties")).get("osType"))
            places[disk] = Attachment(machine, is_os=bool(kind))
    return places


def _disk(row: Row) -> DiskId | None:
    return _parsed(DiskId, row.get("id"))


def _machine_of(row: Row) -> VirtualMachineId | None:
    return _parsed(VirtualMachineId, row.get("managedBy"))


def _managed(disk: Mapping[str, Any]) -> DiskId | None:
    """Return the managed disk of an entry of a storage profile; None of any other."""
    return _parsed(DiskId, object_of(disk.get("managedDisk")).get("id"))


def _parsed(kind: type[_Id], text: object) -> _Id | None:
    try:
        return kind.parse(text_of(text))
    except InvalidId:
        return None
