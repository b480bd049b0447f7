"""Of several hosts with one id on one storage account, the one that holds the lock fires a timer.

The lock is a lease on a blob, for a minute, renewed at half of it. A host that does not get it
looks again after a minute: when the holder is killed, up to two minutes pass without a tick.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.storage.blob import BlobLeaseClient, BlobServiceClient, ContainerClient

if TYPE_CHECKING:
    from typing import Self

CONTAINER = "azure-webjobs-hosts"
LEASE = timedelta(minutes=1)

log = logging.getLogger(__name__)


class TimerLock:
    """The lock of one timer."""

    def __init__(self, container: ContainerClient, name: str) -> None:
        self._container = container
        self._blob = container.get_blob_client(name)
        self._lease: BlobLeaseClient | None = None
        self._released = threading.Event()

    @classmethod
    def of(cls, function: str, *, account: str, host_id: str) -> Self:
        """Return the lock of a function, on the account that a connection string names."""
        service = BlobServiceClient.from_connection_string(account, retry_total=0)
        container = service.get_container_client(CONTAINER)
        return cls(container, f"locks/{host_id}/{function}.Listener")

    def wait(self, stopping: threading.Event) -> bool:
        """Wait until it is ours; return False when the host stops before that."""
        self._released.clear()
        while not self._take():
            if stopping.wait(LEASE.total_seconds()):
                return False
        threading.Thread(target=self._renew, name="timer lock", daemon=True).start()
        return True

    def is_held(self) -> bool:
        """Tell whether it is still ours, as far as we know."""
        return self._lease is not None

    def release(self) -> None:
        """Let another host have it, at its next look."""
        self._released.set()
        if self._lease:
            with contextlib.suppress(AzureError):
                self._lease.release()

    def _take(self) -> bool:
        try:
            self._create()
            self._lease = self._blob.acquire_lease(int(LEASE.total_seconds()))
        except AzureError as error:
            log.info("timer.waits_for_lock blob=%s error=%s", self._blob.blob_name, error.message)
            return False
        return True

    def _create(self) -> None:
        with contextlib.suppress(ResourceExistsError):
            self._container.create_container()
        # A blob that somebody has leased answers 412: it exists.
        with contextlib.suppress(HttpResponseError):
            self._blob.upload_blob(b"", overwrite=False)

    def _renew(self) -> None:
        while self._lease and not self._released.wait(LEASE.total_seconds() / 2):
            try:
                self._lease.renew()
            except AzureError:
                log.warning("timer.lock_lost blob=%s", self._blob.blob_name)
                self._lease = None
