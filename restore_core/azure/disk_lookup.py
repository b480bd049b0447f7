"""Finds the backup instance of a disk: by one query of Resource Graph, else in the vaults' lists.

A row of the graph is confirmed by a GET of its instance. A list that was read is kept for a minute,
for an alert seldom comes alone; that a disk is in none counts only of lists whose reading began
after the restore was asked for.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from restore_core.azure.advice import instances
from restore_core.azure.protected_disk import (
    SoftDeleted,
    is_soft_deleted,
    name_of,
    protected_disk,
    protects,
    source_key,
)
from restore_core.azure.resource_graph import INSTANCES, ResourceGraph, Row, same
from restore_core.azure.vault_calls import GONE, VaultCalls, odd
from restore_core.contract.resource_ids import BackupInstanceId, BackupVaultId, DiskId, InvalidId
from restore_core.errors import Rejected, Unavailable
from restore_core.lifecycle.backup_instance import BackupInstance

KEPT: Final = timedelta(minutes=1)
"""How long a vault's list that was read is used again by the same worker."""

Items = dict[str, list[dict[str, Any]]]
Found = BackupInstance | Rejected
"""An instance that restores, or why one does not."""


@dataclass(frozen=True)
class _List:
    """A vault's list as this worker read it last: its items by the disk they protect."""

    begun: datetime
    items: Items


class DiskLookup:
    """Finds the instance of a disk in one vault or in several. Safe for threads."""

    def __init__(
        self, calls: VaultCalls, graph: ResourceGraph, clock: Callable[[], datetime]
    ) -> None:
        self._calls = calls
        self._graph = graph
        self._clock = clock
        self._lock = threading.Lock()
        self._lists: dict[str, _List] = {}

    def instance_of(
        self, source: DiskId, vaults: Sequence[BackupVaultId], asked_at: datetime
    ) -> BackupInstance:
        """Return the one instance of these vaults that protects `source`.

        Raise Unavailable, or Rejected where there is none, or more than one. What was deleted and
        is still kept does not count beside one that is there: the disk was protected anew.
        """
        found = self._in_graph(source, vaults)
        if not live(found):
            found = self._in_lists(source, vaults, asked_at)
        return only_one(source, vaults, found)

    def listed(self, vault: BackupVaultId) -> dict[str, list[Found]]:
        """Return what the vault's list, read now, shows: by the id of the disk, lower-cased.

        Raise Unavailable or Rejected where the list cannot be read.
        """
        items = self._read(vault).items
        return {key: [_told(vault, one) for one in some] for key, some in items.items()}

    # -------------------------------------------------------------------------- in the graph

    def _in_graph(self, source: DiskId, vaults: Sequence[BackupVaultId]) -> list[Found]:
        """Return what the graph shows and a GET confirms; nothing is no answer."""
        condition = same("properties.dataSourceInfo.resourceID", source)
        try:
            rows = self._graph.find(INSTANCES, vaults, condition) or []
        except Unavailable:
            return []
        named = [_id_of(row, vaults) for row in rows if protects(row, source)]
        known = dict.fromkeys(instance for instance in named if instance is not None)
        read = [self._confirmed(instance, source) for instance in known]
        return [instance for instance in read if instance is not None]

    def _confirmed(self, instance: BackupInstanceId, source: DiskId) -> Found | None:
        """Return the instance as it is now; None where it is gone or protects another disk."""
        try:
            answer = self._calls.read(str(instance), instance.vault)
        except Rejected as error:
            if error.status in GONE:
                return None
            raise
        read = _found(instance, answer.body)
        return read if protects(answer.body, source) else None

    # -------------------------------------------------------------------------- in the lists

    def _in_lists(
        self, source: DiskId, vaults: Sequence[BackupVaultId], asked_at: datetime
    ) -> list[Found]:
        """Return what the vaults' lists show; a vault that refuses counts where none shows it."""
        found, refusals = list[Found](), list[Rejected]()
        for vault in vaults:
            try:
                found += self._in_list(source, vault, asked_at)
            except Rejected as error:
                refusals.append(error)
        if refusals and not found:
            raise refusals[0]
        return found

    def _in_list(self, source: DiskId, vault: BackupVaultId, asked_at: datetime) -> list[Found]:
        items = self._kept(source, vault, asked_at)
        if items is None:
            items = self._read(vault).items.get(source.key, [])
        return [_of_list(vault, item) for item in items]

    def _kept(
        self, source: DiskId, vault: BackupVaultId, asked_at: datetime
    ) -> list[dict[str, Any]] | None:
        """Return what the list that is kept holds of the disk; None where that does not count."""
        with self._lock:
            kept = self._lists.get(vault.key)
        if kept is None or self._clock() - kept.begun >= KEPT:
            return None
        items = kept.items.get(source.key, [])
        is_there = any(not is_soft_deleted(item) for item in items)
        return items if is_there or kept.begun > asked_at else None

    def _read(self, vault: BackupVaultId) -> _List:
        """Read the list and keep it. Of two that ask at once both read: no invocation waits."""
        read, path = _List(self._clock(), {}), f"{vault}/backupInstances"
        for item in self._calls.items(path, vault, instances.no_vault(vault)):
            read.items.setdefault(source_key(item), []).append(item)
        with self._lock:
            self._lists[vault.key] = read
        return read


