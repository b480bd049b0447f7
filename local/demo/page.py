"""The demo's board: `restorectl board` over the demo's own account, while the demo runs."""

from __future__ import annotations

import webbrowser
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local.stopping import Interrupted
from restore_core.azure.tables.account import AccountTables
from restore_core.reading.reading import Reading
from restorectl.board import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.data.tables import TableServiceClient
    from rich.console import Console

    from local.stopping import Stopping


@contextmanager
def opened(tables: TableServiceClient, to: Console, stopping: Stopping) -> Iterator[None]:
    """Open the board in the browser; after everything else, keep it until Ctrl-C."""
    account = AccountTables(tables)
    with served(Reading(lambda: account), lambda: datetime.now(UTC), "the demo") as door:
        to.print(f"The board, for this machine alone:\n{door.address}", soft_wrap=True)
        webbrowser.open(door.address_for_once())
        yield
        to.print("The board stays until Ctrl-C.")
        try:
            stopping.wait()
        except Interrupted:
            return  # That is how it is meant to end.
