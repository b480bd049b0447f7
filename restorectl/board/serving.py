"""Serves the board on this machine alone, until Ctrl-C, and opens a browser on it."""

from __future__ import annotations

import socket
import threading
import webbrowser
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import uvicorn

from restorectl.board.app import application
from restorectl.board.guard import Door, Guard
from restorectl.exits import Exit, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from starlette.types import ASGIApp

    from restorectl.board.looks import Reads
    from restorectl.session import Session

HOST: Final = "127.0.0.1"
ANY_PORT: Final = 0
_FAREWELL: Final = 1
"""Seconds for answers that are under way at the end."""


def serve(session: Session, *, port: int = ANY_PORT, browser: bool = True) -> int:
    """Serve until Ctrl-C; return the exit code, raise Trouble where the port cannot be had."""
    account = session.account.name
    try:
        with served(session.reading, session.clock, account, port=port) as door:
            _say(f"The board of {account}, for you alone, until Ctrl-C:\n{door.address}")
            if browser:
                webbrowser.open(door.address_for_once())
            with suppress(KeyboardInterrupt):
                threading.Event().wait()
    except OSError as error:
        raise Trouble(
            f"Port {port} of {HOST} cannot be had: {error.strerror}.",
            "Name another with --port, or none, which takes a free one.",
            Exit.USAGE,
        ) from None
    return Exit.WELL


@contextmanager
def served(
    reads: Reads, clock: Callable[[], datetime], account: str, *, port: int = ANY_PORT
) -> Iterator[Door]:
    """Serve beside what the caller does meanwhile; raise OSError where the port is taken."""
    with socket.create_server((HOST, port)) as listener:
        door = Door(listener.getsockname()[1])
        server = _server(Guard(application(reads, clock, account), door))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield door
        finally:
            server.should_exit = True
            thread.join()


def _server(app: ASGIApp) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_level="error",
            access_log=False,  # It would hold the token.
            server_header=False,
            timeout_graceful_shutdown=_FAREWELL,
        )
    )


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that talks to a person.
