"""Restores that ended long ago, and purges of them that die beside the running app."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from azure.data.tables import TableServiceClient

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME: Final = "aged-"
DAYS: Final = 4  # On so many days they were accepted.
AGE: Final = timedelta(days=40)
GLANCE: Final = 0.02  # seconds between two looks at what a purge has deleted.
PATIENCE: Final = 120.0  # seconds for a purge that nobody kills.


class Aged:
    """What a purge shall delete, and the purges."""

    def __init__(self, connection_string: str, number: int) -> None:
        self._service = TableServiceClient.from_connection_string(connection_string)
        self._environment = {**os.environ, "RESTORECTL_CONNECTION_STRING": connection_string}
        self._number = number

    def write(self) -> None:
        """Write them, as the app leaves what has ended."""
        for table in ("Restores", "RestoreResults"):
            self._service.create_table_if_not_exists(table)
        now = datetime.now(UTC)
        for number in range(self._number):
            ended = now - AGE - timedelta(days=number % DAYS)
            self._write(f"{NAME}{number}", ended)

    def _write(self, request_id: str, ended: datetime) -> None:
        told = {"requestId": request_id, "status": "Completed", "completedAt": ended}
        keys = {"PartitionKey": request_id, "RowKey": "restore"}
        self._service.get_table_client("Restores").create_entity({**keys, **told})
        keys = {"PartitionKey": f"{ended:%Y-%m-%d}", "RowKey": request_id}
        self._service.get_table_client("RestoreResults").create_entity({**keys, **told})

    def purge_and_kill(self) -> bool:
        """Begin a purge and kill it as soon as it has deleted something; tell whether it had."""
        before = self._left("Restores")
        purge = self._purge()
        while purge.poll() is None and self._left("Restores") == before:
            time.sleep(GLANCE)
        at_work = purge.poll() is None
        purge.kill()
        purge.communicate()
        return at_work

    def purge(self) -> Iterator[str]:
        """Purge to the end; yield what is wrong then."""
        purge = self._purge()
        said, _ = purge.communicate(timeout=PATIENCE)
        if purge.returncode:
            yield f"a purge ended with {purge.returncode}: {said.decode(errors='replace')}"
        for table in ("Restores", "RestoreResults"):
            if left := self._left(table):
                yield f"{table} still holds {left} that a purge should have deleted"

    def _left(self, table: str) -> int:
        rows = self._service.get_table_client(table).list_entities(select=["requestId"])
        return sum(str(row["requestId"]).startswith(NAME) for row in rows)

    def _purge(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "restorectl", "purge", "--before", "30d", "--yes"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
