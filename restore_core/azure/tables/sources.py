"""The table `RestoredSources`: which requests restore a disk or more, or did a while ago."""

from collections.abc import Callable
from typing import Final

from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

from restore_core.azure import storage
from restore_core.azure.tables.resource_key import key_of
from restore_core.azure.tables.restores import RestoresTable
from restore_core.azure.tables.table import Table
from restore_core.contract.resource_ids import ArmId
from restore_core.engine.column import Row
from restore_core.lifecycle.restore import Restore

SOURCES: Final = "RestoredSources"
SOURCE_ROW: Final = "source"
MOST_OF_A_SOURCE: Final = 200
"""Restores of one source that are remembered together: 129 characters each in one property."""


class SourcesTable:
    """A row for each disk, machine or group that was ever restored. Safe for threads."""

    def __init__(self, table: Table, restores: RestoresTable) -> None:
        self._table = table
        self._restores = restores

    def take(
        self, source: ArmId, request_id: str, *, counts: Callable[[Restore], bool], force: bool
    ) -> Restore | None:
        """Note that `request_id` restores `source`; return an earlier restore that forbids it.

        That is one of those noted before which `counts`, unless the request insists (`force`).
        What counts no more is forgotten, and so is what cannot be read. Raise Unavailable.
        """
        row: Row = {
            "PartitionKey": key_of(source),
            "RowKey": SOURCE_ROW,
            "requestIds": request_id,
            "sourceDiskId": str(source),
        }
        with storage.answering():
            try:
                self._table.insert(row)
            except ResourceExistsError:
                return self._join(row, counts, force=force)
        return None

    def _join(self, row: Row, counts: Callable[[Restore], bool], *, force: bool) -> Restore | None:
        held = self._table.get(row["PartitionKey"], SOURCE_ROW)
        if held is None:
            raise ResourceModifiedError("The row was deleted while it was read.")
        noted, request_id = str(held["requestIds"]).split(","), str(row["requestIds"])
        if request_id in noted:
            return None
        counting = [one for one in map(self._restores.readable, noted) if one and counts(one)]
        if counting and not force:
            return counting[-1]
        kept = [*(one.id for one in counting), request_id][-MOST_OF_A_SOURCE:]
        try:
            self._table.replace({**row, "requestIds": ",".join(kept)}, str(held.metadata["etag"]))
        except ResourceModifiedError:  # Another has joined, and may count.
            return self._join(row, counts, force=force)
        return None
