"""What to do where a vault, an instance or a point is not there, or was deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from restore_core.contract import commands
from restore_core.contract.resource_ids import (
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    RecoveryPointId,
)
from restore_core.errors import Problem
from restore_core.text import quoted, utc_text

MAX_TOLD: Final = 5
"""Instances or vaults that a reason names one by one."""

_RETENTION: Final = "14 days, unless the vault's soft delete says otherwise"


def no_vault(vault: BackupVaultId) -> str:
    """Return what to do where there is no such vault."""
    return (
        f"There is no backup vault {vault}: correct vaultId, or the app setting "
        "RESTORE_DEFAULT_VAULT where the request has none."
    )


def no_vault_of_settings(vault: BackupVaultId) -> str:
    """Return what to do where a vault that the settings name is not there."""
    return (
        f"There is no backup vault {vault}: correct the app setting that names it, RESTORE_ALLOW "
        "or RESTORE_DEFAULT_VAULT."
    )


def no_instance(instance: BackupInstanceId) -> str:
    """Return what to do where the vault knows no such instance."""
    vault = instance.vault
    return (
        f"backupInstanceId names no backup instance: {quoted(instance.name)} of the vault "
        f"{vault.name}. Correct it. If it was deleted, it can be undeleted for a while "
        f"({_RETENTION}). What the vault protects, and what was deleted from it. "
        f"{_both_lists(vault)}"
    )


def no_point(instance: BackupInstanceId, point: RecoveryPointId) -> str:
    """Return what to do where the instance has no such recovery point."""
    return (
        f"recoveryPointId names no recovery point of {quoted(instance.name)}: {quoted(point)}. "
        "Leave it out to restore the newest, or name another. "
        f"{commands.line(commands.list_points(instance))}"
    )


def not_protected(source: DiskId, vaults: Sequence[BackupVaultId]) -> Problem:
    """Return why a disk cannot be restored from vaults that do not know it."""
    return Problem(
        "DiskNotProtected",
        f"The disk {source} is protected by no vault that was looked in: {_shown(vaults)}.",
        "Look first whether the disk's name is right. If it is, name the vault that protects it in "
        "vaultId. "
        f"What {vaults[0].name} protects, and what was deleted from it. {_both_lists(vaults[0])}",
    )


def several(source: DiskId, found: Sequence[BackupInstanceId]) -> Problem:
    """Return why a disk alone does not say what to restore."""
    return Problem(
        "SeveralBackupInstances",
        f"{len(found)} backup instances protect the disk {source}: {_shown(sorted(found, key=str))}"
        ".",
        "Send the backupInstanceId of one of them in place of sourceDiskId.",
    )


def soft_deleted(deleted: Sequence[BackupInstanceId], until: datetime | None = None) -> Problem:
    """Return why nothing is restored from instances that were deleted and are still kept."""
    kept = f"until {utc_text(until)}" if until else f"for a while ({_RETENTION})"
    name = deleted[0].name if len(deleted) == 1 else "<one of them>"
    return Problem(
        "BackupInstanceSoftDeleted",
        f"Deleted from its vault (soft delete): {_shown(deleted)}. What was deleted so is kept "
        f"{kept}, and nothing is restored from it before it is undeleted.",
        how_to_undelete(deleted[0].vault, name),
    )


def how_to_undelete(vault: BackupVaultId, instance: str) -> str:
    """Return how a soft-deleted instance comes back."""
    return (
        f"Undelete the backup instance while it is kept ({_RETENTION}), then send the request "
        "again with a new requestId. Its backups stay stopped until its protection is resumed. "
        f"{commands.line(commands.list_deleted(vault), commands.undelete(vault, instance))}"
    )


def _both_lists(vault: BackupVaultId) -> str:
    return commands.line(commands.list_instances(vault), commands.list_deleted(vault))


def _shown(ids: Sequence[BackupInstanceId] | Sequence[BackupVaultId]) -> str:
    return ", ".join(str(one) for one in ids[:MAX_TOLD])
