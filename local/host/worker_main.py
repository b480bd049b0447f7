"""What runs in the worker's process: it imports the app, then calls what it is told to call.

    python -m local.host.worker_main DESCRIPTOR FOLDER

The descriptor is the pipe to the host.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from local.host.direct_worker import DirectWorker
from local.pace import VARIABLE, keep_up

if TYPE_CHECKING:
    from local.host.triggers import Incoming, Trigger

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def run(connection: Connection, folder: Path) -> None:
    """Tell what the app has, or why it cannot be read; then serve until the host is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # The host says when this process ends.
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    logging.getLogger("azure").setLevel(logging.WARNING)
    try:
        sys.path.insert(0, str(folder))
        keep_up(float(os.environ.get(VARIABLE, "1")))
        worker = DirectWorker(importlib.import_module("function_app").app, os.environ)
    except Exception as error:  # noqa: BLE001 - the host says what it is and ends.
        connection.send(RuntimeError("".join(traceback.format_exception(error))))
        return
    connection.send(worker.triggers)
    calls = Calls(connection, worker)
    try:
        while True:
            calls.take(*connection.recv())
    except (EOFError, OSError):
        os._exit(0)  # The host is gone: the platform would take what runs here away, too.


class Calls:
    """The calls of one worker, each in a thread; how many run at once is the worker's to say."""

    def __init__(self, connection: Connection, worker: DirectWorker) -> None:
        self._connection = connection
        self._worker = worker
        self._sending = threading.Lock()

    def take(self, number: int, trigger: Trigger, incoming: Incoming) -> None:
        """Begin a call."""
        threading.Thread(target=self._call, args=(number, trigger, incoming), daemon=True).start()

    def _call(self, number: int, trigger: Trigger, incoming: Incoming) -> None:
        answer, error = None, ""
        try:
            answer = self._worker.invoke(trigger, incoming)
        except Exception:  # noqa: BLE001 - the host decides what it means.
            error = traceback.format_exc()
        with self._sending:
            self._connection.send((number, answer, error))


if __name__ == "__main__":
    run(Connection(int(sys.argv[1])), Path(sys.argv[2]))
