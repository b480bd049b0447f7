"""Takes messages from one queue and has them processed, as many at a time as host.json allows.

A new batch is taken as soon as no more than `newBatchThreshold` messages are still running, so at
most `batchSize + newBatchThreshold` run at once. A queue that is not there, or a storage account
that does not answer, is looked at again later; the listener creates no queue. An account that
cannot even be reached for `PATIENCE` is more than a listener bears: the host gives up.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, ResourceNotFoundError, ServiceRequestError

from local.host.backoff import Backoff
from local.host.queue_messages import MessageProcessor

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.storage.queue import QueueMessage, QueueServiceClient

    from local.host.host_json import QueueSettings
    from local.host.triggers import Invoker, QueueTrigger

LONGEST_QUEUE_NAME = 63
POISON = "-poison"
PATIENCE = timedelta(seconds=23)  # As long as the platform's own host tries, six times in all.

log = logging.getLogger(__name__)


class QueueListener:
    """Listens to the queue of one trigger until it is stopped."""

    def __init__(
        self,
        trigger: QueueTrigger,
        service: QueueServiceClient,
        *,
        invoker: Invoker,
        settings: QueueSettings,
        give_up: Callable[[], None] | None = None,
    ) -> None:
        name = trigger.queue.lower()
        poison = poison_queue_name(name)
        self._queue = service.get_queue_client(name)
        self._processor = MessageProcessor(
            trigger,
            self._queue,
            service.get_queue_client(poison) if poison else None,
            invoker=invoker,
            settings=settings,
        )
        self._settings = settings
        self._give_up = give_up
        self._reached = time.monotonic()
        self._backoff = Backoff(settings.max_polling_interval)
        self._stopping = threading.Event()
        self._running = 0
        self._room = threading.Condition()
        self._pool = ThreadPoolExecutor(settings.batch_size + settings.new_batch_threshold, name)
        self._thread = threading.Thread(target=self._listen, name=f"listen {name}", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more messages, and wait for those that are being processed."""
        self._stopping.set()
        with self._room:
            self._room.notify_all()
        self._thread.join()
        self._pool.shutdown(wait=True)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            messages = self._take()
            if messages:
                self._backoff.found()
                self._process(messages)
            else:
                self._stopping.wait(self._backoff.next_wait().total_seconds())

    def _take(self) -> list[QueueMessage]:
        try:
            messages = self._receive()
        except ServiceRequestError as error:
            log.warning("queue.unreachable queue=%s error=%s", self._queue.queue_name, error)
            if time.monotonic() - self._reached > PATIENCE.total_seconds() and self._give_up:
                self._give_up()
            return []
        self._reached = time.monotonic()
        return messages

    def _receive(self) -> list[QueueMessage]:
        pages = self._queue.receive_messages(
            messages_per_page=self._settings.batch_size,
            visibility_timeout=int(self._settings.invisibility.total_seconds()),
        ).by_page()
        try:
            return list(next(pages, []))
        except ResourceNotFoundError:
            log.debug("queue.missing queue=%s", self._queue.queue_name)
            return []
        except ServiceRequestError:
            raise
        except AzureError as error:
            log.warning("queue.failed queue=%s error=%s", self._queue.queue_name, error)
            return []

    def _process(self, messages: list[QueueMessage]) -> None:
        with self._room:
            self._running += len(messages)
        for message in messages:
            self._pool.submit(self._process_one, message)
        with self._room:
            self._room.wait_for(self._has_room)

    def _has_room(self) -> bool:
        return self._stopping.is_set() or self._running <= self._settings.new_batch_threshold

    def _process_one(self, message: QueueMessage) -> None:
        try:
            self._processor.process(message)
        finally:
            with self._room:
                self._running -= 1
                self._room.notify_all()


def poison_queue_name(queue: str) -> str | None:
    """Return where the worn-out messages of `queue` go; poison queues have no poison queue."""
    if queue.endswith(POISON) or len(queue + POISON) > LONGEST_QUEUE_NAME:
        return None
    return queue + POISON
