"""The table `RestoreResults`: how restores ended, and what became of messages that are none."""

from collections.abc import Mapping
from typing import Any, Final

from restore_core.azure import storage
from restore_core.azure.tables.table import Table
from restore_core.engine.columns import PUBLIC, refused_row, result_row
from restore_core.engine.ports import RefusedMessage
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Outcome
from restore_core.lifecycle.status import Status

RESULTS: Final = "RestoreResults"
MAX_REFUSED: Final = 100
"""Refused messages of one id and day that are looked through. They are told apart by content, so
more of them are no sender's mistake."""


class ResultsTable:
    """A partition for each UTC day of acceptance. Safe for threads."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def write(self, restore: Restore, outcome: Outcome) -> None:
        """Write the result row, or the same one again."""
        with storage.answering():
            self._table.put(result_row(restore, outcome))

    def write_refused(self, message: RefusedMessage) -> None:
        """Write the result row of a message that never became a restore, anew at each delivery."""
        with storage.answering():
            self._table.put(refused_row(message))

    def refused(self, day: str, request_id: str) -> list[Mapping[str, Any]]:
        """Return the rows of a day's messages that named `request_id` and became no restore."""
        return self._rows(
            "PartitionKey eq @day and RowKey ge @first and RowKey lt @end",
            # What follows the id is `~` and hex digits; "g" comes after each of them.
            {"day": day, "first": f"{request_id}~", "end": f"{request_id}~g"},
            MAX_REFUSED,
        )

    def refused_row(self, first: str, last: str, row_id: str) -> Mapping[str, Any] | None:
        """Return the newest row with this key of the days from `first` to `last`, or None.

        The same message on two days is refused on both, under one key.
        """
        wanted = "PartitionKey ge @first and PartitionKey le @last and RowKey eq @key"
        found = self._rows(wanted, {"first": first, "last": last, "key": row_id}, None)
        return max(found, key=lambda row: row["PartitionKey"], default=None)

    def results_of(
        self, day: str, *, status: Status | None, after: str, most: int
    ) -> list[Mapping[str, Any]]:
        """Return up to `most` rows of a day, by key, that come after the key `after`."""
        wanted, values = "PartitionKey eq @day and RowKey gt @after", {"day": day, "after": after}
        if status is not None:
            wanted, values = f"{wanted} and status eq @status", {**values, "status": status.value}
        return self._rows(wanted, values, most)

    def between(
        self, first: str, last: str, *, status: Status | None, most: int | None = None
    ) -> list[Mapping[str, Any]]:
        """Return the rows of these days and of all between them, without the text of messages.

        A partition has no order but that of its keys: who wants the newest first reads the day.
        """
        wanted = "PartitionKey ge @first and PartitionKey le @last"
        values = {"first": first, "last": last}
        if status is not None:
            wanted, values = f"{wanted} and status eq @status", {**values, "status": status.value}
        return self._rows(wanted, values, most, select=_LISTED)

    def _rows(
        self,
        wanted: str,
        values: Mapping[str, Any],
        most: int | None,
        select: list[str] | None = None,
    ) -> list[Mapping[str, Any]]:
        with storage.answering():
            return list(self._table.rows(wanted, values, most, select=select))


_LISTED: Final = ["PartitionKey", "RowKey", *(name for name in PUBLIC if name != "messageText")]
