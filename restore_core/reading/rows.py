"""The rows that reading goes by: what names one, and where it stands.

A list shows rows of four kinds: of restores, of what is outstanding, of messages that became no
restore, and of the disks of a set's plan. Pure.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from restore_core.contract.resource_ids import BackupInstanceId, InvalidId
from restore_core.contract.values import REQUEST_ID

Row = Mapping[str, Any]

REFUSED_ID: Final = re.compile(rf"{REQUEST_ID.pattern}~[0-9a-f]{{16}}")
"""The row id of a message that became no restore; the part before `~` is not its alone."""


def row_id(row: Row) -> str:
    """Return what names the item: the request, or the row of a message that became none."""
    if row.get("RowKey") in (None, "restore"):
        return str(row.get("requestId", ""))
    return str(row["RowKey"])


def moment(row: Row) -> datetime | None:
    """Return by when a row stands in a list: its acceptance; a refused message's, its sending."""
    found = row.get("acceptedAt") or row.get("requestedAt") or row.get("completedAt")
    return found if isinstance(found, datetime) else None


def vault_id(row: Row) -> str:
    """Return the ARM id of a row's backup vault; "" where none is known."""
    try:
        return str(BackupInstanceId.parse(str(row.get("backupInstanceId", ""))).vault)
    except InvalidId:
        return ""
