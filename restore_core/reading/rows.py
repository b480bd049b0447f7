"""The rows that reading goes by: what names one, and where it stands.

A list shows rows of four kinds: of restores, of what is outstanding, of messages that became no
restore, and of the disks of a set's plan. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from restore_core.contract.resource_ids import BackupInstanceId, InvalidId
from restore_core.contract.values import REQUEST_ID

Row = Mapping[str, Any]

REFUSED_ID: Final = re.compile(rf"{REQUEST_ID.pattern}~[0-9a-f]{{16}}")
"""The row id of a message that became no restore; the part before `~` is not its alone."""
_DIGITS: Final = re.compile(r"[0-9a-f]{16}")
_MOST_OF_A_SET: Final = 64
_MOST_OF_A_DISK: Final = 46
"""Characters of a set's id and of a disk's name in a member's id (`lifecycle.set_plan`)."""


def sets_of(member_id: str) -> Iterator[str]:
    """Yield the ids that the set of such a member may have, "" never.

    Both the set's id and the disk's name may hold dots, so more than one may fit: who asks looks.
    """
    head, _, digits = member_id.rpartition(".")
    if not _DIGITS.fullmatch(digits):
        return
    for place in (at for at, sign in enumerate(head) if sign == "."):
        set_id, name = head[:place], head[place + 1 :]
        if 0 < len(set_id) <= _MOST_OF_A_SET and 0 < len(name) <= _MOST_OF_A_DISK:
            yield set_id


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
