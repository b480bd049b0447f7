"""A worker of which it is known whether anything runs in it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.host.triggers import HttpAnswer, Incoming, Invoker, Trigger


class Counted:
    """Counts the calls that run."""

    def __init__(self, worker: Invoker) -> None:
        self._worker = worker
        self._running = 0
        self._change = threading.Condition()

    def invoke(self, trigger: Trigger, incoming: Incoming) -> HttpAnswer | None:
        """Have the worker call the function."""
        with self._change:
            self._running += 1
        try:
            return self._worker.invoke(trigger, incoming)
        finally:
            with self._change:
                self._running -= 1
                self._change.notify_all()

    def wait_until_idle(self) -> None:
        """Return when nothing runs."""
        with self._change:
            self._change.wait_for(lambda: not self._running)
