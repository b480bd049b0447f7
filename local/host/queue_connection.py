"""A trigger's `connection` to a queue service, read as the app reads its own (`connection`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.storage.queue import QueueServiceClient

from local.app_settings import SettingMissingError
from restore_core import connection
from restore_core.azure.clients import Identity

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_RETRY = 0  # The listener itself comes back; the SDK's long retries would hold up a shutdown.


def queue_service(name: str, settings: Mapping[str, str]) -> QueueServiceClient:
    """Return a client for the queue account that the connection `name` names."""
    reading = connection.read(settings, name)
    read = reading.connection
    if reading.faults:
        raise SettingMissingError(" ".join(reading.faults))
    if read.connection_string:
        return QueueServiceClient.from_connection_string(
            read.connection_string, retry_total=NO_RETRY
        )
    if not read.queue_uri:
        raise SettingMissingError(
            f"The connection {name} is not set: neither {name} (a connection string) nor "
            f"{name}__accountName nor {name}__queueServiceUri."
        )
    return QueueServiceClient(read.queue_uri, Identity.of(read), retry_total=NO_RETRY)
