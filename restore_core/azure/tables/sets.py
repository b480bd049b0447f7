"""The table `RestoreSets`: the plans of sets, and how their members ended."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from restore_core.azure import storage
from restore_core.azure.tables.table import Table
from restore_core.azure.tables.value_codec import decoded, encoded
from restore_core.contract.resource_ids import DiskId
from restore_core.engine.column import Row, present
from restore_core.errors import UnreadableRow
from restore_core.lifecycle.sets import End, FoundDisk, Header, PlannedDisk
from restore_core.text import MAX_TEXT, one_line

SETS: Final = "RestoreSets"
HEADER_ROW: Final = "header"

_SHOWN: Final = [
    "PartitionKey",
    "RowKey",
    "memberId",
    "sourceDiskId",
    "targetDiskId",
    "status",
    "completedAt",
    "errorCode",
    "errorMessage",
    "backAs",
    "pointTime",
    "durationSeconds",
]


class SetsTable:
    """A partition for each set: the rows of its plan under an attempt's id, and the header.

    Only the header makes a plan: rows of an attempt that died before it mean nothing. Safe for
    threads.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def header(self, set_id: str) -> Header | None:
        """Return the header of the set's plan, once it stands; raise Unavailable."""
        with storage.answering():
            row = self._table.get(set_id, HEADER_ROW)
        return None if row is None else _header(row)

    def save(self, set_id: str, header: Header, plan: Sequence[PlannedDisk]) -> Header:
        """Write the plan, its header last; return the header that stands, whoever wrote it."""
        rows = [_row(set_id, disk) for disk in plan]
        row = {"PartitionKey": set_id, "RowKey": HEADER_ROW, "header": json.dumps(encoded(header))}
        with storage.answering():
            self._table.put_all(rows)
            try:
                self._table.insert({**row, "disks": header.disks, "members": header.members})
            except ResourceExistsError:
                return self._standing(set_id)
        return header

    def plan(self, set_id: str, header: Header) -> list[PlannedDisk]:
        """Return the rows of the plan, in the order of their keys; raise Unavailable."""
        return [_disk(row) for row in self._rows(set_id, header)]

    def shown(self, set_id: str) -> list[Mapping[str, Any]]:
        """Return the rows of the plan as they stand there; none of what is no plan."""
        header = self.header(set_id)
        return [] if header is None else self._rows(set_id, header, select=_SHOWN)

    def end(self, set_id: str, row: str, end: End) -> None:
        """Write how a member ended into its row, or the same again; raise Unavailable.

        A row that is gone stays gone: without what was planned it could not be read.
        """
        with storage.answering(), suppress(ResourceNotFoundError):
            self._table.merge({"PartitionKey": set_id, "RowKey": row, **_end_columns(end)})

    def _rows(
        self, set_id: str, header: Header, select: list[str] | None = None
    ) -> list[Mapping[str, Any]]:
        # Keys go on with digits: "a" comes after each of them.
        values = {"set": set_id, "first": f"{header.attempt}~", "end": f"{header.attempt}~a"}
        wanted = "PartitionKey eq @set and RowKey ge @first and RowKey lt @end"
        with storage.answering():
            return list(self._table.rows(wanted, values, select=select))

    def _standing(self, set_id: str) -> Header:
        row = self._table.get(set_id, HEADER_ROW)
        if row is None:
            raise ResourceModifiedError("The header was deleted while it was read.")
        return _header(row)


def _header(row: Mapping[str, Any]) -> Header:
    header: Header = _read(Header, row, "header")
    return header


def _disk(row: Mapping[str, Any]) -> PlannedDisk:
    """Return a row of the plan; raise UnreadableRow."""
    found: FoundDisk = _read(FoundDisk, row, "found")
    target: DiskId = _read(DiskId, row, "targetDiskId")
    return PlannedDisk(row["RowKey"], str(row["memberId"]), found, target, _end(row))


def _end(row: Mapping[str, Any]) -> End | None:
    at = row.get("completedAt")
    if at is None:
        return None
    return End(
        status=str(row["status"]),
        at=at,
        code=str(row.get("errorCode", "")),
        message=str(row.get("errorMessage", "")),
        disk=str(row.get("backAs", "")),
        point_time=row.get("pointTime"),
        seconds=int(row.get("durationSeconds", 0)),
    )


def _read(kind: type, row: Mapping[str, Any], column: str) -> Any:
    text = str(row.get(column))
    try:
        return DiskId.parse(text) if kind is DiskId else decoded(kind, json.loads(text))
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        key = one_line(f"{row['PartitionKey']} {row['RowKey']}", 300)
        why = f"{column} of {key} in {SETS} cannot be read: {type(error).__name__}."
        raise UnreadableRow(why) from None


def _row(set_id: str, disk: PlannedDisk) -> Row:
    return {
        "PartitionKey": set_id,
        "RowKey": disk.row,
        "memberId": disk.member_id,
        "sourceDiskId": str(disk.found.source),
        "targetDiskId": str(disk.target),
        "found": json.dumps(encoded(disk.found), ensure_ascii=False),
        **(_end_columns(disk.end) if disk.end else {}),
    }


def _end_columns(end: End) -> Row:
    return present(
        {
            "status": end.status,
            "completedAt": end.at,
            "errorCode": end.code or None,
            "errorMessage": one_line(end.message, MAX_TEXT) or None,
            "backAs": end.disk or None,
            "pointTime": end.point_time,
            "durationSeconds": end.seconds,
        }
    )
