"""A trigger's `connection` to a queue service, read from app settings as the host reads it.

The setting itself is a connection string; without it, `NAME__queueServiceUri` (or `__serviceUri`)
names the account, and an identity opens it: `NAME__credential=managedidentity` with
`NAME__clientId` for a user-assigned one, else whatever the machine has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from azure.storage.queue import QueueServiceClient

from local.app_settings import SettingMissingError, setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.credentials import TokenCredential

NO_RETRY = 0  # The listener itself comes back; the SDK's long retries would hold up a shutdown.


def queue_service(connection: str, settings: Mapping[str, str]) -> QueueServiceClient:
    """Return a client for the queue account that `connection` names."""
    if text := setting(settings, connection):
        return QueueServiceClient.from_connection_string(text, retry_total=NO_RETRY)
    uri = setting(settings, f"{connection}__queueServiceUri")
    uri = uri or setting(settings, f"{connection}__serviceUri")
    if not uri:
        raise SettingMissingError(
            f"The connection {connection} is not set: neither {connection} (a connection string) "
            f"nor {connection}__queueServiceUri."
        )
    return QueueServiceClient(uri, _credential(connection, settings), retry_total=NO_RETRY)


def _credential(connection: str, settings: Mapping[str, str]) -> TokenCredential:
    client_id = setting(settings, f"{connection}__clientId")
    kind = setting(settings, f"{connection}__credential") or ""
    if kind.lower() == "managedidentity":
        return ManagedIdentityCredential(client_id=client_id)
    return DefaultAzureCredential(managed_identity_client_id=client_id)
