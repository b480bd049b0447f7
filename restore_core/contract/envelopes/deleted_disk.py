"""The event that tells of a deleted resource: which disk is to come back, if it was one. Pure."""

import re
from typing import Any, Final

from restore_core.contract.envelopes.defaults import is_absent
from restore_core.contract.resource_ids import DiskId, InvalidId
from restore_core.errors import MalformedRequest, NothingAsked
from restore_core.loose_json import object_of, text_of
from restore_core.text import quoted, shown

_EVENT_TYPES: Final = frozenset(
    {
        "microsoft.resources.resourcedeletesuccess",
        "microsoft.resourcenotifications.resources.deleted",
    }
)
"""The event of Resource Manager, and that of the newer resource notifications: of each deletion
both tell, each to whoever has subscribed to it."""

_A_DISK: Final = re.compile(
    r"/subscriptions/[^/]*/resourceGroups/[^/]*/providers/Microsoft\.Compute/disks/[^/]*",
    re.IGNORECASE,
)
"""Whatever is a disk by its type, whether or not its names can be."""


def is_deletion(event_type: str) -> bool:
    """Tell whether an event of this type tells that a resource was deleted."""
    return event_type.lower() in _EVENT_TYPES


def disk_of(data: dict[str, Any], subject: str) -> DiskId:
    """Return the disk that was deleted; raise NothingAsked where none was."""
    status = data.get("status")
    if not is_absent(status) and text_of(status).lower() != "succeeded":
        raise NothingAsked(
            f"The deletion has the status {shown(status)}, not Succeeded: nothing was deleted."
        )
    resource = _resource(data) or subject
    if not resource:
        raise MalformedRequest(
            "The event does not say what was deleted: data.resourceUri, data.resourceInfo.id and "
            "subject are missing. Send the event whole, as Event Grid wrote it."
        )
    if not _A_DISK.fullmatch(resource):
        raise NothingAsked(f"What was deleted is no managed disk: {quoted(resource)}.")
    try:
        return DiskId.parse(resource)
    except InvalidId as error:
        raise MalformedRequest(
            f"The id of the deleted disk cannot be used: {error}. Send a restore request that "
            "names the disk."
        ) from None


def _resource(data: dict[str, Any]) -> str:
    """Return the id of the deleted resource, where either of the two kinds of data has it."""
    return text_of(data.get("resourceUri")) or text_of(
        object_of(data.get("resourceInfo")).get("id")
    )
