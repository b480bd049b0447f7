"""A protected disk, as its vault knows it. A value."""

from dataclasses import dataclass

from restore_core.contract.resource_ids import (
    BackupInstanceId,
    DiskId,
    IdentityId,
    ResourceGroupId,
)


@dataclass(frozen=True)
class BackupInstance:
    """One protected disk."""

    id: BackupInstanceId
    source: DiskId
    region: str
    snapshot_group: ResourceGroupId | None
    """Where its snapshots lie; None where the vault does not say."""
    identity: IdentityId | None = None
    """The vault's user-assigned identity that it works under; None: the vault's own."""
