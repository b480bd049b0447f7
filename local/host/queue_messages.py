"""What becomes of one message that the host has taken from a queue.

    taken ── dequeued too often ───────────────► poison queue, function not called
      └─ function called, message kept invisible
            ├─ it returned ────────────────────► deleted
            ├─ it raised, for the last time ───► poison queue
            └─ it raised ──────────────────────► visible again after host.json's visibilityTimeout

A copy in the poison queue is a new message: new id, no reason. A message of a queue that is itself
a poison queue has nowhere to go: when its function raises, the first time already, it stays
invisible for the rest of its ten minutes.
"""

from __future__ import annotations

import json
import logging
import threading
from typing import TYPE_CHECKING, Self

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from local.host.triggers import Datum, Incoming

if TYPE_CHECKING:
    from datetime import timedelta

    from azure.storage.queue import QueueClient, QueueMessage

    from local.host.host_json import QueueSettings
    from local.host.triggers import Invoker, QueueTrigger

LOST = (400, 404)  # Another pop receipt is valid now, or the message is gone: renewing ends.

log = logging.getLogger(__name__)


class Hold:
    """Keeps a message invisible while its function runs; knows its latest pop receipt."""

    def __init__(self, queue: QueueClient, message: QueueMessage, invisibility: timedelta) -> None:
        self._queue = queue
        self._message = message
        self._invisibility = invisibility
        self._released = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True)
        self.pop_receipt = str(message.pop_receipt)

    def __enter__(self) -> Self:
        """Begin to renew."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Renew no more."""
        self._released.set()
        self._thread.join()

    def release(self, after: timedelta) -> None:
        """Make the message visible again after a while; the content stays as it is."""
        answer = self._queue.update_message(
            self._message.id,
            pop_receipt=self.pop_receipt,
            visibility_timeout=int(after.total_seconds()),
        )
        self.pop_receipt = str(answer.pop_receipt)

    def _renew(self) -> None:
        while not self._released.wait(self._invisibility.total_seconds() / 2):
            try:
                self.release(self._invisibility)
                log.debug("queue.message_renewed id=%s", self._message.id)
            except AzureError as error:
                if isinstance(error, HttpResponseError) and (error.status_code or 0) in LOST:
                    return


class MessageProcessor:
    """Takes the messages of one trigger through the picture above."""

    def __init__(
        self,
        trigger: QueueTrigger,
        queue: QueueClient,
        poison_queue: QueueClient | None,
        *,
        invoker: Invoker,
        settings: QueueSettings,
    ) -> None:
        self._trigger = trigger
        self._queue = queue
        self._poison_queue = poison_queue
        self._invoker = invoker
        self._settings = settings

    def process(self, message: QueueMessage) -> None:
        """Take one message to its end; never raises for what storage does."""
        try:
            with Hold(self._queue, message, self._settings.invisibility) as hold:
                if self._is_worn_out(message, beyond=True):
                    succeeded = False
                else:
                    succeeded = self._call(message)
            self._settle(message, hold, succeeded=succeeded)
        except AzureError as error:
            # The message comes again when its invisibility is over: at least once, as in Azure.
            log.debug("queue.message_not_settled id=%s error=%s", message.id, error)

    def _call(self, message: QueueMessage) -> bool:
        try:
            self._invoker.invoke(self._trigger, incoming(message))
        except Exception:
            log.exception("function.failed function=%s id=%s", self._trigger.function, message.id)
            return False
        return True

    def _settle(self, message: QueueMessage, hold: Hold, *, succeeded: bool) -> None:
        if succeeded:
            self._queue.delete_message(message.id, hold.pop_receipt)
        elif self._poison_queue is None:
            log.warning("queue.message_stays_hidden id=%s", message.id)
        elif not self._is_worn_out(message):
            hold.release(self._settings.visibility_timeout)
        else:
            self._copy_to_poison(message, self._poison_queue)
            self._queue.delete_message(message.id, hold.pop_receipt)

    def _is_worn_out(self, message: QueueMessage, *, beyond: bool = False) -> bool:
        allowed = self._settings.max_dequeue_count + (1 if beyond else 0)
        return (message.dequeue_count or 0) >= allowed

    def _copy_to_poison(self, message: QueueMessage, poison_queue: QueueClient) -> None:
        log.warning(
            "Message has reached MaxDequeueCount of %s. Moving message to queue '%s'.",
            self._settings.max_dequeue_count,
            poison_queue.queue_name,
        )
        try:
            poison_queue.send_message(message.content)
        except ResourceNotFoundError:
            poison_queue.create_queue()
            poison_queue.send_message(message.content)


def incoming(message: QueueMessage) -> Incoming:
    """Return what the host sends to a worker for `message`."""
    moments = {
        "InsertionTime": message.inserted_on,
        "ExpirationTime": message.expires_on,
        "NextVisibleTime": message.next_visible_on,
    }
    metadata = {
        "Id": Datum(str(message.id)),
        "PopReceipt": Datum(str(message.pop_receipt)),
        "DequeueCount": Datum(json.dumps(message.dequeue_count), "json"),
        **{name: Datum(json.dumps(m.isoformat()), "json") for name, m in moments.items() if m},
    }
    return Incoming(Datum(str(message.content)), metadata)
