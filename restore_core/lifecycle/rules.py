"""What the operator has decided, beyond where things are: who may, how much, how long. Values."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from restore_core.contract.resource_ids import BackupVaultId
from restore_core.lifecycle.outbox import FINAL, Stage
from restore_core.lifecycle.policy import Policy
from restore_core.lifecycle.quota import DOCUMENTED, Quota


@dataclass(frozen=True)
class Rules:
    """The rules by which restores are judged, begun, given up and made known."""

    policy: Policy
    default_vault: BackupVaultId | None = None
    """Where the backup instance of a disk is looked up when the request names no vault."""
    restores_deleted_disks: bool = False
    """Whether Azure's event that a disk was deleted has it restored."""
    cooldown: timedelta = timedelta(minutes=60)
    """How long after a restore its source disk is not restored again."""
    max_active: int = 200
    """How many restores run at once."""
    max_set: int = 500
    """How many disks one set may have."""
    quota: Quota = DOCUMENTED
    """What ARM lets the app ask in each subscription."""
    max_age: timedelta = timedelta(hours=48)
    job_list_lag: timedelta = timedelta(seconds=600)
    """How late the vault's job list may show a job."""
    notices: Collection[Stage] = FINAL
    """The stages of which receivers are sent a notice."""
