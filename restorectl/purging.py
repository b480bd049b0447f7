"""Deletes what ended long ago: a result, and before it the restore whose end it tells.

Results are what is looked through, so each goes last: a purge that was killed finds the rest again.
Nothing outstanding goes, nor a restore that still owes something, nor one that was changed since it
was looked at. Beside a running app nothing has to be stopped: it never reads a result.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableTransactionError

from restore_core.azure import storage
from restore_core.azure.tables.restores import RESTORES
from restore_core.azure.tables.results import RESULTS
from restore_core.azure.tables.row_codec import RESTORE_ROW
from restore_core.engine.columns import day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from azure.data.tables import TableServiceClient

    from restore_core.azure.tables.account import AccountTables

SETS: Final = "RestoreSets"
LEAST_AGE: Final = timedelta(days=8)
"""A message lives seven days, and its restore is the memory that keeps it from being run again; one
day more, for a result stands under its whole day."""
BATCH: Final = 100
"""Rows of one partition that the service deletes in one transaction."""
_THREADS: Final = 8
_COLUMNS: Final = ["PartitionKey", "RowKey", "completedAt", "members", "partOf"]

Row = "Mapping[str, Any]"


@dataclass(frozen=True)
class Counted:
    """What a purge would delete, and what it would leave for a reason."""

    rows: int
    days: int
    first: str
    outstanding: int


class Purge:
    """Counts, then deletes, in the account's tables. Raises Unavailable; may be repeated."""

    def __init__(
        self, service: TableServiceClient, tables: AccountTables, before: datetime
    ) -> None:
        self._service = service
        self._before = before
        self._last = day(before)
        self._open = _outstanding(tables)

    def counted(self) -> Counted:
        """Return what there is to delete."""
        rows, days, kept, first = 0, set[str](), 0, ""
        for row in self._old():
            if self._is_open(row):
                kept += 1
                continue
            first = first or row["PartitionKey"]
            rows += 1
            days.add(row["PartitionKey"])
        return Counted(rows, len(days), first, kept)

    def run(self, told: Callable[[int], None]) -> int:
        """Delete, telling how many are gone; return how many were left for they had changed."""
        gone = left = 0
        rows = (row for row in self._old() if not self._is_open(row))
        with ThreadPoolExecutor(_THREADS) as pool:
            while batch := list(islice(rows, BATCH)):
                done = list(pool.map(self._forget, batch))
                left += done.count(False)
                ended = [row for row, is_gone in zip(batch, done, strict=True) if is_gone]
                self._delete(RESULTS, ended)
                gone += len(ended)
                told(gone)
        return left

    def _old(self) -> Iterator[Mapping[str, Any]]:
        """Yield the results of whole days before, that ended before, too."""
        table = self._service.get_table_client(RESULTS)
        with storage.answering():
            for row in table.query_entities(
                "PartitionKey lt @last", parameters={"last": self._last}, select=_COLUMNS
            ):
                ended = row.get("completedAt")
                if isinstance(ended, datetime) and ended < self._before:
                    yield row

    def _is_open(self, row: Mapping[str, Any]) -> bool:
        return row["RowKey"] in self._open or row.get("partOf") in self._open

    def _forget(self, row: Mapping[str, Any]) -> bool:
        """Delete the restore of a result, and what a set has of its own; tell whether it is gone.

        A message that never became a restore has a `~` in its key, which no request's id has.
        """
        if "~" in row["RowKey"]:
            return True
        if row.get("members") is not None:
            self._delete(SETS, self._of_set(row["RowKey"]))
        table = self._service.get_table_client(RESTORES)
        with storage.answering():
            try:
                found = table.get_entity(row["RowKey"], RESTORE_ROW)
                ended = found.get("completedAt")
                if "dueAt" in found or not isinstance(ended, datetime) or ended >= self._before:
                    return False
                table.delete_entity(
                    row["RowKey"],
                    RESTORE_ROW,
                    etag=found.metadata["etag"],
                    match_condition=MatchConditions.IfNotModified,
                )
            except ResourceNotFoundError:
                return True
            except ResourceModifiedError:
                return False
        return True

    def _of_set(self, set_id: str) -> list[Mapping[str, Any]]:
        table = self._service.get_table_client(SETS)
        with storage.answering():
            try:
                return list(
                    table.query_entities(
                        "PartitionKey eq @set",
                        parameters={"set": set_id},
                        select=["PartitionKey", "RowKey"],
                    )
                )
            except ResourceNotFoundError:
                return []

    def _delete(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Delete rows, a transaction for each partition of them; what is gone already is gone."""
        table = self._service.get_table_client(name)
        by_partition: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in rows:
            key = {name: row[name] for name in ("PartitionKey", "RowKey")}
            by_partition[row["PartitionKey"]].append(key)
        for keys in by_partition.values():
            for begin in range(0, len(keys), BATCH):
                with storage.answering():
                    _delete_all(table, keys[begin : begin + BATCH])


def _delete_all(table: Any, keys: list[dict[str, str]]) -> None:
    try:
        table.submit_transaction([("delete", key) for key in keys])
    except TableTransactionError:  # Another purge was faster with one of them: so one by one.
        for key in keys:
            table.delete_entity(key["PartitionKey"], key["RowKey"])


def _outstanding(tables: AccountTables) -> frozenset[str]:
    """Return every id that is outstanding, and those that such a one follows."""
    rows = tables.schedule.all()
    return frozenset({row.request_id for row in rows} | {row.leader for row in rows} - {""})
