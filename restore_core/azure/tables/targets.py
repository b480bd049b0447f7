"""The table `TargetLocks`: who restores to which disk at this moment."""

from contextlib import suppress
from typing import Final

from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
)

from restore_core.azure import storage
from restore_core.azure.tables.resource_key import key_of
from restore_core.azure.tables.restores import RestoresTable
from restore_core.azure.tables.table import Table
from restore_core.contract.resource_ids import DiskId
from restore_core.engine.column import Row
from restore_core.errors import UnreadableRow

LOCKS: Final = "TargetLocks"
LOCK_ROW: Final = "target"


class TargetsTable:
    """A row for each target that is held. Safe for threads."""

    def __init__(self, table: Table, restores: RestoresTable) -> None:
        self._table = table
        self._restores = restores

    def lock(self, target: DiskId, request_id: str) -> str:
        """Take `target` for `request_id` and return who holds it then; raise Unavailable.

        A lock is taken over whose holder has ended: it has not come to its release yet, or a
        worker wrote it that had lost its restore to another one.
        """
        row = {"PartitionKey": key_of(target), "RowKey": LOCK_ROW, "requestId": request_id}
        row["targetDiskId"] = str(target)
        with storage.answering():
            try:
                self._table.insert(row)
            except ResourceExistsError:
                return self._held_lock(row)
        return request_id

    def holder(self, target: DiskId) -> str | None:
        """Return who holds `target` and may write it yet; None where it is free."""
        with storage.answering():
            held = self._table.get(key_of(target), LOCK_ROW)
        holder = str(held["requestId"]) if held is not None else ""
        return holder if holder and not self._lets_go(holder) else None

    def _held_lock(self, row: Row) -> str:
        held = self._table.get(row["PartitionKey"], LOCK_ROW)
        if held is None:
            raise ResourceModifiedError("The lock was released while it was read.")
        holder, wanted = str(held["requestId"]), str(row["requestId"])
        if holder == wanted or not self._lets_go(holder):
            return holder
        self._table.replace(row, str(held.metadata["etag"]))
        return wanted

    def _lets_go(self, request_id: str) -> bool:
        """A holder without a row was deleted by hand: locks are taken by recorded restores only."""
        try:
            found = self._restores.load(request_id)
        except UnreadableRow:
            return False
        return found is None or found.restore.frees_its_target

    def release(self, target: DiskId, request_id: str) -> None:
        """Release `target` where `request_id` holds it; another's lock stays."""
        key = key_of(target)
        with storage.answering():
            held = self._table.get(key, LOCK_ROW)
            if held is not None and held["requestId"] == request_id:
                with suppress(ResourceModifiedError):  # Released and taken by another meanwhile.
                    self._table.delete_if(key, LOCK_ROW, str(held.metadata["etag"]))
