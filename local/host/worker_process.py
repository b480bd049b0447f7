"""A worker in a process of its own, as on the platform: it can die, and it can be taken away.

    invoke ──► the worker answers in time ────────► the answer, or what the function raised
      ├─ the worker dies ─────────────────────────► everything that ran in it has failed;
      │                                             a new worker starts, at the third death none
      └─ not within functionTimeout ──────────────► failed; a moment later the worker is ended,
                                                    and with it whatever else ran in it

A call that comes while no worker is there waits for the next one.
"""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from local.host import worker_main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta
    from multiprocessing.connection import Connection

    from local.host.triggers import HttpAnswer, Incoming, Trigger

DEATHS = 3  # The host gives up at this one; the platform would start another host.
GRACE = 2.0  # seconds between a time-out and the worker's end, as measured.
START = 60.0  # seconds a worker may take to find the app's functions.

MAIN = worker_main.__name__
PROJECT = Path(__file__).parents[2]

log = logging.getLogger(__name__)


class InvocationFailedError(RuntimeError):
    """The function raised, ran too long, or its worker died; the text says which."""


class WorkerStartError(RuntimeError):
    """The worker found no functions; the text says why."""


class WorkerProcess:
    """Calls the functions of the app in `folder`, and starts its worker anew when that is gone."""

    def __init__(
        self, folder: Path, timeout: timedelta | None, give_up: Callable[[], None]
    ) -> None:
        self._folder = folder
        self._timeout = timeout.total_seconds() if timeout else None
        self._give_up = give_up
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._there = threading.Event()
        self._is_ending = False
        self._deaths = 0
        self._pending: dict[int, Future[HttpAnswer | None]] = {}
        self.triggers: list[Trigger] = []

    def __enter__(self) -> Self:
        """Start the first worker."""
        self._start()
        return self

    def __exit__(self, *_error: object) -> None:
        """End the worker, and with it whatever still runs there."""
        self._is_ending = True
        self._process.kill()
        self._process.wait()

    def invoke(self, trigger: Trigger, incoming: Incoming) -> HttpAnswer | None:
        """Call the trigger's function in the worker."""
        answer = self._send(trigger, incoming)
        try:
            return answer.result(self._timeout)
        except TimeoutError:
            log.exception("function.timed_out function=%s", trigger.function)
            self._end_worker_after_a_moment()
            raise InvocationFailedError(f"{trigger.function} ran longer than allowed.") from None

    def _send(self, trigger: Trigger, incoming: Incoming) -> Future[HttpAnswer | None]:
        if not self._there.wait(START):
            raise InvocationFailedError("There is no worker.")
        answer: Future[HttpAnswer | None] = Future()
        with self._lock:
            number = next(self._numbers)
            self._pending[number] = answer
            try:
                self._connection.send((number, trigger, incoming))
            except OSError:  # The worker has died this very moment.
                self._pending.pop(number, None)
                raise InvocationFailedError("The worker died.") from None
        return answer

    def _start(self) -> None:
        ours, theirs = multiprocessing.Pipe()
        command = [sys.executable, "-m", MAIN, str(theirs.fileno()), str(self._folder)]
        with _ctrl_c_blocked():
            self._process = subprocess.Popen(  # noqa: S603 - our own words.
                command, pass_fds=[theirs.fileno()], env=_environment()
            )
        theirs.close()  # else we should never hear of its end
        self.triggers = _first_word(ours)
        self._connection = ours
        self._there.set()
        threading.Thread(target=self._listen, args=(ours,), name="worker", daemon=True).start()

    def _listen(self, connection: Connection) -> None:
        try:
            while True:
                number, answer, error = connection.recv()
                self._settle(number, answer, error)
        except (EOFError, OSError):
            self._bury()

    def _settle(self, number: int, answer: HttpAnswer | None, error: str) -> None:
        with self._lock:
            asked = self._pending.pop(number, None)
        if asked is None:  # It had run too long already.
            return
        if error:
            asked.set_exception(InvocationFailedError(error))
        else:
            asked.set_result(answer)

    def _bury(self) -> None:
        """Fail what ran in the worker that is gone, and start another."""
        self._there.clear()
        with self._lock:
            lost, self._pending = self._pending, {}
        for asked in lost.values():
            asked.set_exception(InvocationFailedError("The worker died."))
        if self._is_ending:
            return
        self._deaths += 1
        log.warning("worker.died deaths=%s lost=%s", self._deaths, len(lost))
        if self._deaths >= DEATHS or not self._starts_again():
            self._give_up()

    def _starts_again(self) -> bool:
        try:
            self._start()
        except Exception:
            log.exception("worker.does_not_start")
            return False
        return True

    def _end_worker_after_a_moment(self) -> None:
        process = self._process
        time.sleep(GRACE)
        with self._lock:
            if process is self._process and process.poll() is None:
                self._deaths -= 1  # This one is the host's own doing.
                process.kill()


def _environment() -> dict[str, str]:
    """Return ours, in which the worker finds this package whatever the folder it starts in."""
    path = [str(PROJECT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}


def _first_word(connection: Connection) -> list[Trigger]:
    if not connection.poll(START):
        raise WorkerStartError("The worker did not start in time.")
    try:
        told: list[Trigger] | Exception = connection.recv()
    except EOFError:
        told = WorkerStartError("The worker died before it had found the app's functions.")
    if isinstance(told, Exception):
        raise told
    return told


@contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Block SIGINT, and for good in a process that is started now.

    Ctrl-C in a terminal reaches the worker as well, which would die while it still loads the app;
    it is the host that says when its worker ends.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
