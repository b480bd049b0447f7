"""Reads the rows of a table that a filter wants."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from azure.data.tables import TableClient, TableEntity

from restore_core.azure import storage

MAX_PAGE: Final = 1_000
"""Rows that the service gives in one answer, at the most."""


def rows_of(
    table: TableClient, wanted: str, values: Mapping[str, Any], most: int | None = None
) -> list[TableEntity]:
    """Return the rows that a filter wants; up to `most`, in one answer where they fit into it."""
    with storage.answering():
        page = min(most, MAX_PAGE) if most else None
        found = table.query_entities(wanted, parameters=dict(values), results_per_page=page)
        return list(islice(found, most))
