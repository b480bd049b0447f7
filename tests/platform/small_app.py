"""What the tests of the local host share: quick settings, and a record of calls."""

from __future__ import annotations

import logging
import queue
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import azure.functions as func
from azure.storage.queue import QueueMessage

from local.host.host_json import QueueSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 45.0  # seconds until a wait counts as never: the app first looks at a validation at 32.
QUICK = QueueSettings(
    batch_size=2,
    new_batch_threshold=1,
    max_dequeue_count=3,
    visibility_timeout=timedelta(0),
    max_polling_interval=timedelta(milliseconds=100),
)


class Calls:
    """What a function was called with; each wait for a call is bounded."""

    def __init__(self) -> None:
        self._calls: queue.Queue[tuple[datetime, Any]] = queue.Queue()

    def add(self, message: Any) -> None:
        self._calls.put((datetime.now(UTC), message))

    def next(self) -> Any:
        return self._calls.get(timeout=PATIENCE)[1]

    def next_moment(self) -> datetime:
        return self._calls.get(timeout=PATIENCE)[0]

    def none_left(self) -> bool:
        return self._calls.empty()


class Log(logging.Handler):
    """Waits for what a logger says; each wait is bounded."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._lines: queue.Queue[str] = queue.Queue()

    @classmethod
    @contextmanager
    def of(cls, name: str, level: int) -> Iterator[Log]:
        handler, logger = cls(), logging.getLogger(name)
        before = logger.level
        logger.addHandler(handler)
        logger.setLevel(level)
        try:
            yield handler
        finally:
            logger.setLevel(before)
            logger.removeHandler(handler)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.put(record.getMessage())

    def wait_for(self, pattern: str) -> None:
        while not re.search(pattern, self._lines.get(timeout=PATIENCE)):
            pass


def an_app(function: Callable[[func.QueueMessage], object]) -> func.FunctionApp:
    app = func.FunctionApp()

    @app.function_name("on_message")
    @app.queue_trigger(arg_name="message", queue_name="%QUEUE%", connection="RestoreStorage")
    def on_message(message: func.QueueMessage) -> object:
        return function(message)

    return app


def a_timer(function: Callable[[func.TimerRequest], None]) -> func.FunctionApp:
    app = func.FunctionApp()

    @app.function_name("on_tick")
    @app.timer_trigger(arg_name="timer", schedule="%SCHEDULE%")
    def on_tick(timer: func.TimerRequest) -> None:
        function(timer)

    return app


def a_message(**parts: Any) -> QueueMessage:
    """A message as the storage SDK hands it to the host."""
    now = datetime.now(UTC).replace(microsecond=0)
    defaults = {"content": "x", "id": "m1", "dequeue_count": 1, "pop_receipt": "p"}
    return QueueMessage(**{**defaults, "inserted_on": now, "expires_on": now, **parts})
