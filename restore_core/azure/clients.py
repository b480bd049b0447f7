"""Clients of Azure, built from the settings: credentials, tables, queues.

Their retries are few and short: an invocation must not wait, and what fails is done again later.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from azure.data.tables import TableServiceClient
from azure.identity import DefaultAzureCredential
from azure.storage.queue import LinearRetry, QueueServiceClient

from restore_core.connection import STORAGE, StorageConnection
from restore_core.errors import SettingsError

_TIMEOUTS: Final[dict[str, Any]] = {"connection_timeout": 5, "read_timeout": 20}
_TABLE_RETRIES: Final[dict[str, Any]] = {
    "retry_total": 2,
    "retry_backoff_factor": 0.2,
    "retry_backoff_max": 1,
}


def credential(client_id: str) -> DefaultAzureCredential:
    """Return the app's identity, or the user-assigned one of `client_id`."""
    return DefaultAzureCredential(managed_identity_client_id=client_id or None)


@contextmanager
def _of_the_setting() -> Iterator[None]:
    """Name the setting when the SDK can make nothing of it, in whichever way it says so."""
    try:
        yield
    except (AttributeError, TypeError, ValueError):  # An account of no host's form is a TypeError.
        raise SettingsError(
            f"{STORAGE} is wrong: it must be a connection string, or https URIs, of one account."
        ) from None


@_of_the_setting()
def tables(storage: StorageConnection) -> TableServiceClient:
    """Return the table service of the app's account."""
    if storage.connection_string:
        return TableServiceClient.from_connection_string(
            storage.connection_string, **_TIMEOUTS, **_TABLE_RETRIES
        )
    return TableServiceClient(
        storage.table_uri, credential=credential(storage.client_id), **_TIMEOUTS, **_TABLE_RETRIES
    )


@_of_the_setting()
def queues(storage: StorageConnection) -> QueueServiceClient:
    """Return the queue service of the app's account; messages stay plain text."""
    retry = LinearRetry(backoff=1, retry_total=2, random_jitter_range=0)
    if storage.connection_string:
        return QueueServiceClient.from_connection_string(
            storage.connection_string, retry_policy=retry, **_TIMEOUTS
        )
    return QueueServiceClient(
        storage.queue_uri,
        credential=credential(storage.client_id),
        retry_policy=retry,
        **_TIMEOUTS,
    )
