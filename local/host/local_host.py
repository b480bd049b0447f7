"""A local Functions host: an app's queues, timers and HTTP by the real host's rules.

    with LocalHost.for_app(function_app.app, environment) as host: ...

What it does not do: scaling, triggers other than these three. A time-out, a worker that dies and a
lock between hosts need a worker process and a storage account: `python -m local.host` has them.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from local.app_settings import resolve, setting
from local.host import admin
from local.host.admin import Admin
from local.host.direct_worker import DirectWorker
from local.host.host_json import QueueSettings
from local.host.http_listener import KEY, HttpListener
from local.host.queue_connection import queue_service
from local.host.queue_listener import QueueListener
from local.host.timer_listener import TimerListener
from local.host.triggers import HttpTrigger, QueueTrigger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import azure.functions as func

    from local.host.timer_lock import TimerLock
    from local.host.triggers import Invoker, TimerTrigger, Trigger

APP_FOLDER = Path(__file__).parents[2]
HOST_JSON = APP_FOLDER / "host.json"


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
        locks: Callable[[str], TimerLock] | None = None,
        give_up: Callable[[], None] | None = None,
    ) -> None:
        self._locks = locks
        self._give_up = give_up
        self._invoker = invoker
        self._environment = environment
        self._settings = settings or QueueSettings.read(HOST_JSON, environment)
        self._memory = memory
        drained = [self._listener(each) for each in triggers if not isinstance(each, HttpTrigger)]
        about_the_host = Admin(drained, key=setting(environment, admin.KEY) or "")
        self._http = self._http_listener(triggers, port, about_the_host)
        self._listeners = [*drained, *([self._http] if self._http else [])]

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

    def _http_listener(
        self, triggers: Sequence[Trigger], port: int, about_the_host: Admin
    ) -> HttpListener | None:
        served = [trigger for trigger in triggers if isinstance(trigger, HttpTrigger)]
        if not served:
            return None
        key = setting(self._environment, KEY) or ""
        return HttpListener(
            served, invoker=self._invoker, key=key, port=port, about_the_host=about_the_host
        )

    def _listener(self, trigger: QueueTrigger | TimerTrigger) -> QueueListener | TimerListener:
        if isinstance(trigger, QueueTrigger):
            return self._queue_listener(trigger)
        schedule = resolve(trigger.schedule, self._environment)
        return TimerListener(
            replace(trigger, schedule=schedule),
            invoker=self._invoker,
            memory=self._memory / f"{trigger.function}.next" if self._memory else None,
            lock=self._locks(trigger.function) if self._locks else None,
        )

    def _queue_listener(self, trigger: QueueTrigger) -> QueueListener:
        return QueueListener(
            replace(trigger, queue=resolve(trigger.queue, self._environment)),
            queue_service(resolve(trigger.connection, self._environment), self._environment),
            invoker=self._invoker,
            settings=self._settings,
            give_up=self._give_up,
        )
