"""The disks of a set, each as a row of a restore. No I/O of its own.

The plan of a set tells of each disk how it ended, in short. All else that is told of a restore
stands in its outstanding row while it runs, and in its result afterwards.
"""

from collections.abc import Mapping
from typing import Final

from restore_core.reading.rows import Row, Rows

_OF_A_MEMBER: Final = (
    "sourceDiskId",
    "targetDiskId",
    "status",
    "completedAt",
    "errorCode",
    "errorMessage",
)


def members(rows: Rows, set_id: str) -> list[Row]:
    """Return the members of a set: as they ended, else as they stand."""
    under_way = {row["RowKey"]: row for row in rows.outstanding()}
    of_set = rows.row_of(set_id) or {}
    return [member(row, of_set, under_way) for row in rows.members(set_id)]


def member(row: Row, of_set: Row, under_way: Mapping[str, Row]) -> Row:
    """Return the row of a member as that of a restore, with what is known of it while it runs."""
    told = {
        "RowKey": row["memberId"],
        "requestId": row["memberId"],
        "partOf": row["PartitionKey"],
        "acceptedAt": of_set.get("acceptedAt"),
        "recoveryPointTime": row.get("pointTime"),
        **{name: row[name] for name in _OF_A_MEMBER if name in row},
    }
    known = {name: value for name, value in told.items() if value is not None}
    if "status" in row:
        return known
    return {**known, "status": "Accepted", **under_way.get(str(row["memberId"]), {})}
