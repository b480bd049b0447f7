"""Ports of this machine for programs that bind theirs later, or again after they were away."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
from typing import Final

PORTS: Final = range(20_000, 32_000)
"""None that Linux gives to who asks for any (32768 to 60999): such a one may be another's before
it is bound. The platform's own host once gave the port it had been told to its worker's channel."""

_numbers = itertools.count(os.getpid() * 97)  # processes that run side by side begin far apart.


def free_port() -> int:
    """Return a port on which nobody listens, another one each time."""
    while True:
        port = PORTS[next(_numbers) % len(PORTS)]
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
