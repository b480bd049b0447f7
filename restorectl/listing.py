"""A list of restores on a screen: what `ls` prints, and what moves while somebody watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Column
from rich.text import Text

from restorectl import screen

if TYPE_CHECKING:
    from datetime import datetime

    from rich.table import Table

    from restore_core.reading.items import Item

COLUMNS: Final = (
    "rowId",
    "status",
    "ended",
    "acceptedAt",
    "completedAt",
    "elapsedSeconds",
    "expectedEnd",
    "sourceDiskId",
    "targetDiskId",
    "recoveryPointTime",
    "recoveryPointAgeSeconds",
    "vaultId",
    "jobId",
    "errorCode",
    "errorMessage",
    "partOf",
    "requestedBy",
)
"""Of the form tsv."""


def listed(items: list[Item], now: datetime, *, wide: bool) -> Table:
    """Return the list: of the wide form, all that a screen can hold."""
    columns = [
        Column("id", overflow="fold", ratio=3 if not wide else None),
        Column("status", overflow="fold"),
        Column("source → target", overflow="fold", ratio=4 if not wide else None),
        Column("point", no_wrap=True, justify="right"),
        Column("took", no_wrap=True, justify="right"),
        Column("end, or why not", overflow="fold", ratio=3 if not wide else None),
    ]
    if wide:
        columns += [
            Column(name, overflow="fold")
            for name in ("accepted", "vault", "job", "told last, or what to do", "by")
        ]
    table = screen.table_of(*columns)
    for item in items:
        table.add_row(*_cells(item, now), *(_more(item) if wide else []))
    return table


def _cells(item: Item, now: datetime) -> list[Text]:
    return [
        Text(str(item["rowId"])),
        screen.status(item),
        Text(screen.way(item)),
        Text(screen.age(item.get("recoveryPointAgeSeconds"))),
        Text(screen.duration(item.get("elapsedSeconds"))),
        Text(_end(item, now)),
    ]


def _end(item: Item, now: datetime) -> str:
    """Return why it is not back; else when it was, or should be."""
    expected = screen.expected(item, now)
    if reason := item.get("errorCode"):
        return f"{reason}, {expected}" if expected else str(reason)
    return expected or screen.short_moment(item.get("completedAt"))


def _more(item: Item) -> list[Text]:
    told = item.get("recommendedAction") or item.get("errorMessage")
    return [
        Text(screen.short_moment(item.get("acceptedAt"))),
        Text(screen.name_of(item.get("vaultId"))),
        Text(str(item.get("jobId", ""))),
        Text(str(told or "")),
        Text(str(item.get("requestedBy", ""))),
    ]
