"""Finds the disks that a set means, and what protects each: by Resource Graph, else in the lists.

Nothing is guessed. What the graph does not show may be there all the same: a disk, or a vault, of
which it shows nothing is looked for in the vaults' own lists. An answer of which something is
missing is none. No instance is confirmed by a call of its own: its restore is validated, anyway.
"""

from collections.abc import Sequence
from typing import Final

from restore_core.azure.attachments import Attachments
from restore_core.azure.disk_lookup import DiskLookup, Found, live, only_one, told_of
from restore_core.azure.machines import Machines
from restore_core.azure.protected_disk import SoftDeleted, source_key
from restore_core.azure.resource_graph import ResourceGraph, Row, among, batches, begins, inside
from restore_core.contract.request import RestoreRequest
from restore_core.contract.resource_ids import (
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    InvalidId,
    ResourceGroupId,
    VirtualMachineId,
)
from restore_core.errors import Rejected, Unavailable
from restore_core.lifecycle.backup_instance import BackupInstance
from restore_core.lifecycle.sets import FoundDisk, FoundSet
from restore_core.loose_json import text_of

_SOURCE: Final = "properties.dataSourceInfo.resourceID"

BySource = dict[str, list[Found]]
"""What protects a disk, by the disk's lower-cased id."""


class SetSearch:
    """Finds sets in any vault. Safe for threads."""

    def __init__(
        self,
        graph: ResourceGraph,
        lookup: DiskLookup,
        machines: Machines,
        attachments: Attachments,
    ) -> None:
        self._graph = graph
        self._lookup = lookup
        self._machines = machines
        self._attachments = attachments

    def disks_of(self, request: RestoreRequest, vaults: Sequence[BackupVaultId]) -> FoundSet:
        """Return the disks that a set means; raise Unavailable or Rejected."""
        if request.source_virtual_machine_id is not None:
            return self._of_machine(request.source_virtual_machine_id, vaults)
        if request.source_resource_group_id is not None:
            return self._of_group(request.source_resource_group_id, vaults)
        return self._of_list(request.source_disk_ids or (), vaults)

    def _of_machine(self, machine: VirtualMachineId, vaults: Sequence[BackupVaultId]) -> FoundSet:
        shown = self._machines.disks_of(machine)
        found = self._protecting(shown.disks, vaults)
        told = self._attachments.of(shown.disks).beside(shown.places)
        disks = [told.on(_disk(source, vaults, found)) for source in shown.disks]
        return FoundSet(tuple(disks), as_graph_showed=not shown.is_confirmed)

    def _of_list(self, sources: Sequence[DiskId], vaults: Sequence[BackupVaultId]) -> FoundSet:
        found, told = self._protecting(sources, vaults), self._attachments.of(sources)
        return FoundSet(tuple(told.on(_disk(source, vaults, found)) for source in sources))

    def _of_group(self, group: ResourceGroupId, vaults: Sequence[BackupVaultId]) -> FoundSet:
        """Return every disk of a group that an instance protects, whether it still exists.

        Also one whose instance was deleted: it was meant, and is told as missing.
        """
        begin = f"{group}/providers/Microsoft.Compute/disks/"
        rows = self._shown(begins(_SOURCE, begin), vaults)
        found = _by_source(rows, vaults)
        lacking = {key for key, shown in found.items() if not live(shown)}
        for vault in vaults:
            is_seen = any(_lies_in(row, vault) for row in rows)
            if is_seen and not lacking:
                continue
            for key, listed in self._lookup.listed(vault).items():
                if key in lacking or (not is_seen and key.startswith(begin.lower())):
                    _add(found, key, listed)
        named = [_source(key, listed) for key, listed in found.items()]
        sources = [source for source in named if source is not None]
        told = self._attachments.of(sources)
        return FoundSet(tuple(told.on(_disk(source, vaults, found)) for source in sources))

    # ------------------------------------------------------------------------- the instances

    def _protecting(self, sources: Sequence[DiskId], vaults: Sequence[BackupVaultId]) -> BySource:
        """Return what protects these disks; what the graph does not show is looked for in lists."""
        found = BySource()
        for some in batches(sources):
            for key, shown in _by_source(self._shown(among(_SOURCE, some), vaults), vaults).items():
                found.setdefault(key, []).extend(shown)
        lacking = {source.key for source in sources if not live(found.get(source.key, ()))}
        for vault in vaults if lacking else ():
            for key, listed in self._lookup.listed(vault).items():
                if key in lacking:
                    _add(found, key, listed)
        return found

    def _shown(self, condition: str, vaults: Sequence[BackupVaultId]) -> list[Row]:
        """Return the instances that the graph shows; none where it fails, for the lists are read.

        One that cannot be read as a disk's instance is none.
        """
        query = (
            "RecoveryServicesResources"
            " | where type =~ 'microsoft.dataprotection/backupvaults/backupinstances'"
            f" | where {inside(vaults)} | where {condition}"
            " | order by id asc | project id, name, properties"
        )
        try:
            return self._graph.all_rows(query, [vault.group.subscription for vault in vaults]) or []
        except Unavailable:
            return []


def _by_source(rows: Sequence[Row], vaults: Sequence[BackupVaultId]) -> BySource:
    found = BySource()
    for row in rows:
        instance = _instance(row, vaults)
        if instance is not None:
            found.setdefault(source_key(row), []).append(told_of(instance, row))
    return found


def _add(found: BySource, key: str, listed: Sequence[Found]) -> None:
    """Add what a list shows of a disk, but no deleted instance twice."""
    shown = found.setdefault(key, [])
    known = {str(one.instance).lower() for one in shown if isinstance(one, SoftDeleted)}
    shown += [
        one
        for one in listed
        if not isinstance(one, SoftDeleted) or str(one.instance).lower() not in known
    ]


def _instance(row: Row, vaults: Sequence[BackupVaultId]) -> BackupInstanceId | None:
    try:
        instance = BackupInstanceId.parse(text_of(row.get("id")))
    except InvalidId:
        return None
    return instance if instance.vault in vaults else None


def _source(key: str, found: Sequence[Found]) -> DiskId | None:
    """Return the disk as an instance that restores writes it, else by its lower-cased id."""
    for one in found:
        if isinstance(one, BackupInstance):
            return one.source
    try:
        return DiskId.parse(key)
    except InvalidId:
        return None


def _lies_in(row: Row, vault: BackupVaultId) -> bool:
    return text_of(row.get("id")).lower().startswith(f"{vault.key}/")


def _disk(source: DiskId, vaults: Sequence[BackupVaultId], found: BySource) -> FoundDisk:
    """Return a disk with the one instance that protects it, or with why there is not one."""
    try:
        return FoundDisk(source, only_one(source, vaults, found.get(source.key, [])))
    except Rejected as error:
        return FoundDisk(source, None, error.problem)
