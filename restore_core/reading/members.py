"""The disks of a set: each as a row of a restore, and how far they have come. No I/O of its own.

The plan of a set tells of each disk how it ended, in short. All else that is told of a restore
stands in its outstanding row while it runs, and in its result afterwards.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from restore_core.engine.columns import day
from restore_core.engine.ports import Readable
from restore_core.lifecycle.sets import ALREADY_BACK, NOT_PROTECTED
from restore_core.lifecycle.status import Status
from restore_core.reading.rows import Row, moment

_OF_A_MEMBER: Final = (
    "sourceDiskId",
    "targetDiskId",
    "status",
    "completedAt",
    "errorCode",
    "errorMessage",
    "backAs",
)


def members(rows: Readable, set_id: str) -> list[Row]:
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
        return _named(known)
    return {**known, "status": "Accepted", **under_way.get(str(row["memberId"]), {})}


def _named(row: dict[str, Any]) -> Row:
    """Return a row with the disk that is there: where it was back before, its target never came.

    A disk from after the set's cut-off does not count as back, and is told as `backAs` alone.
    """
    return {**row, "targetDiskId": row["backAs"]} if row["status"] == ALREADY_BACK else row


def back_as(rows: Readable, row: Row) -> Row:
    """Return what the plan of its set tells of the disk that another restore had brought back."""
    plan = rows.members(str(row["partOf"]))
    found = [one for one in plan if one["memberId"] == row["requestId"] and one.get("backAs")]
    return member(found[0], {}, {}) if found else {}


def so_far(rows: Readable, set_id: str) -> dict[str, Any]:
    """Return how many disks of a set have ended how, and how many have not."""
    plan = rows.members(set_id)
    ended = Counter(str(row["status"]) for row in plan if "status" in row)
    if not plan:
        return {}
    back = {"alreadyBack": ended[ALREADY_BACK]} if ended[ALREADY_BACK] else {}
    return {"counts": dict(ended.most_common()), "underWay": len(plan) - ended.total(), **back}


def with_results(rows: Readable, page: Sequence[Row], status: Status | None) -> list[Row]:
    """Return members with all that their results tell, beside how their set counts them.

    Members have one day, and of a page their keys lie side by side: what is read is no more than
    what has ended of it, unless other restores lie between them.
    """
    wanted = [row for row in page if "completedAt" in row and row["status"] != NOT_PROTECTED]
    results = {row["RowKey"]: row for row in _results(rows, wanted, status)}
    return [{**results.get(row["RowKey"], {}), **row} for row in page]


def _results(rows: Readable, wanted: Sequence[Row], status: Status | None) -> Iterator[Row]:
    keys = sorted(str(row["RowKey"]) for row in wanted)
    at = moment(wanted[0]) if wanted else None
    while keys and at is not None:
        # Sixteen digits end a key: what comes after it without the last is, all but surely, it.
        found = rows.results_of(day(at), status=status, after=keys[0][:-1], most=len(keys))
        yield from found
        last = str(found[-1]["RowKey"]) if found else ""
        keys = [key for key in keys if key > last] if len(found) == len(keys) else []
