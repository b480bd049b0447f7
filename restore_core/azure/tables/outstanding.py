"""The table `OutstandingRestores`: what has not ended, and when the timer should look at it.

Beside what the timer reads stand the public columns, as they were when the row was written: a list
of what is under way is one query. `Restores` is the truth: a row may lag a step behind it.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)

from restore_core.azure import storage
from restore_core.azure.tables.table import Table
from restore_core.engine.column import present
from restore_core.engine.columns import PUBLIC, columns
from restore_core.engine.ports import Outstanding
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.turn import Turn

OUTSTANDING: Final = "OutstandingRestores"


class OutstandingTable:
    """One row for each restore that has not ended, its key made of the request's id alone.

    So two messages with one id, whatever vaults they name, have one row. Rows that stand under
    another key were written by the versions before 0.2.0. Safe for threads.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, restore: Restore, due: datetime) -> None:
        """Write the outstanding row of `restore` where none stands: what stands may say more."""
        with storage.answering():
            self._inserted(_row(restore, due))

    def announce(self, restore: Restore, due: datetime, now: datetime) -> None:
        """Write the outstanding row of a restore that is recorded next.

        Of a row that stands, only that it is due now: what else it says may be more than this, or
        a stranger's. A tick that has read it, and no restore with it, may be about to drop it: not
        what was written since.
        """
        row = _row(restore, due)
        with storage.answering():
            if not (self._inserted(row) or self._dated(row, now)):
                self._inserted(row)  # It was dropped just now.

    def put(self, restore: Restore, due: datetime) -> None:
        """Write the outstanding row of `restore`: the timer looks at it from `due` on."""
        with storage.answering():
            self._table.put(_row(restore, due))

    def all(self) -> list[Outstanding]:
        """Return everything that is outstanding."""
        return self._rows("PartitionKey gt @nothing", {"nothing": ""})

    def shown(self) -> list[Mapping[str, Any]]:
        """Return the public columns of everything that is outstanding, each id once.

        A row that a version before 0.2.0 wrote has none of them but its id, as `RowKey`.
        """
        shown = ["PartitionKey", "RowKey", *PUBLIC]
        with storage.answering():
            found = self._table.rows("PartitionKey gt @nothing", {"nothing": ""}, select=shown)
        return list({row["RowKey"]: row for row in sorted(found, key=_own_row_last)}.values())

    def turns(self, most: int | None = None) -> list[Outstanding]:
        """Return what has taken its turn or awaits it, each id once; not who is enrolled.

        `most` rows at the most, where that is set.
        """
        values = {"taken": Turn.TAKEN.value, "awaited": Turn.AWAITED.value}
        found = self._rows("turn eq @taken or turn eq @awaited", values, most)
        return list({one.request_id: one for one in sorted(found, key=_own_last)}.values())

    def is_followed(self, request_id: str) -> bool:
        """Tell whether anybody waits for the end of the restore of `request_id`."""
        return bool(self._rows("leader eq @leader", {"leader": request_id}, 1))

    def _rows(
        self, wanted: str, values: Mapping[str, Any], most: int | None = None
    ) -> list[Outstanding]:
        with storage.answering():
            rows = self._table.rows(wanted, values, most, select=_OF_THE_TIMER)
            return [_outstanding(row) for row in rows]

    def _inserted(self, row: Mapping[str, Any]) -> bool:
        try:
            self._table.insert(row)
        except ResourceExistsError:
            return False
        return True

    def _dated(self, row: Mapping[str, Any], due: datetime) -> bool:
        """Write when a row is due, and nothing else; tell whether it was there."""
        key = {name: row[name] for name in ("PartitionKey", "RowKey")}
        try:
            self._table.merge({**key, "due": due})
        except ResourceNotFoundError:
            return False
        return True

    def forget(self, restore: Restore) -> None:
        """Remove the outstanding row of `restore`, if it is there."""
        with storage.answering():
            self._table.delete(_key(restore.id), restore.id)

    def drop(self, outstanding: Outstanding) -> None:
        """Remove an outstanding row that stands for nothing, unless it was written anew."""
        with storage.answering(), suppress(ResourceModifiedError):
            self._table.delete_if(outstanding.key, outstanding.request_id, outstanding.etag)


_TURNS: Final = {turn.value: turn for turn in Turn}
_OF_THE_TIMER: Final = [
    "PartitionKey",
    "RowKey",
    "Timestamp",
    "due",
    "turn",
    "acceptedAt",
    "vault",
    "leader",
    "turnAt",
    "throttledUntil",
    "findsFull",
]
"""What a tick reads of a row; what a row lacks of it comes as null."""


def _row(restore: Restore, due: datetime) -> dict[str, Any]:
    return {
        **columns(restore),
        "PartitionKey": _key(restore.id),
        "RowKey": restore.id,
        "due": due,
        "jobId": restore.job or "",
        "turn": restore.turn.value,
        "acceptedAt": restore.accepted_at,
        "vault": restore.vault_key,
        "leader": restore.leader,
        **present(
            {
                "turnAt": restore.turn_at,
                "throttledUntil": restore.throttled_until,
                "dueAt": restore.due,
            }
        ),
        **({"findsFull": True} if restore.finds_full else {}),
    }


def _outstanding(row: Any) -> Outstanding:
    due, request_id = row["due"], str(row["RowKey"])
    return Outstanding(
        key=row["PartitionKey"],
        request_id=request_id,
        due=due,
        turn=_TURNS.get(str(row.get("turn")), Turn.TAKEN),  # Version 0.1.0 wrote neither.
        accepted_at=row.get("acceptedAt") or due,
        vault=str(row.get("vault") or ""),
        leader=str(row.get("leader") or ""),
        turn_at=row.get("turnAt"),
        throttled_until=row.get("throttledUntil"),
        finds_full=row.get("findsFull") is True,
        is_own=row["PartitionKey"] == _key(request_id),
        etag=str(row.metadata["etag"]),
    )


def _own_row_last(row: Mapping[str, Any]) -> bool:
    return bool(row["PartitionKey"] == _key(row["RowKey"]))


def _own_last(outstanding: Outstanding) -> bool:
    return outstanding.is_own


def _key(request_id: str) -> str:
    """Return the partition of a request: 256 of them, so that no one is a bottleneck."""
    return hashlib.sha256(request_id.encode()).hexdigest()[:2]
