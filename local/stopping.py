"""When to end: Ctrl-C, SIGTERM or a closed terminal ask for it, and the program ends in its order.

A signal interrupts nothing: it is noticed where the program looks, so that whatever it started is
known and can be ended. Until the program listens, it has started nothing and may end on the spot.
"""

from __future__ import annotations

import signal
import threading

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHELL_BASE = 128  # A shell tells a process that a signal ended by this and the signal's number.


class Interrupted(Exception):
    """The program was asked to end."""


class Stopping:
    """Notices that the program is asked to end."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._number = 0

    @classmethod
    def listen(cls) -> Stopping:
        """Return one that listens to the signals from now on."""
        stopping = cls()
        for number in ASKING:
            signal.signal(number, lambda number, _frame: stopping.ask(number))
        return stopping

    @property
    def exit_code(self) -> int:
        """What the shell is told."""
        return SHELL_BASE + self._number

    def ask(self, number: int) -> None:
        """Ask to end, as the signal of this number does."""
        self._number = self._number or number
        self._asked.set()

    def look(self) -> None:
        """Raise Interrupted if it is time to end."""
        if self._asked.is_set():
            raise Interrupted

    def wait(self, seconds: float | None = None) -> None:
        """Wait so long, or for ever; raise Interrupted as soon as it is time to end."""
        self._asked.wait(seconds)
        self.look()


def end_on_the_spot() -> None:
    """Let Ctrl-C end the program without a trace while it loads what it needs: a second or so."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
