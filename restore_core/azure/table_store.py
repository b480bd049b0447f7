"""The tables: restores with their etags, what is outstanding, targets, sources, results.

Every failure of storage is `Unavailable`: done or not, nobody knows, and every call here may be
made again. A lost race is `Superseded`.
"""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, Final

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableClient, TableEntity, TableServiceClient, UpdateMode

from restore_core.azure import storage
from restore_core.contract.resource_ids import DiskId
from restore_core.engine.ports import Outstanding, Versioned
from restore_core.engine.rows import (
    RESTORE_ROW,
    Row,
    restore_of,
    restore_row,
    result_row,
    unaccepted_row,
)
from restore_core.errors import Superseded, UnreadableRow
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Outcome, Status, Turn, Unaccepted

RESTORES: Final = "Restores"
OUTSTANDING: Final = "OutstandingRestores"
LOCKS: Final = "TargetLocks"
SOURCES: Final = "RestoredSources"
RESULTS: Final = "RestoreResults"
LOCK_ROW: Final = "target"
SOURCE_ROW: Final = "source"
NO_VAULT: Final = "default"
"""The partition of what is outstanding and names no vault: it is in that of the setting."""
MOST_OF_A_SOURCE: Final = 200
"""Restores of one source that are remembered together: 129 characters each in one property."""
MAX_PAGE: Final = 1_000
"""Rows that the service gives in one answer, at the most."""
MAX_REFUSED: Final = 100
"""Refused messages of one id and day that are looked through. They are told apart by content, so
more of them are no sender's mistake."""


