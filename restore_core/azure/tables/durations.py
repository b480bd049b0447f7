"""The table `VaultDurations`: how long the last restores of each vault took. Kept best effort."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from restore_core.azure import storage
from restore_core.azure.tables.table import Table
from restore_core.contract.resource_ids import BackupVaultId
from restore_core.engine.column import Row
from restore_core.text import utc_text

DURATIONS: Final = "VaultDurations"
DURATION_ROW: Final = "last"
KEPT: Final = 20
"""Restores of a vault that are remembered."""

Jobs = list[dict[str, Any]]


class DurationsTable:
    """A row for each vault that has restored a disk. Safe for threads.

    Of two that add at once one may be lost: nothing hangs on it but an estimate.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def of(self, vault: BackupVaultId) -> list[int]:
        """Return how many seconds the last restores of `vault` took, newest last.

        From their turn to the end of their job. Raise Unavailable.
        """
        with storage.answering():
            row = self._table.get(_key(vault), DURATION_ROW)
        return [int(job["seconds"]) for job in _jobs(row)]

    def add(self, vault: BackupVaultId, seconds: int, at: datetime) -> None:
        """Remember that a restore which ended `at` took so long, once; raise Unavailable."""
        with storage.answering(), suppress(ResourceModifiedError, ResourceNotFoundError):
            held = self._table.get(_key(vault), DURATION_ROW)
            jobs, ended = _jobs(held), utc_text(at)
            if any(job["at"] == ended and job["seconds"] == seconds for job in jobs):
                return
            row = _row(vault, [*jobs, {"seconds": seconds, "at": ended}][-KEPT:])
            if held is not None:
                self._table.replace(row, str(held.metadata["etag"]))
                return
            with suppress(ResourceExistsError):
                self._table.insert(row)


def _row(vault: BackupVaultId, jobs: Jobs) -> Row:
    return {
        "PartitionKey": _key(vault),
        "RowKey": DURATION_ROW,
        "vaultId": str(vault),
        "jobs": json.dumps(jobs, separators=(",", ":")),
    }


def _jobs(row: Mapping[str, Any] | None) -> Jobs:
    """Return what a row remembers; nothing where it cannot be read, for it is made anew."""
    try:
        jobs = json.loads(str(row["jobs"])) if row else []
        return [{"seconds": int(job["seconds"]), "at": str(job["at"])} for job in jobs]
    except (LookupError, TypeError, ValueError):
        return []


def _key(vault: BackupVaultId) -> str:
    return hashlib.sha256(vault.key.encode()).hexdigest()
