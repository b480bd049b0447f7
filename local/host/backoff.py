"""How long a listener waits before it looks at an empty queue again: longer each time."""

from __future__ import annotations

import random
from datetime import timedelta

SHORTEST = timedelta(milliseconds=100)
SPREAD = 0.2  # Each step is up to a fifth shorter or longer, so that instances part.


class Backoff:
    """The Functions host's strategy, step by step."""

    def __init__(self, longest: timedelta) -> None:
        self._longest = longest
        self._exponent = 0

    def found(self) -> None:
        """Start again from the shortest wait: there was a message."""
        self._exponent = 0

    def next_wait(self) -> timedelta:
        """Return how long to wait now, and wait longer the next time."""
        wait = SHORTEST
        if self._exponent:
            spread = random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 - no secret hangs on it.
            wait += SHORTEST * spread * 2 ** (self._exponent - 1)
        if wait >= self._longest:
            return self._longest
        self._exponent += 1
        return wait
