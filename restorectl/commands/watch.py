"""`watch`: restores live, until they have ended."""

from __future__ import annotations

from typing import Annotated

import typer

from restore_core.reading.wanted import Which, until_now
from restorectl import options, screen
from restorectl.progress import Progress
from restorectl.session import explained, opened


def watch(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Without one: all that run now.")
    ] = None,
    account: options.Account = "",
    *,
    every: options.Every = 5,
    timeout: options.Timeout = 1440,
) -> None:
    """Watch restores, or a whole set, until they have ended; the exit code says how."""
    session = opened(account)
    now = session.clock()
    chosen = ids or []
    if not chosen:
        with explained():
            running = session.reading.restores(until_now(now, now, Which.OPEN), now).items
        chosen = [str(item["requestId"]) for item in running if "partOf" not in item]
    if not chosen:
        screen.console(errors=True).print("Nothing is under way.")
        return
    code = Progress(session, every=every, minutes=timeout).follow(chosen, screen.console())
    raise typer.Exit(code)
