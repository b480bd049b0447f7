"""`ls`: what runs, and what has ended, newest first."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text

from restore_core.errors import Unavailable
from restore_core.reading import wanted
from restore_core.reading.wanted import Wanted, Which
from restore_core.text import quoted, utc_text
from restorectl import options, screen
from restorectl.commands.doctor import unread
from restorectl.commands.show import found
from restorectl.emptiness import why_empty, why_no_disk
from restorectl.exits import Exit, Trouble
from restorectl.listing import COLUMNS, listed
from restorectl.screen import Format
from restorectl.session import explained, opened

if TYPE_CHECKING:
    from datetime import datetime

    from restorectl.session import Session

_OF_ONE: Final = frozenset({"sourceDiskId", "backupInstanceId"})
"""What the row of a set never has."""


def ls(
    account: options.Account = "",
    *,
    only_open: Annotated[bool, typer.Option("--open", help="Only what is under way.")] = False,
    only_ended: Annotated[bool, typer.Option("--ended", help="Only what has ended.")] = False,
    since: options.Since = wanted.USUAL_SPAN,
    until: options.Until = "",
    status: Annotated[
        str, typer.Option("--status", help="Only this status or state.", metavar="STATUS")
    ] = "",
    vault: options.InVault = "",
    part_of: Annotated[
        str, typer.Option("--part-of", help="The members of this set.", metavar="ID")
    ] = "",
    output: options.Output = Format.TABLE,
) -> None:
    """List restores, the newest first: what runs, whatever its age, and what has ended."""
    session = opened(account)
    now = session.clock()
    with explained():
        asked = Wanted(
            since=wanted.moment_of(since, now),
            until=wanted.moment_of(until, now, "until") if until else wanted.end(now),
            state=_which(only_open=only_open, only_ended=only_ended),
            status=wanted.status_of(status),
            vault=wanted.vault_of(vault),
            part_of=wanted.set_of(part_of),
        )
        items = session.reading.restores(asked, now).items
    set_status = _status_of_set(session, part_of) if part_of and not items else ""
    match output:
        case Format.JSON:
            screen.print_json({"value": items, "asOf": utc_text(now)})
        case Format.TSV:
            screen.print_tsv(COLUMNS, items)
        case _ if not items:
            why = _why_empty(session, asked, now, set_status)
            screen.console(errors=True).print(Text(why), soft_wrap=True)
        case _:
            screen.console().print(listed(items, now, wide=output is Format.WIDE), soft_wrap=True)
    if output in (Format.TABLE, Format.WIDE):
        _warn_of_unread(session)


def _warn_of_unread(session: Session) -> None:
    """Say that the app takes nothing: then a list shows less than there is. As far as one may."""
    try:
        check = unread(session)
    except Unavailable:
        return
    if check.outcome == "failed":
        told = f"{check.found} Nobody takes them: restorectl doctor."
        screen.console(errors=True).print(Text(told), soft_wrap=True)


def _which(*, only_open: bool, only_ended: bool) -> Which:
    if only_open == only_ended:
        return Which.ALL
    return Which.OPEN if only_open else Which.ENDED


def _status_of_set(session: Session, set_id: str) -> str:
    """Return where a set stands; raise Trouble, to a program too, where it is none."""
    item = found(session, set_id)
    if _OF_ONE.isdisjoint(item):
        return str(item["status"])
    told = f"{quoted(set_id)} is one restore, and no set."
    raise Trouble(told, f"restorectl show {quote(set_id)}", Exit.NOT_FOUND)


def _why_empty(session: Session, asked: Wanted, now: datetime, set_status: str) -> str:
    with explained():
        if set_status:
            return why_no_disk(session.reading, asked, now, set_status)
        return why_empty(session.reading, asked, now)