def _of_list(vault: BackupVaultId, item: dict[str, Any]) -> Found:
    try:
        instance = BackupInstanceId.of(vault, name_of(item))
    except InvalidId:
        raise Unavailable(odd("a backup instance's name")) from None
    return _found(instance, item)


def _told(vault: BackupVaultId, item: dict[str, Any]) -> Found:
    try:
        return told_of(BackupInstanceId.of(vault, name_of(item)), item)
    except InvalidId:
        return Rejected(odd("a backup instance's name"))


def told_of(instance: BackupInstanceId, body: dict[str, Any]) -> Found:
    """Return what an item or a row tells of one instance of many: none stops the others."""
    try:
        return protected_disk(instance, body)
    except Rejected as error:
        return error
    except Unavailable as error:
        return Rejected(error.problem)


def _found(instance: BackupInstanceId, body: dict[str, Any]) -> Found:
    try:
        return protected_disk(instance, body)
    except SoftDeleted as deleted:
        return deleted


def live(found: Sequence[Found]) -> list[BackupInstance]:
    """Return those of the instances that protect their disk now."""
    return [one for one in found if isinstance(one, BackupInstance)]


def only_one(
    source: DiskId, vaults: Sequence[BackupVaultId], found: Sequence[Found]
) -> BackupInstance:
    """Return the one instance that protects `source`; raise Rejected where there is not one."""
    protecting = live(found)
    if len(protecting) != 1:
        raise _not_one(source, vaults, protecting, found)
    return protecting[0]


def _not_one(
    source: DiskId,
    vaults: Sequence[BackupVaultId],
    protecting: Sequence[BackupInstance],
    found: Sequence[Found],
) -> Rejected:
    """Return why the instances of a disk do not say which to restore: none, or several."""
    if protecting:
        return Rejected(instances.several(source, [one.id for one in protecting]))
    deleted = [one for one in found if isinstance(one, SoftDeleted)]
    if len(deleted) == 1:
        return deleted[0]
    if deleted:
        return Rejected(instances.soft_deleted([one.instance for one in deleted]))
    if found:
        return next(one for one in found if isinstance(one, Rejected))
    return Rejected(instances.not_protected(source, vaults))


def _id_of(row: Row, vaults: Sequence[BackupVaultId]) -> BackupInstanceId | None:
    """Return the instance that a row names, where it lies in one of these vaults."""
    try:
        instance = BackupInstanceId.parse(str(row.get("id")))
    except InvalidId:
        return None
    return instance if instance.vault in vaults else None
