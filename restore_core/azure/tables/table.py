"""One table, made when it is missed: on a fresh account the first message is first, not a tick."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.data.tables import TableClient, TableEntity, UpdateMode

from restore_core.azure import storage

MAX_AT_ONCE: Final = 100
"""Rows that the service takes in one transaction, at the most; they may hold 4 MiB."""
MAX_PAGE: Final = 1_000
"""Rows that the service gives in one answer, at the most."""

_T = TypeVar("_T")


class Table:
    """The calls that the app makes. Each raises Unavailable, or what the SDK says of the row."""

    def __init__(self, client: TableClient, *, is_made: bool = True) -> None:
        """Take the table's client; unless it `is_made`, a table that is missing stays so."""
        self._client = client
        self._is_made = is_made

    def make(self) -> None:
        """Create the table if it is missing; where that is not allowed, it must exist."""
        storage.create(self._client.create_table)

    def get(self, partition: str, row: str) -> TableEntity | None:
        """Return a row, or None where there is none."""
        try:
            return self._made(lambda: self._client.get_entity(partition, row))
        except ResourceNotFoundError as error:
            if _is_no_table(error):
                raise  # It is not made here: this is another account, or the app never ran.
            return None

    def insert(self, row: Mapping[str, Any]) -> str:
        """Write a row that is not there and return its etag; raise ResourceExistsError."""
        answer = self._made(lambda: self._client.create_entity(dict(row)), _always)
        return str(answer["etag"])

    def put(self, row: Mapping[str, Any]) -> None:
        """Write a row, whether it is there or not."""
        self._made(lambda: self._client.upsert_entity(dict(row), UpdateMode.REPLACE), _always)

    def put_all(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows of one partition, whether they are there or not, a hundred at once."""
        for first in range(0, len(rows), MAX_AT_ONCE):
            self._put_some(rows[first : first + MAX_AT_ONCE])

    def _put_some(self, rows: Sequence[Mapping[str, Any]]) -> None:
        replace = {"mode": UpdateMode.REPLACE}
        self._made(
            lambda: self._client.submit_transaction(("upsert", dict(row), replace) for row in rows),
            _always,
        )

    def merge(self, row: Mapping[str, Any]) -> None:
        """Write columns of a row and leave its others; raise ResourceNotFoundError without it."""
        self._made(lambda: self._client.update_entity(dict(row), UpdateMode.MERGE))

    def replace(self, row: Mapping[str, Any], etag: str) -> str:
        """Replace the row that has `etag` and return the new one.

        Raise ResourceModifiedError, or ResourceNotFoundError where the row is gone.
        """
        answer = self._made(
            lambda: self._client.update_entity(
                dict(row),
                UpdateMode.REPLACE,
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
            )
        )
        return str(answer["etag"])

    def delete(self, partition: str, row: str) -> None:
        """Delete a row, if it is there."""
        self._made(lambda: self._client.delete_entity(partition, row))

    def delete_if(self, partition: str, row: str, etag: str) -> None:
        """Delete the row that has `etag`, if any row is there; raise ResourceModifiedError."""
        self._made(
            lambda: self._client.delete_entity(
                partition, row, etag=etag, match_condition=MatchConditions.IfNotModified
            )
        )

    def rows(
        self,
        wanted: str,
        values: Mapping[str, Any],
        most: int | None = None,
        *,
        select: list[str] | None = None,
    ) -> list[TableEntity]:
        """Return the rows that a filter wants; up to `most`, in one answer where they fit.

        With `select` only these columns of them: of Timestamp, the SDK makes the etag; and what a
        row lacks the service gives as null, which is absent here.
        """
        page = min(most, MAX_PAGE) if most else None

        def query() -> list[TableEntity]:
            found = self._client.query_entities(
                wanted,
                parameters=dict(values),
                results_per_page=page,
                select=select,
            )
            return [_present(row) for row in islice(found, most)]

        return self._made(query)

    def _made(
        self, call: Callable[[], _T], is_missing: Callable[[HttpResponseError], bool] | None = None
    ) -> _T:
        """Return what `call` returns; where the table is missing, create it and call once more."""
        try:
            return call()
        except ResourceNotFoundError as error:
            if not (self._is_made and (is_missing or _is_no_table)(error)):
                raise
        self.make()
        return call()


def _present(row: TableEntity) -> TableEntity:
    for name in [name for name, value in row.items() if value is None]:
        del row[name]
    return row


def _is_no_table(error: HttpResponseError) -> bool:
    """Tell whether the table is missing; the SDK's code is text and an enum at once."""
    return getattr(error, "error_code", "") == "TableNotFound"


def _always(_error: HttpResponseError) -> bool:
    """Tell that the table is missing: whatever writes a new row misses nothing else."""
    return True
