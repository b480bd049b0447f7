"""The event that tells of a deleted resource: which disk is to come back, if it was one. Pure."""

import re
from typing import Any, Final

from restore_core.contract.envelopes.defaults import is_absent
from restore_core.contract.resource_ids import DiskId, InvalidId
from restore_core.errors import MalformedRequest, NothingAsked
from restore_core.loose_json import text_of
from restore_core.text import quoted, shown

EVENT_TYPE: Final = "microsoft.resources.resourcedeletesuccess"

_A_DISK: Final = re.compile(
    r"/subscriptions/[^/]*/resourceGroups/[^/]*/providers/Microsoft\.Compute/disks/[^/]*",
    re.IGNORECASE,
)
"""Whatever is a disk by its type, whether or not its names can be."""


def disk_of(data: dict[str, Any], subject: str) -> DiskId:
    """Return the disk that was deleted; raise NothingAsked where none was."""
    status = data.get("status")
    if not is_absent(status) and text_of(status).lower() != "succeeded":
        raise NothingAsked(
            f"The deletion has the status {shown(status)}, not Succeeded: nothing was deleted."
        )
    resource = text_of(data.get("resourceUri")) or subject
    if not resource:
        raise MalformedRequest(
            "The event does not say what was deleted: data.resourceUri and subject are missing. "
            "Send the event whole, as Event Grid wrote it."
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
