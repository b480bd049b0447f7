"""The key of a resource's row: an ARM id has characters that no key may have."""

import hashlib

from restore_core.contract.resource_ids import ArmId


def key_of(resource: ArmId) -> str:
    """Return the SHA-256 of the resource's id, lower-cased, in hex."""
    return hashlib.sha256(resource.key.encode()).hexdigest()
