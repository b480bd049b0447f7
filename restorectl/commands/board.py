"""`board`: the page of all restores, on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from restorectl import options
from restorectl.session import opened


def board(
    account: options.Account = "",
    *,
    port: Annotated[
        int, typer.Option("--port", help="Of 127.0.0.1; 0 takes a free one.", min=0, max=65535)
    ] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Serve the board on 127.0.0.1, with your own rights, and open it; Ctrl-C ends it."""
    session = opened(account)
    # The only command that needs a server.
    from restorectl.board import serve  # noqa: PLC0415

    raise typer.Exit(serve(session, port=port, browser=browser))