class TableStore:
    """The five tables of one account. Safe for threads."""

    def __init__(self, tables: TableServiceClient) -> None:
        self._restores = tables.get_table_client(RESTORES)
        self._outstanding = tables.get_table_client(OUTSTANDING)
        self._locks = tables.get_table_client(LOCKS)
        self._sources = tables.get_table_client(SOURCES)
        self._results = tables.get_table_client(RESULTS)

    def create_missing(self) -> None:
        """Create the tables that are missing; where that is not allowed, they must exist."""
        for table in (
            self._restores,
            self._outstanding,
            self._locks,
            self._sources,
            self._results,
        ):
            storage.create(table.create_table)

    # ------------------------------------------------------------------------------- restores

    def load(self, request_id: str) -> Versioned | None:
        """Return the restore of `request_id`, or None; raise Unavailable or UnreadableRow."""
        row = self.row_of(request_id)
        if row is None:
            return None
        return Versioned(restore_of(row), str(row.metadata["etag"]))

    def row_of(self, request_id: str) -> TableEntity | None:
        """Return the row of `request_id` as it stands there, or None; raise Unavailable."""
        with storage.answering():
            try:
                return self._restores.get_entity(request_id, RESTORE_ROW)
            except ResourceNotFoundError as error:
                if _no_table(error):
                    raise
                return None

    def record(self, restore: Restore) -> Versioned:
        """Insert `restore`; raise Superseded where its id is recorded already."""
        with storage.answering():
            try:
                answer = self._restores.create_entity(restore_row(restore))
            except ResourceExistsError:
                raise Superseded(f"{restore.id} is recorded already") from None
        return Versioned(restore, answer["etag"])

    def save(self, restore: Restore, etag: str) -> Versioned:
        """Replace the row that had `etag`; raise Superseded where it has been changed since."""
        row = restore_row(restore)
        with storage.answering():
            try:
                answer = self._restores.update_entity(
                    row,
                    UpdateMode.REPLACE,
                    etag=etag,
                    match_condition=MatchConditions.IfNotModified,
                )
            except (ResourceModifiedError, ResourceNotFoundError):
                return self._own_write(restore, row)
        return Versioned(restore, answer["etag"])

    def _own_write(self, restore: Restore, row: Row) -> Versioned:
        """Return the row if it is what we wrote: the client repeats a write whose answer it lost.

        A claim has an id of its own, so nobody else's write can be taken for ours.
        """
        with storage.answering():
            try:
                now = self._restores.get_entity(restore.id, RESTORE_ROW)
            except ResourceNotFoundError as error:
                if _no_table(error):
                    raise
                raise Superseded(f"{restore.id} is gone") from None
        if now["document"] != row["document"]:
            raise Superseded(f"{restore.id} was saved by somebody else")
        return Versioned(restore, str(now.metadata["etag"]))

    # ---------------------------------------------------------------------------- outstanding

    def announce(self, restore: Restore, due: datetime) -> None:
        """Write the outstanding row of `restore`: the timer looks at it from `due` on."""
        row: Row = {
            "PartitionKey": _vault_key(restore),
            "RowKey": restore.id,
            "due": due,
            "jobId": restore.job or "",
            "turn": restore.turn.value,
            "acceptedAt": restore.accepted_at,
        }
        with storage.answering():
            self._outstanding.upsert_entity(row, UpdateMode.REPLACE)

    def due(self, now: datetime) -> list[Outstanding]:
        """Return what is outstanding and due or waits for its turn, longest overdue first."""
        values = {"now": now, "awaited": Turn.AWAITED.value}
        found = self._outstanding_rows("due le @now or turn eq @awaited", values)
        return sorted(found, key=lambda outstanding: outstanding.due)

    def turns(self, most: int | None = None) -> list[Outstanding]:
        """Return what has taken its turn or waits for it; one page of `most`, where that is set."""
        values = {"taken": Turn.TAKEN.value, "awaited": Turn.AWAITED.value}
        return self._outstanding_rows("turn eq @taken or turn eq @awaited", values, most)

    def _outstanding_rows(
        self, wanted: str, values: Mapping[str, Any], most: int | None = None
    ) -> list[Outstanding]:
        return [_outstanding(row) for row in _query(self._outstanding, wanted, values, most)]

    def forget(self, restore: Restore) -> None:
        """Remove the outstanding row of `restore`, if it is there."""
        with storage.answering():
            self._outstanding.delete_entity(_vault_key(restore), restore.id)

    def drop(self, outstanding: Outstanding) -> None:
        """Remove an outstanding row that stands for nothing, unless it was written anew."""
        with storage.answering(), suppress(ResourceModifiedError):
            self._outstanding.delete_entity(
                outstanding.vault_key,
                outstanding.request_id,
                etag=outstanding.etag,
                match_condition=MatchConditions.IfNotModified,
            )

    # ---------------------------------------------------------------------------------- locks

    def lock_target(self, target: DiskId, request_id: str) -> str:
        """Take `target` for `request_id` and return who holds it then; raise Unavailable.

        A lock whose holder has ended is taken over: it was written by a worker that had lost its
        restore to another one.
        """
        row = {"PartitionKey": _disk_key(target), "RowKey": LOCK_ROW, "requestId": request_id}
        row["targetDiskId"] = str(target)
        with storage.answering():
            try:
                self._locks.create_entity(row)
            except ResourceExistsError:
                return self._held_lock(row)
        return request_id

    def _held_lock(self, row: Row) -> str:
        held = self._locks.get_entity(row["PartitionKey"], LOCK_ROW)
        holder, wanted = str(held["requestId"]), str(row["requestId"])
        if holder == wanted or not self._is_over(holder):
            return holder
        self._locks.update_entity(
            row,
            UpdateMode.REPLACE,
            etag=held.metadata["etag"],
            match_condition=MatchConditions.IfNotModified,
        )
        return wanted

    def _is_over(self, request_id: str) -> bool:
        """A holder without a row was deleted by hand: locks are taken by recorded restores only."""
        try:
            found = self.load(request_id)
        except UnreadableRow:
            return False
        return found is None or found.restore.is_over

    def release_target(self, target: DiskId, request_id: str) -> None:
        """Release `target` where `request_id` holds it; another's lock stays."""
        with storage.answering():
            try:
                held = self._locks.get_entity(_disk_key(target), LOCK_ROW)
            except ResourceNotFoundError:
                return
            if held["requestId"] == request_id:
                self._delete_lock(held)

    def _delete_lock(self, held: Any) -> None:
        with suppress(ResourceModifiedError):  # Released and taken by another meanwhile.
            self._locks.delete_entity(
                held["PartitionKey"],
                LOCK_ROW,
                etag=held.metadata["etag"],
                match_condition=MatchConditions.IfNotModified,
            )

    # -------------------------------------------------------------------------------- sources

    def take_source(
        self, source: DiskId, request_id: str, *, counts: Callable[[Restore], bool], force: bool
    ) -> Restore | None:
        """Note that `request_id` restores `source`; return an earlier restore that forbids it.

        That is one of those noted before which `counts`, unless the request insists (`force`).
        What counts no more is forgotten, and so is what cannot be read. Raise Unavailable.
        """
        row: Row = {
            "PartitionKey": _disk_key(source),
            "RowKey": SOURCE_ROW,
            "requestIds": request_id,
            "sourceDiskId": str(source),
        }
        with storage.answering():
            try:
                self._sources.create_entity(row)
            except ResourceExistsError:
                return self._join(row, counts, force=force)
        return None

    def _join(self, row: Row, counts: Callable[[Restore], bool], *, force: bool) -> Restore | None:
        held = self._sources.get_entity(row["PartitionKey"], SOURCE_ROW)
        noted, request_id = str(held["requestIds"]).split(","), str(row["requestIds"])
        if request_id in noted:
            return None
        counting = [one for one in map(self._readable, noted) if one and counts(one)]
        if counting and not force:
            return counting[-1]
        kept = [*(one.id for one in counting), request_id][-MOST_OF_A_SOURCE:]
        try:
            self._sources.update_entity(
                {**row, "requestIds": ",".join(kept)},
                UpdateMode.REPLACE,
                etag=held.metadata["etag"],
                match_condition=MatchConditions.IfNotModified,
            )
        except ResourceModifiedError:  # Another has joined, and may count.
            return self._join(row, counts, force=force)
        return None

    def _readable(self, request_id: str) -> Restore | None:
        try:
            found = self.load(request_id)
        except UnreadableRow:
            return None
        return found.restore if found else None

    # -------------------------------------------------------------------------------- results

    def write_result(self, restore: Restore, outcome: Outcome) -> None:
        """Write the result row, or the same one again."""
        with storage.answering():
            self._results.upsert_entity(result_row(restore, outcome), UpdateMode.REPLACE)

    def write_unaccepted(self, message: Unaccepted) -> None:
        """Write the result row of a message that never became a restore, anew at each delivery."""
        with storage.answering():
            self._results.upsert_entity(unaccepted_row(message), UpdateMode.REPLACE)

    def refused(self, day: str, request_id: str) -> list[Mapping[str, Any]]:
        """Return the rows of a day's messages that named `request_id` and became no restore."""
        return self._result_rows(
            "PartitionKey eq @day and RowKey ge @first and RowKey lt @end",
            # What follows the id is `~` and hex digits; "g" comes after each of them.
            {"day": day, "first": f"{request_id}~", "end": f"{request_id}~g"},
            MAX_REFUSED,
        )

    def results(
        self, day: str, *, status: Status | None, after: str, most: int
    ) -> list[Mapping[str, Any]]:
        """Return up to `most` rows of a day, by key, that come after the key `after`."""
        wanted, values = "PartitionKey eq @day and RowKey gt @after", {"day": day, "after": after}
        if status is not None:
            wanted, values = f"{wanted} and status eq @status", {**values, "status": status.value}
        return self._result_rows(wanted, values, most)

    def _result_rows(
        self, wanted: str, values: Mapping[str, Any], most: int
    ) -> list[Mapping[str, Any]]:
        return list(_query(self._results, wanted, values, most))


def _query(
    table: TableClient, wanted: str, values: Mapping[str, Any], most: int | None = None
) -> list[TableEntity]:
    """Return the rows that a filter wants; up to `most`, in one answer where they fit into it."""
    with storage.answering():
        page = min(most, MAX_PAGE) if most else None
        found = table.query_entities(wanted, parameters=dict(values), results_per_page=page)
        return list(islice(found, most))


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


def _disk_key(disk: DiskId) -> str:
    return hashlib.sha256(disk.key.encode()).hexdigest()


def _no_table(error: HttpResponseError) -> bool:
    """Tell whether the table is missing; the SDK's code is text and an enum at once."""
    return getattr(error, "error_code", "") == "TableNotFound"
