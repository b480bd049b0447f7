"""Rows of the tables as a test gives them, in place of an account. Notes what it was asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from restore_core.azure.tables.row_codec import moments_of, request_of
from restore_core.contract.resource_ids import BackupVaultId
from restore_core.lifecycle.status import Status

Row = Mapping[str, Any]


@dataclass
class GivenRows:
    """Rows by what is asked for; notes what it was asked."""

    restore: Row | None = None
    refused_on: Mapping[str, list[Row]] = field(default_factory=dict)
    of_the_day: list[Row] = field(default_factory=list)
    under_way: Sequence[Row] = ()
    results: Sequence[Row] = ()
    of_sets: Sequence[Row] = ()
    took: list[int] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    read: int = 0

    def row_of(self, request_id: str) -> Row | None:
        self.asked.append(request_id)
        return self.restore

    def refused(self, day: str, request_id: str) -> list[Row]:
        self.asked.append((day, request_id))
        return self.refused_on.get(day, [])

    def refused_row(self, first: str, last: str, row_id: str) -> Row | None:
        self.asked.append((first, last, row_id))
        of_days = {day: rows for day, rows in self.refused_on.items() if first <= day <= last}
        rows = [row for day in sorted(of_days) for row in of_days[day]]
        return next((row for row in reversed(rows) if row["RowKey"] == row_id), None)

    def results_of(self, day: str, *, status: Status | None, after: str, most: int) -> list[Row]:
        self.asked.append((day, status, after, most))
        rows = [row for row in self.of_the_day if row["RowKey"] > after][:most]
        self.read += len(rows)
        return rows

    def outstanding(self) -> list[Row]:
        return [dict(row) for row in self.under_way]

    def ended(
        self, first: str, last: str, *, status: Status | None, most: int | None = None
    ) -> list[Row]:
        rows = [row for row in self.results if first <= row["PartitionKey"] <= last]
        rows = [row for row in rows if status is None or row["status"] == status.value][:most]
        self.asked.append((first, last, status, most))
        self.read += len(rows)
        return rows

    def members(self, set_id: str) -> list[Row]:
        return [row for row in self.of_sets if row["PartitionKey"] == set_id]

    def durations_of(self, vault: BackupVaultId) -> list[int]:
        self.asked.append(vault)
        return self.took

    def moments_of(self, row: Row) -> Mapping[str, datetime]:
        return moments_of(row)

    def request_of(self, row: Row) -> Mapping[str, Any]:
        return request_of(row)
