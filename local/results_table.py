"""Rows as a person asks of them: is the disk back, from when, how long did it take, and why not.

Made for 80 columns: what does not fit is folded, never cut. Reads rows, and no clock.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Column
from rich.text import Text

from restorectl.id_table import IdTable
from restorectl.next_commands import COMMAND
from restorectl.screen import age, duration, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAIN_WIDTH = 120  # columns where the output is no terminal and has no width of its own.
COLOURS = {"Completed": "green", "Validated": "green", "Rejected": "yellow", "Ignored": "yellow"}

Row = dict[str, Any]


def console() -> Console:
    """Return a console that fails at no character, however poor the terminal's alphabet."""
    made = Console(highlight=False)
    reconfigure = getattr(made.file, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="replace")
    return made if made.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


def results_table(named: Sequence[tuple[str, Row]], now: datetime) -> IdTable:
    """Return a line for each row, under the name that a person knows it by."""
    table = IdTable(
        Column("request"),
        Column("status", overflow="fold"),
        Column("took", no_wrap=True, justify="right"),
        Column("recovery point", no_wrap=True),
        Column("age", no_wrap=True, justify="right"),
        Column("new disk, or why not", overflow="fold"),
        title="RestoreResults",
    )
    for name, row in named:
        table.add(
            name,
            status(row),
            time_taken(row, now),
            _moment(row.get("recoveryPointTime") or row.get("oldestPointTime")),
            _age_of_point(row),
            _disk_or_reason(row),
        )
    return table


def reason(name: str, row: Row) -> list[tuple[Text, bool]]:
    """Return why it ended badly and what to do, [] where it did not.

    With each text stands whether it is a command: one is not wrapped, so as to be copied.
    """
    if "errorCode" not in row:
        return []
    advice, marked, command = str(row.get("recommendedAction", "")).partition(COMMAND)
    texts = [(Text.assemble((f"\n{name}: ", "bold"), str(row["errorCode"])), False)]
    texts += [(Text(str(row.get("errorMessage", ""))), False)]
    texts += [(Text(f"What to do: {advice}", "italic"), False)] if advice else []
    return texts + ([(Text(command), True)] if marked else [])


def print_reason(to: Console, name: str, row: Row) -> None:
    """Print what `reason` returns."""
    _print(to, reason(name, row))


def print_next_step(to: Console, name: str, row: Row) -> None:
    """Print how the new disk is put where its source was, if anybody knows."""
    if "followUp" in row:
        told, _, command = str(row["followUp"]).partition(COMMAND)
        _print(to, [(Text.assemble((f"\n{name}: ", "bold"), told), False), (Text(command), True)])


def _print(to: Console, texts: Sequence[tuple[Text, bool]]) -> None:
    for text, is_command in texts:
        text.overflow = "fold"
        to.print(text, soft_wrap=is_command)


def status(row: Row) -> Text:
    """Return the status of a row that has ended, in its colour."""
    text = str(row.get("status", ""))
    return Text(text, COLOURS.get(text, "red" if "completedAt" in row else "cyan"))


def time_taken(row: Row, now: datetime) -> str:
    """Return how long it took, or has taken so far; "" of what was never accepted."""
    accepted = row.get("acceptedAt")
    if "completedAt" in row or not isinstance(accepted, datetime):
        return duration(row.get("durationSeconds"))
    return duration(max(0.0, (now - accepted).total_seconds()))


def _age_of_point(row: Row) -> str:
    """Return how old the point was, of a set the oldest, when the request was accepted."""
    oldest, accepted = row.get("oldestPointTime"), row.get("acceptedAt")
    if isinstance(oldest, datetime) and isinstance(accepted, datetime):
        return age((accepted - oldest).total_seconds())
    return age(row.get("recoveryPointAgeSeconds"))


def _disk_or_reason(row: Row) -> str:
    """Return the disk that is there, or why it is not, or that it is not there yet."""
    if code := row.get("errorCode"):
        return str(code)
    match row.get("status"):
        case "Validated" if "completedAt" in row:
            return "none: only validated"
        case "Ignored":
            return "none was asked for"
        case _:
            if "counts" in row:
                return _disks_of_set(row)
            disk = name_of(row.get("targetDiskId"))
            return disk if "completedAt" in row or not disk else f"{disk}, not yet"


def _disks_of_set(row: Row) -> str:
    """Return how many disks of a set are back."""
    counts = json.loads(str(row["counts"]))
    back = sum(counts.get(name, 0) for name in ("Completed", "CompletedWithWarnings"))
    return f"{back} of {row['disks']} disks"


def _moment(time: object) -> str:
    return f"{time:%d %b %H:%M} UTC" if isinstance(time, datetime) else ""
