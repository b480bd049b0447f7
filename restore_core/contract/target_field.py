"""What of a request names its target. Pure."""

from enum import StrEnum

from restore_core.contract.request import RestoreRequest


class TargetField(StrEnum):
    """What of the request a target's name came from: what a sender changes to change it."""

    DISK_ID = "targetDiskId"
    DISK_NAME = "targetDiskName"
    DERIVED = "requestId"
    """The app made the name, of the source's name and the request's id."""

    SUFFIX = "targetDiskSuffix"
    """The app made the name for a set, of the source's name and the set's suffix or digits."""

    @classmethod
    def of(cls, request: RestoreRequest) -> "TargetField":
        """Return what `request` names its target by."""
        if request.target_disk_id is not None:
            return cls.DISK_ID
        return cls.DISK_NAME if request.target_disk_name else cls.DERIVED
