"""`poison`: what the host gave up delivering. The app's next tick takes it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Column
from rich.text import Text

from restore_core.text import one_line, quoted, utc_text
from restorectl import options, screen
from restorectl.exits import Exit, Trouble
from restorectl.id_table import IdTable
from restorectl.screen import Format
from restorectl.session import MOST_PEEKED, Session, explained, opened

_NAMES = ("id", "queue", "insertedAt", "message")
_NARROW = 200
"""Characters of a message in a list."""


def ls(account: options.Account = "", *, output: options.Output = Format.TABLE) -> None:
    """List what the host gave up, until the next tick takes it."""
    found = _found(opened(account))
    match output:
        case Format.JSON:
            screen.print_json({"value": found})
        case Format.TSV:
            screen.print_tsv(_NAMES, found)
        case _ if not found:
            screen.console(errors=True).print("The host gave up nothing.")
        case _:
            _print(found)


def show(
    message_id: Annotated[str, typer.Argument(metavar="ID", help="The message's id, as ls shows.")],
    account: options.Account = "",
    *,
    output: options.Output = Format.TABLE,
) -> None:
    """Show a message that the host gave up, whole but for secrets."""
    for one in _found(opened(account), whole=True):
        if one["id"] == message_id:
            if output is Format.JSON:
                screen.print_json(one)
            else:
                for name in _NAMES:
                    screen.console().print(Text(f"{name}: {one[name]}"), soft_wrap=True)
            return
    raise Trouble(
        f"No message {quoted(message_id)} is on a poison queue.",
        "The app's next tick takes each; then it has a row: restorectl ls.",
        Exit.NOT_FOUND,
    )


def _found(session: Session, *, whole: bool = False) -> list[dict[str, Any]]:
    with explained():
        peeked = session.poisoned()
    limit = 1 << 16 if whole else _NARROW
    return [
        {
            "id": str(message.id),
            "queue": queue,
            "insertedAt": utc_text(message.inserted_on or session.clock()),
            "message": one_line(str(message.content), limit),
        }
        for queue, message in peeked
    ]


def _print(found: list[dict[str, Any]]) -> None:
    table = IdTable(
        Column("id"),
        Column("queue", overflow="fold"),
        Column("sent", no_wrap=True),
        Column("message", overflow="fold"),
    )
    for one in found:
        sent = screen.short_moment(one["insertedAt"])
        table.add(one["id"], one["queue"], sent, Text(one["message"]))
    to = screen.console()
    to.print(table, soft_wrap=True)
    if len(found) >= MOST_PEEKED:
        to.print(f"A queue shows {MOST_PEEKED} at once: there may be more.")
