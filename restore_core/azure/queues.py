"""The queues: steps that become visible when a restore is due, notices, and what was poisoned.

A step message is the id of a restore, a notice a CloudEvent; both are plain text. Failures are
`Unavailable`: a step that could not be sent is taken by the sweep, a notice is sent later.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueServiceClient

from restore_core.azure import storage
from restore_core.contract.queue_names import EVENTS, POISON, REQUESTS, STEPS
from restore_core.engine.ports import Poisoned

POISON_BATCH: Final = 16
"""Messages of a poison queue that one tick takes on; 32 is the service's limit."""
POISON_HIDDEN: Final = 300
"""Seconds that a poisoned message is hidden while it is accepted: no invocation lives longer."""


class AccountQueues:
    """The app's own queues of one account. Safe for threads."""

    def __init__(self, queues: QueueServiceClient) -> None:
        names = (REQUESTS, STEPS, REQUESTS + POISON, STEPS + POISON, EVENTS)
        self._queues = {name: queues.get_queue_client(name) for name in names}
        self.steps = StepsQueue(self._queues[STEPS])
        self.notices = NoticesQueue(self._queues[EVENTS])
        self.poison = Poison(self._queues)

    def create_missing(self) -> None:
        """Create the queues that are missing; where that is not allowed, they must exist.

        The host creates no main queue at all, and a poison queue only when it has the right to.
        """
        for queue in self._queues.values():
            storage.create(queue.create_queue)


class StepsQueue:
    """`restore-steps`: the ids of restores that are due at a moment."""

    def __init__(self, queue: QueueClient) -> None:
        self._queue = queue

    def enqueue(self, request_id: str, delay: timedelta) -> None:
        """Send a step message that becomes visible after `delay`, rounded up to a second."""
        hidden = max(0, ceil(delay.total_seconds()))
        with storage.answering():
            _send(self._queue, request_id, visibility_timeout=hidden)


class NoticesQueue:
    """`restore-events`: what receivers are sent."""

    def __init__(self, queue: QueueClient) -> None:
        self._queue = queue

    def publish(self, cloud_event: str) -> None:
        """Send a CloudEvent to whoever listens."""
        with storage.answering():
            _send(self._queue, cloud_event)


class Poison:
    """The `-poison` queues: what the host gave up delivering."""

    def __init__(self, queues: Mapping[str, QueueClient]) -> None:
        self._queues = queues

    def requests(self) -> Iterator[Poisoned]:
        """Yield what the host gave up delivering from the requests queue."""
        return self._poisoned(REQUESTS + POISON)

    def steps(self) -> Iterator[Poisoned]:
        """Yield what the host gave up delivering from the steps queue."""
        return self._poisoned(STEPS + POISON)

    def _poisoned(self, name: str) -> Iterator[Poisoned]:
        with storage.answering():
            try:
                messages = list(
                    self._queues[name].receive_messages(
                        max_messages=POISON_BATCH,
                        messages_per_page=POISON_BATCH,
                        visibility_timeout=POISON_HIDDEN,
                    )
                )
            except ResourceNotFoundError:  # It is created when the first message is poisoned.
                return
        for message in messages:
            inserted = message.inserted_on or datetime.now(UTC)
            body = str(message.content).encode()
            yield Poisoned(name, message.id, message.pop_receipt or "", body, inserted)

    def delete(self, message: Poisoned) -> None:
        """Remove a poisoned message that has been dealt with."""
        with storage.answering():
            try:
                self._queues[message.queue].delete_message(message.id, message.pop_receipt)
            except ResourceNotFoundError:
                return


def _send(queue: QueueClient, text: str, **options: int) -> None:
    """Send a message; where the queue is missing, create it and send once more."""
    try:
        queue.send_message(text, **options)
    except ResourceNotFoundError:
        storage.create(queue.create_queue)
        queue.send_message(text, **options)
