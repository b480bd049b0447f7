"""The key of a disk's row: an ARM id has characters that no key may have."""

import hashlib

from restore_core.contract.resource_ids import DiskId


def disk_key(disk: DiskId) -> str:
    """Return the SHA-256 of the disk's id, lower-cased, in hex."""
    return hashlib.sha256(disk.key.encode()).hexdigest()
