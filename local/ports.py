"""Ports of this machine for programs that bind theirs later, or again after they were away."""

from __future__ import annotations

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
    return next(filter(is_free, (PORTS[number % len(PORTS)] for number in _numbers)))


def is_free(port: int) -> bool:
    """Tell whether nobody has this port now."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False
