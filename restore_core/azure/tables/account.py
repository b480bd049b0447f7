"""The tables of one account, and what receivers read of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from azure.data.tables import TableServiceClient

from restore_core.azure.tables.durations import DURATIONS, DurationsTable
from restore_core.azure.tables.outstanding import OUTSTANDING, OutstandingTable
from restore_core.azure.tables.restores import RESTORES, RestoresTable
from restore_core.azure.tables.results import RESULTS, ResultsTable
from restore_core.azure.tables.row_codec import moments_of, request_of
from restore_core.azure.tables.sets import SETS, SetsTable
from restore_core.azure.tables.sources import SOURCES, SourcesTable
from restore_core.azure.tables.table import Table
from restore_core.azure.tables.targets import LOCKS, TargetsTable
from restore_core.contract.resource_ids import BackupVaultId
from restore_core.lifecycle.status import Status


class AccountTables:
    """The seven tables of one account. Safe for threads.

    Every failure of storage is `Unavailable`: done or not, nobody knows, and every call may be made
    again. A lost race is `Superseded`.
    """

    def __init__(self, tables: TableServiceClient, *, are_made: bool = True) -> None:
        """Take the table service; unless they `are_made`, tables that are missing stay so."""
        names = (RESTORES, OUTSTANDING, LOCKS, SOURCES, RESULTS, SETS, DURATIONS)
        self._tables = {
            name: Table(tables.get_table_client(name), is_made=are_made) for name in names
        }
        self.restores = RestoresTable(self._tables[RESTORES])
        self.schedule = OutstandingTable(self._tables[OUTSTANDING])
        self.targets = TargetsTable(self._tables[LOCKS], self.restores)
        self.sources = SourcesTable(self._tables[SOURCES], self.restores)
        self.results = ResultsTable(self._tables[RESULTS])
        self.sets = SetsTable(self._tables[SETS])
        self.durations = DurationsTable(self._tables[DURATIONS])

    def create_missing(self) -> None:
        """Create the tables that are missing; where that is not allowed, they must exist."""
        for table in self._tables.values():
            table.make()

    def row_of(self, request_id: str) -> Mapping[str, Any] | None:
        """Return the row of `request_id` as it stands there, or None; raise Unavailable."""
        return self.restores.row_of(request_id)

    def refused(self, day: str, request_id: str) -> list[Mapping[str, Any]]:
        """Return the rows of a day's messages that named `request_id` and became no restore."""
        return self.results.refused(day, request_id)

    def refused_row(self, first: str, last: str, row_id: str) -> Mapping[str, Any] | None:
        """Return the newest row of these days under the key of a refused message, or None."""
        return self.results.refused_row(first, last, row_id)

    def results_of(
        self, day: str, *, status: Status | None, after: str, most: int
    ) -> list[Mapping[str, Any]]:
        """Return up to `most` rows of a day, by key, that come after the key `after`."""
        return self.results.results_of(day, status=status, after=after, most=most)

    def outstanding(self) -> list[Mapping[str, Any]]:
        """Return the public columns of what has not ended, as they stood at its last step."""
        rows = self.schedule.shown()
        return [row if "status" in row else self._of_old(row["RowKey"]) for row in rows]

    def _of_old(self, request_id: str) -> Mapping[str, Any]:
        """Return the restore whose outstanding row an earlier version wrote."""
        return {**(self.row_of(request_id) or {"requestId": request_id}), "RowKey": request_id}

    def ended(
        self, first: str, last: str, *, status: Status | None, most: int | None = None
    ) -> list[Mapping[str, Any]]:
        """Return how the restores of some days ended, without the text of messages."""
        return self.results.between(first, last, status=status, most=most)

    def members(self, set_id: str) -> list[Mapping[str, Any]]:
        """Return the disks of a set's plan, as they stand in it."""
        return self.sets.shown(set_id)

    def durations_of(self, vault: BackupVaultId) -> list[int]:
        """Return how many seconds the last restores of `vault` took; raise Unavailable."""
        return self.durations.of(vault)

    def moments_of(self, row: Mapping[str, Any]) -> Mapping[str, datetime]:
        """Return when the restore of `row` first came into each state."""
        return moments_of(row)

    def request_of(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the restore of `row` was asked for, in the message's own form."""
        return request_of(row)
