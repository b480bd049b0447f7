"""What became of the messages that were sent to the stack that runs. Reads tables only."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from local.results_table import console, print_reason, results_table
from local.stack.folder import FOLDER, NoStackError, storage
from restore_core.azure.tables.restores import RESTORES
from restore_core.azure.tables.results import RESULTS
from restore_core.contract.queue_names import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rich.console import Console

    from local.results_table import Row

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def show_results(folder: Path = FOLDER) -> int:
    """Print all of it, the newest last, and what still waits on the queue."""
    try:
        connection_string = storage(folder)
    except NoStackError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program that talks to a person.
        return 1
    tables = TableServiceClient.from_connection_string(connection_string)
    restores, results = (
        [dict(row) for row in tables.get_table_client(name).list_entities()]
        for name in (RESTORES, RESULTS)
    )
    queues = QueueServiceClient.from_connection_string(connection_string)
    waiting = queues.get_queue_client(REQUESTS).get_queue_properties().approximate_message_count
    picture(console(), newest_last(restores, results), waiting or 0, datetime.now(UTC))
    return 0


def newest_last(restores: Iterable[Row], results: Sequence[Row]) -> list[Row]:
    """Return every result, and every restore that has none yet, in the order of their sending."""
    ended = {row["RowKey"] for row in results}
    rows = [*results, *(row for row in restores if row["requestId"] not in ended)]
    return sorted(rows, key=lambda row: row.get("requestedAt") or LONG_AGO)


def picture(to: Console, rows: Sequence[Row], waiting: int, now: datetime) -> None:
    """Print the reasons first, so that the table is the last on the screen."""
    for row in rows:
        print_reason(to, _name(row), row)
    if rows:
        to.print(results_table([(_name(row), row) for row in rows], now))
    if waiting:
        to.print(f"Messages that the app has not taken yet: {waiting}. It runs with make host.")
    elif not rows:
        to.print("Nothing was sent yet: make send FILE=request.json")


def _name(row: Row) -> str:
    return str(row.get("requestId") or row["RowKey"])
