"""A list of restores on a screen: what `ls` prints, and what moves while somebody watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Column
from rich.text import Text

from restorectl import screen
from restorectl.id_table import IdTable
from restorectl.next_commands import COMMAND

if TYPE_CHECKING:
    from datetime import datetime

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


def listed(items: list[Item], now: datetime, *, wide: bool) -> IdTable:
    """Return the list: of the wide form, all that a screen can hold. Commands are for `show`."""
    columns = [
        Column("id"),
        Column("status", overflow="fold"),
        Column("source → target", overflow="fold"),
        Column("point", no_wrap=True, justify="right"),
        Column("took", no_wrap=True, justify="right"),
        Column("end, or why not", overflow="fold"),
    ]
    if wide:
        columns += [Column("accepted", no_wrap=True)]
        columns += [Column(name, overflow="fold") for name in ("vault", "by")]
    table = IdTable(*columns)
    for item in items:
        more, below = (_more(item), _below(item)) if wide else ([], [])
        table.add(*_cells(item, now), *more, below=below)
    return table


def _cells(item: Item, now: datetime) -> list[Text]:
    return [
        Text(str(item["rowId"])),
        screen.status(item),
        Text(screen.way(item)),
        Text(screen.age(_age_of_point(item))),
        Text(screen.duration(item.get("elapsedSeconds"))),
        Text(_end(item, now)),
    ]


def _age_of_point(item: Item) -> object:
    """Return how old the point was, of a set the oldest, when the request was accepted."""
    oldest, accepted = (screen.time_of(item.get(key)) for key in ("oldestPointTime", "acceptedAt"))
    if oldest and accepted:
        return (accepted - oldest).total_seconds()
    return item.get("recoveryPointAgeSeconds")


def _end(item: Item, now: datetime) -> str:
    """Return why it is not back; else when it was, or should be."""
    expected = screen.expected(item, now)
    if reason := item.get("errorCode"):
        return f"{reason}, {expected}" if expected else str(reason)
    return expected or screen.short_moment(item.get("completedAt"))


def _more(item: Item) -> list[Text]:
    return [
        Text(screen.short_moment(item.get("acceptedAt"))),
        Text(screen.name_of(item.get("vaultId"))),
        Text(str(item.get("requestedBy", ""))),
    ]


def _below(item: Item) -> list[str]:
    """Return what takes a line of its own: the job, what was told last, and what to do."""
    job = f"job {item['jobId']}" if "jobId" in item else ""
    told = str(item.get("errorMessage", ""))
    advice = str(item.get("recommendedAction", "")).partition(COMMAND)[0]
    return [text for text in (job, told, advice) if text]
