"""The table `OutstandingRestores`: what has not ended, and when the timer should look at it."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError
from azure.data.tables import TableClient, UpdateMode

from restore_core.azure import storage
from restore_core.azure.tables.query import rows_of
from restore_core.engine.ports import Outstanding
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Turn

OUTSTANDING: Final = "OutstandingRestores"
NO_VAULT: Final = "default"
"""The partition of what is outstanding and names no vault: it is in that of the setting."""


class OutstandingTable:
    """One row for each restore that has not ended. Safe for threads."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    def put(self, restore: Restore, due: datetime) -> None:
        """Write the outstanding row of `restore`: the timer looks at it from `due` on."""
        row = {
            "PartitionKey": _vault_key(restore),
            "RowKey": restore.id,
            "due": due,
            "jobId": restore.job or "",
            "turn": restore.turn.value,
            "acceptedAt": restore.accepted_at,
        }
        with storage.answering():
            self._table.upsert_entity(row, UpdateMode.REPLACE)

    def due(self, now: datetime) -> list[Outstanding]:
        """Return what is outstanding and due or waits for its turn, longest overdue first."""
        values = {"now": now, "awaited": Turn.AWAITED.value}
        found = self._rows("due le @now or turn eq @awaited", values)
        return sorted(found, key=lambda outstanding: outstanding.due)

    def turns(self, most: int | None = None) -> list[Outstanding]:
        """Return what has taken its turn or waits for it; one page of `most`, where that is set."""
        values = {"taken": Turn.TAKEN.value, "awaited": Turn.AWAITED.value}
        return self._rows("turn eq @taken or turn eq @awaited", values, most)

    def _rows(
        self, wanted: str, values: Mapping[str, Any], most: int | None = None
    ) -> list[Outstanding]:
        return [_outstanding(row) for row in rows_of(self._table, wanted, values, most)]

    def forget(self, restore: Restore) -> None:
        """Remove the outstanding row of `restore`, if it is there."""
        with storage.answering():
            self._table.delete_entity(_vault_key(restore), restore.id)

    def drop(self, outstanding: Outstanding) -> None:
        """Remove an outstanding row that stands for nothing, unless it was written anew."""
        with storage.answering(), suppress(ResourceModifiedError):
            self._table.delete_entity(
                outstanding.vault_key,
                outstanding.request_id,
                etag=outstanding.etag,
                match_condition=MatchConditions.IfNotModified,
            )


_TURNS: Final = {turn.value: turn for turn in Turn}


def _outstanding(row: Any) -> Outstanding:
    due = row["due"]
    return Outstanding(
        row["PartitionKey"],
        row["RowKey"],
        due,
        _TURNS.get(str(row.get("turn")), Turn.TAKEN),  # Version 0.1.0 wrote neither.
        row.get("acceptedAt", due),
        str(row.metadata["etag"]),
    )


def _vault_key(restore: Restore) -> str:
    """Return the partition of a vault's restores: an ARM id has characters no key may have."""
    vault = restore.request.vault
    return hashlib.sha256(vault.key.encode()).hexdigest()[:32] if vault else NO_VAULT
