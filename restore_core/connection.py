"""The connection to the account of the queues and tables, which the Functions host reads too."""

from dataclasses import dataclass
from typing import Final

STORAGE: Final = "RestoreStorage"


@dataclass(frozen=True)
class StorageConnection:
    """The queue and table account: a connection string, or URIs and an identity."""

    connection_string: str = ""
    queue_uri: str = ""
    table_uri: str = ""
    client_id: str = ""
    """Of a user-assigned identity; "" for the system-assigned one."""
