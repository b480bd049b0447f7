"""Serves the board on this machine alone, until Ctrl-C, and opens a browser on it."""

from __future__ import annotations

import socket
import webbrowser
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import uvicorn

from restorectl.board.app import application
from restorectl.board.guard import Door, Guard

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from restorectl.session import Session

HOST: Final = "127.0.0.1"
ANY_PORT: Final = 0
TAKEN: Final = 1
"""The exit code where the port is another's."""
_FAREWELL: Final = 1
"""Seconds for answers that are under way at the end."""


def serve(session: Session, *, port: int = ANY_PORT, browser: bool = True) -> int:
    """Serve until Ctrl-C; return the exit code."""
    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        _say(f"Port {port} cannot be had: {error.strerror}. Take another with --port, or none.")
        return TAKEN
    with listener:
        door = Door(listener.getsockname()[1])
        _say(f"The board of {session.account.name}, for you alone, until Ctrl-C:\n{door.address}")
        if browser:
            webbrowser.open(door.address)
        server = server_of(session, door)
        app = application(session.reading, session.clock, session.account.name)
        with suppress(KeyboardInterrupt):  # uvicorn ends in order, then lets it through.
            server_of(app, door).run([listener])
    return 0


def server_of(app: ASGIApp, door: Door) -> uvicorn.Server:
    """Return the server behind its door; it runs on a listener that its caller has bound."""
    return uvicorn.Server(
        uvicorn.Config(
            Guard(app, door),
            lifespan="off",
            log_level="error",  # An access log would hold the token.
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_FAREWELL,
        )
    )


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that talks to a person.
