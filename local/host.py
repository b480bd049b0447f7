"""A local Functions host: an app's queues, timers and HTTP by the real host's rules.

    with LocalHost.for_app(function_app.app, environment) as host: ...

`python -m local.host` runs the app of this folder until Ctrl-C or SIGTERM and lets what runs end;
`--worker-library` has the platform's own worker library call the functions (Python 3.13).
What it does not do: time-outs, scaling, locks between instances, triggers other than these three.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from local.app_settings import load_local_settings, resolve, setting
from local.direct_worker import DirectWorker
from local.host_json import QueueSettings
from local.http_listener import DEFAULT_PORT, KEY, HttpListener
from local.queue_connection import queue_service
from local.queue_listener import QueueListener
from local.timer_listener import TimerListener
from local.triggers import HttpTrigger, QueueTrigger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import azure.functions as func

    from local.triggers import Invoker, TimerTrigger, Trigger

APP_FOLDER = Path(__file__).parent.parent
HOST_JSON = APP_FOLDER / "host.json"

log = logging.getLogger(__name__)


class LocalHost:
    """Runs a set of triggers with one worker."""

    def __init__(
        self,
        triggers: Sequence[Trigger],
        invoker: Invoker,
        environment: Mapping[str, str],
        *,
        settings: QueueSettings | None = None,
        memory: Path | None = None,
        port: int = 0,
    ) -> None:
        self._invoker = invoker
        self._environment = environment
        self._settings = settings or QueueSettings.read(HOST_JSON, environment)
        self._memory = memory
        self._http = self._http_listener(triggers, port)
        self._listeners = [
            *(self._listener(each) for each in triggers if not isinstance(each, HttpTrigger)),
            *([self._http] if self._http else []),
        ]

    @classmethod
    def for_app(
        cls,
        app: func.FunctionApp,
        environment: Mapping[str, str],
        *,
        settings: QueueSettings | None = None,
        memory: Path | None = None,
        port: int = 0,
    ) -> Self:
        """Return a host that calls the functions of `app` in this process."""
        worker = DirectWorker(app, environment)
        return cls(
            worker.triggers, worker, environment, settings=settings, memory=memory, port=port
        )

    @property
    def http_url(self) -> str:
        """Return where the functions of HTTP answer; "" where the app has none."""
        return f"http://127.0.0.1:{self._http.port}" if self._http else ""

    def __enter__(self) -> Self:
        """Start listening."""
        for listener in self._listeners:
            listener.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Take nothing new, wait for what runs."""
        stops = [threading.Thread(target=listener.stop) for listener in self._listeners]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()

    def _http_listener(self, triggers: Sequence[Trigger], port: int) -> HttpListener | None:
        served = [trigger for trigger in triggers if isinstance(trigger, HttpTrigger)]
        key = setting(self._environment, KEY) or ""
        return HttpListener(served, invoker=self._invoker, key=key, port=port) if served else None

    def _listener(self, trigger: QueueTrigger | TimerTrigger) -> QueueListener | TimerListener:
        if isinstance(trigger, QueueTrigger):
            return self._queue_listener(trigger)
        schedule = resolve(trigger.schedule, self._environment)
        return TimerListener(
            replace(trigger, schedule=schedule),
            invoker=self._invoker,
            memory=self._memory / f"{trigger.function}.next" if self._memory else None,
        )

    def _queue_listener(self, trigger: QueueTrigger) -> QueueListener:
        return QueueListener(
            replace(trigger, queue=resolve(trigger.queue, self._environment)),
            queue_service(resolve(trigger.connection, self._environment), self._environment),
            invoker=self._invoker,
            settings=self._settings,
        )


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
    from local.worker_library import WorkerLibrary  # noqa: PLC0415 - exists from Python 3.13 on.

    with (
        WorkerLibrary(APP_FOLDER) as worker,
        LocalHost(worker.triggers, worker, os.environ, memory=memory, port=port) as host,
    ):
        log.info("host.started worker=library http=%s", host.http_url)
        stopping.wait()


if __name__ == "__main__":
    main()
