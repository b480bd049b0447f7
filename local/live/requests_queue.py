"""The queue of requests, as a sender of restores has it: it may put a message there, no more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential
from azure.storage.queue import QueueServiceClient

from restore_core.contract.queue_names import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "AZURE_STORAGE_CONNECTION_STRING"


class QueueError(RuntimeError):
    """The message was not put on the queue; the text says what to do."""


class RequestsQueue:
    """Where requests are put."""

    def __init__(self, service: QueueServiceClient) -> None:
        self._queue = service.get_queue_client(REQUESTS)

    @classmethod
    def of_text(cls, connection_string: str) -> RequestsQueue:
        """Return the queue of an account that a connection string opens."""
        return cls(QueueServiceClient.from_connection_string(connection_string))

    @classmethod
    def of_account(cls, account: str) -> RequestsQueue:
        """Return the queue of an account, by name or address, that an identity opens: az login."""
        url = account if "://" in account else f"https://{account}.queue.core.windows.net"
        return cls(QueueServiceClient(url, credential=DefaultAzureCredential()))

    def put(self, message: Mapping[str, Any]) -> None:
        """Put a message; raise QueueError."""
        try:
            self._queue.send_message(json.dumps(message))
        except AzureError as error:
            code = getattr(error, "error_code", None) or type(error).__name__
            raise QueueError(
                f"The request was not taken by {REQUESTS} ({getattr(code, 'value', code)}). Whoever"
                " sends needs the role 'Storage Queue Data Message Sender' on that queue, an az "
                "login, and a network that reaches the account."
            ) from None
