"""A port on which nobody answers, for as long as a test needs it so."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def port_of_nobody() -> Iterator[int]:
    """Hold a port without listening there: a port that was closed may be another's at once."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
