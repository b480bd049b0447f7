"""`python -m local.host` runs the app of this folder until Ctrl-C or SIGTERM.

What runs then ends. `--worker-library` has the platform's own worker library call the functions
(Python 3.13).
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from local.app_settings import load_local_settings
from local.host.http_listener import DEFAULT_PORT
from local.host.local_host import APP_FOLDER, LocalHost

if TYPE_CHECKING:
    import azure.functions as func

log = logging.getLogger("local.host")


def main() -> None:
    """Run the app of this folder until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    parser.add_argument("--worker-library", action="store_true", help="call through the platform")
    parser.add_argument("--memory", type=Path, help="a folder to remember slow timers in")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="of HTTP; 0: a free one")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    load_local_settings(APP_FOLDER / "local.settings.json", os.environ)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    if arguments.worker_library:
        run_with_worker_library(stopping, arguments.memory, arguments.port)
    else:
        run_directly(stopping, arguments.memory, arguments.port)


def run_directly(stopping: threading.Event, memory: Path | None, port: int) -> None:
    """Run `function_app.app` in this process."""
    app: func.FunctionApp = importlib.import_module("function_app").app
    with LocalHost.for_app(app, os.environ, memory=memory, port=port) as host:
        log.info("host.started worker=direct http=%s", host.http_url)
        stopping.wait()


def run_with_worker_library(stopping: threading.Event, memory: Path | None, port: int) -> None:
    """Run the app through the platform's own worker library."""
    from local.host.worker_library import WorkerLibrary  # noqa: PLC0415 - exists from Python 3.13 on.

    with (
        WorkerLibrary(APP_FOLDER) as worker,
        LocalHost(worker.triggers, worker, os.environ, memory=memory, port=port) as host,
    ):
        log.info("host.started worker=library http=%s", host.http_url)
        stopping.wait()


if __name__ == "__main__":
    main()
