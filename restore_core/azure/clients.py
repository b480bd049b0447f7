"""Clients of Azure, built from the settings: credentials, tables, queues.

Their retries are few and short: an invocation must not wait, and what fails is done again later.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self

from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.data.tables import TableServiceClient
from azure.storage.queue import LinearRetry, QueueServiceClient

from restore_core.connection import STORAGE, StorageConnection
from restore_core.errors import SettingsError

if TYPE_CHECKING:
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

RETRIES: Final = 2

_TIMEOUTS: Final[dict[str, Any]] = {"connection_timeout": 5, "read_timeout": 20}
_TABLE_RETRIES: Final[dict[str, Any]] = {
    "retry_backoff_factor": 0.2,
    "retry_backoff_max": 1,
}


@dataclass(frozen=True)
class Identity:
    """The app's identity, as every credential of Azure is asked. Safe for threads.

    azure.identity and msal are a third of all that the app imports: they are loaded when the first
    token is asked for, which a request that is refused, or an account with a key, never does.
    """

    client_id: str = ""
    resource_id: str = ""
    managed: bool = False
    """Whether it must be a managed identity; without the ids, the system-assigned one."""

    @classmethod
    def of(cls, connection: StorageConnection) -> Self:
        """Return the identity that opens `connection`."""
        return cls(connection.client_id, connection.resource_id, connection.managed)

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Return a token."""
        return self._credential.get_token(*scopes, **options)

    def get_token_info(self, *scopes: str, **options: Any) -> AccessTokenInfo:
        """Return a token and what is known of it."""
        return self._credential.get_token_info(*scopes, **options)

    @cached_property
    def _credential(self) -> "DefaultAzureCredential | ManagedIdentityCredential":
        from azure import identity  # noqa: PLC0415  see the class

        if self.resource_id:
            return identity.ManagedIdentityCredential(
                identity_config={"resource_id": self.resource_id}
            )
        if self.managed:
            return identity.ManagedIdentityCredential(client_id=self.client_id or None)
        return identity.DefaultAzureCredential(managed_identity_client_id=self.client_id or None)


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
def tables(storage: StorageConnection, *, retries: int = RETRIES) -> TableServiceClient:
    """Return the table service of the app's account."""
    options = {**_TIMEOUTS, **_TABLE_RETRIES, "retry_total": retries}
    if storage.connection_string:
        return TableServiceClient.from_connection_string(storage.connection_string, **options)
    return TableServiceClient(storage.table_uri, credential=Identity.of(storage), **options)


@_of_the_setting()
def queues(storage: StorageConnection, *, retries: int = RETRIES) -> QueueServiceClient:
    """Return the queue service of the app's account; messages stay plain text."""
    retry = LinearRetry(backoff=1, retry_total=retries, random_jitter_range=0)
    if storage.connection_string:
        return QueueServiceClient.from_connection_string(
            storage.connection_string, retry_policy=retry, **_TIMEOUTS
        )
    return QueueServiceClient(
        storage.queue_uri,
        credential=Identity.of(storage),
        retry_policy=retry,
        **_TIMEOUTS,
    )
