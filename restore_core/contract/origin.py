"""Where a request came from: what was asked, and in which envelope. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from restore_core.contract.request import RestoreRequest


class Origin(StrEnum):
    """The envelope that a request came in."""

    NATIVE = "native"
    """Our own message: somebody asked for this restore."""
    ALERT = "alert"
    """An alert rule fired whose custom properties ask for a restore."""
    CLOUD_EVENT = "cloudEvent"
    """An event in the CloudEvents form carried the request."""
    EVENT_GRID = "eventGrid"
    """An event in Event Grid's own form carried the request."""
    DELETED_DISK = "deletedDisk"
    """Azure told that a disk was deleted; nobody asked in so many words."""


@dataclass(frozen=True)
class Asked:
    """A request and where it came from."""

    request: RestoreRequest
    origin: Origin

    @property
    def request_id(self) -> str:
        """Return the id of the request."""
        return self.request.request_id
