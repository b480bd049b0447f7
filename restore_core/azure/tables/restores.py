"""The table `Restores`: every restore, with its etag. The truth."""

from typing import Final

from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableEntity

from restore_core.azure import storage
from restore_core.azure.tables.long_text import parts_in
from restore_core.azure.tables.row_codec import DOCUMENT, RESTORE_ROW, restore_of, restore_row
from restore_core.azure.tables.table import Table
from restore_core.engine.column import Row
from restore_core.engine.ports import Versioned
from restore_core.errors import Superseded, UnreadableRow
from restore_core.lifecycle.restore import Restore

RESTORES: Final = "Restores"


class RestoresTable:
    """One row for each restore. Safe for threads."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, request_id: str) -> Versioned | None:
        """Return the restore of `request_id`, or None; raise Unavailable or UnreadableRow."""
        row = self.row_of(request_id)
        if row is None:
            return None
        return Versioned(restore_of(row), str(row.metadata["etag"]))

    def row_of(self, request_id: str) -> TableEntity | None:
        """Return the row of `request_id` as it stands there, or None; raise Unavailable."""
        with storage.answering():
            return self._table.get(request_id, RESTORE_ROW)

    def record(self, restore: Restore) -> Versioned:
        """Insert `restore`; raise Superseded where its id is recorded already."""
        with storage.answering():
            try:
                return Versioned(restore, self._table.insert(restore_row(restore)))
            except ResourceExistsError:
                raise Superseded(f"{restore.id} is recorded already") from None

    def save(self, restore: Restore, etag: str) -> Versioned:
        """Replace the row that had `etag`; raise Superseded where it has been changed since."""
        row = restore_row(restore)
        with storage.answering():
            try:
                return Versioned(restore, self._table.replace(row, etag))
            except (ResourceModifiedError, ResourceNotFoundError):
                return self._own_write(restore, row)

    def _own_write(self, restore: Restore, row: Row) -> Versioned:
        """Return the row if it is what we wrote: the client repeats a write whose answer it lost.

        A claim has an id of its own, so nobody else's write can be taken for ours.
        """
        now = self._table.get(restore.id, RESTORE_ROW)
        if now is None:
            raise Superseded(f"{restore.id} is gone")
        if parts_in(DOCUMENT, now) != parts_in(DOCUMENT, row):
            raise Superseded(f"{restore.id} was saved by somebody else")
        return Versioned(restore, str(now.metadata["etag"]))

    def readable(self, request_id: str) -> Restore | None:
        """Return the restore of `request_id`; None where there is none that can be read."""
        try:
            found = self.load(request_id)
        except UnreadableRow:
            return None
        return found.restore if found else None
