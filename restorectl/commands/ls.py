"""`ls`: what runs, and what has ended, newest first."""

from __future__ import annotations

from typing import Annotated

import typer

from restore_core.reading import wanted
from restore_core.reading.wanted import Wanted, Which
from restore_core.text import utc_text
from restorectl import options, screen
from restorectl.listing import COLUMNS, listed
from restorectl.screen import Format
from restorectl.session import explained, opened


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
    match output:
        case Format.JSON:
            screen.print_json({"value": items, "asOf": utc_text(now)})
        case Format.TSV:
            screen.print_tsv(COLUMNS, items)
        case _ if not items:
            screen.console(errors=True).print(_nothing(since, only_open=only_open))
        case _:
            screen.console().print(listed(items, now, wide=output is Format.WIDE), soft_wrap=True)


def _which(*, only_open: bool, only_ended: bool) -> Which:
    if only_open == only_ended:
        return Which.ALL
    return Which.OPEN if only_open else Which.ENDED


def _nothing(since: str, *, only_open: bool) -> str:
    if only_open:
        return "Nothing is under way."
    return f"No restore was accepted since {since} that is so, and none is under way. --since 30d?"
