"""`python -m local.host` runs the app of a folder until Ctrl-C or SIGTERM.

The functions run in a process of their own, as on the platform; with `--worker-library` they are
called through the platform's own worker library (Python 3.13), in this one. Told to stop, it waits
until nothing runs, and goes on taking work until then; after ten seconds it cuts what still runs,
whose messages come back when they are visible again. At the third death of its worker, and when
its storage cannot be reached, it ends by itself. In all this it does as the platform's own does.
"""

from __future__ import annotations

import argparse
import functools
import logging
import os
import signal
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from local.app_settings import load_local_settings, setting
from local.host.counted import Counted
from local.host.host_json import QueueSettings, function_timeout
from local.host.http_listener import DEFAULT_PORT
from local.host.local_host import APP_FOLDER, LocalHost
from local.host.timer_lock import TimerLock
from local.host.worker_process import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.host.triggers import Invoker, Trigger

STORAGE = "AzureWebJobsStorage"
HOST_ID = "AzureFunctionsWebHost__hostid"
GRACE = 10.0  # seconds for what runs when the host is told to stop.

log = logging.getLogger("local.host")


def main() -> None:
    """Run the app until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    parser.add_argument("--app", type=Path, default=APP_FOLDER, help="the folder of the app")
    parser.add_argument("--worker-library", action="store_true", help="call through the platform")
    parser.add_argument("--memory", type=Path, help="a folder to remember slow timers in")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="of HTTP; 0: a free one")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    load_local_settings(arguments.app / "local.settings.json", os.environ)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    run = run_with_worker_library if arguments.worker_library else run_with_worker_process
    run(arguments, stopping)


def run_with_worker_process(arguments: argparse.Namespace, stopping: threading.Event) -> None:
    """Run the app in a worker process."""
    timeout = function_timeout(arguments.app / "host.json", os.environ)
    with WorkerProcess(arguments.app, timeout, _give_up(stopping)) as worker:
        run_host(worker.triggers, worker, arguments, stopping)


def run_with_worker_library(arguments: argparse.Namespace, stopping: threading.Event) -> None:
    """Run the app through the platform's own worker library."""
    from local.host.worker_library import WorkerLibrary  # noqa: PLC0415 - exists from Python 3.13 on.

    with WorkerLibrary(arguments.app) as worker:
        run_host(worker.triggers, worker, arguments, stopping)


def run_host(
    triggers: list[Trigger],
    invoker: Invoker,
    arguments: argparse.Namespace,
    stopping: threading.Event,
) -> None:
    """Listen until it is over; then cut what does not end."""
    worker = Counted(invoker)
    host = LocalHost(
        triggers,
        worker,
        os.environ,
        settings=QueueSettings.read(arguments.app / "host.json", os.environ),
        memory=arguments.memory,
        port=arguments.port,
        locks=_locks(os.environ),
        give_up=_give_up(stopping),
    )
    with host:
        log.info("host.started http=%s", host.http_url)
        stopping.wait()
        cut = threading.Timer(GRACE, _cut)
        cut.daemon = True
        cut.start()
        worker.wait_until_idle()
    cut.cancel()


def _cut() -> None:
    log.warning("host.cut what still ran comes again when its message is visible")
    os._exit(0)  # Its worker notices and ends, too.


def _give_up(stopping: threading.Event) -> Callable[[], None]:
    def give_up() -> None:
        log.error("host.gives_up")
        stopping.set()

    return give_up


def _locks(environment: Mapping[str, str]) -> Callable[[str], TimerLock] | None:
    """Return what makes the locks of timers; None where no account is named to hold them."""
    account = setting(environment, STORAGE)
    if not account:
        return None
    host_id = setting(environment, HOST_ID) or socket.gethostname().lower()
    return functools.partial(TimerLock.of, account=account, host_id=host_id)


if __name__ == "__main__":
    main()
