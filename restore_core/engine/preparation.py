"""Prepares a restore: judges what is known, takes its source, and asks the vault what there is.

The source is taken before the target, and before ARM is asked where the request names the disk: of
any number of alerts about one disk, one asks ARM.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from restore_core.contract.origin import Origin
from restore_core.contract.resource_ids import (
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    ResourceGroupId,
)
from restore_core.contract.target_field import TargetField
from restore_core.engine.ports import Vault
from restore_core.engine.reservation import Reservation
from restore_core.errors import Problem, Rejected
from restore_core.lifecycle.backup_instance import BackupInstance
from restore_core.lifecycle.events import Event, Prepared
from restore_core.lifecycle.recovery_points import RecoveryPoint, accept_named, newest
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.sets import Attachment
from restore_core.lifecycle.states import Plan


class Preparation:
    """Makes the plan of a restore. Safe for threads."""

    def __init__(
        self,
        *,
        vault: Vault,
        reservation: Reservation,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self._vault = vault
        self._reservation = reservation
        self._rules = rules
        self._clock = clock

    def prepare(self, restore: Restore) -> Event:
        """Return the plan, or why there is none; raise Unavailable or Rejected."""
        request = restore.request
        vaults = self._judge_early(restore)
        known = request.source_disk_id
        if known is not None and (taken := self._reservation.take_source(restore, known)):
            return taken
        instance = self._instance(restore, vaults)
        if known is None and (taken := self._reservation.take_source(restore, instance.source)):
            return taken
        target = request.target_for(instance.source)
        self._judge(restore, instance.id, target)
        point = self._point(restore, instance.id)
        plan = Plan(
            instance=instance.id,
            source=instance.source,
            region=instance.region,
            target=target,
            point=point.id,
            point_time=point.time,
            snapshot_group=instance.snapshot_group,
            validate_only=request.validate_only,
            identity=instance.identity,
            attachment=self._attachment(restore),
            target_field=TargetField.SUFFIX if restore.member else TargetField.of(request),
        )
        return Prepared(plan, self._clock())

    def refusal(
        self,
        restore: Restore,
        source: BackupInstanceId | BackupVaultId,
        target: DiskId | ResourceGroupId,
    ) -> Problem | None:
        """Return why the operator does not want this restore, or None; asked again at the claim."""
        deletion = restore.origin is Origin.DELETED_DISK
        if deletion and not self._rules.restores_deleted_disks:
            return _DELETED_DISKS_OFF
        return self._rules.policy.refusal(source, target)

    def _judge_early(self, restore: Restore) -> list[BackupVaultId]:
        """Judge what the request tells of itself; return the vaults in which a disk is looked up.

        No call is made for what is refused anyway. Raise Rejected.
        """
        request = restore.request
        if request.backup_instance_id is None:
            return self.vaults(restore)
        self._judge(restore, request.backup_instance_id, request.known_target)
        return []

    def vaults(self, restore: Restore) -> list[BackupVaultId]:
        """Return where disks are looked for: the vault that is named, or those that rules name.

        Raise Rejected where nothing of it may be restored to where the request wants it.
        """
        target = restore.request.known_target
        named = restore.request.vault_id or self._rules.default_vault
        vaults = [named] if named else self._rules.policy.vaults
        if not vaults:
            raise Rejected(_NO_VAULT)
        problems = {vault: self.refusal(restore, vault, target) for vault in vaults}
        allowed = [vault for vault, problem in problems.items() if problem is None]
        if not allowed:
            self._judge(restore, vaults[0], target)
        return allowed

    def _judge(
        self,
        restore: Restore,
        source: BackupInstanceId | BackupVaultId,
        target: DiskId | ResourceGroupId,
    ) -> None:
        problem = self.refusal(restore, source, target)
        if problem is not None:
            raise Rejected(problem)

    def _instance(self, restore: Restore, vaults: Sequence[BackupVaultId]) -> BackupInstance:
        """Return the backup instance that is planned, that is named, or of the disk that is."""
        request = restore.request
        if restore.member is not None:
            return restore.member.instance
        if request.backup_instance_id is not None:
            return self._vault.instance(request.backup_instance_id)
        return self._vault.instance_of(request.known_source, vaults, restore.requested_at)

    def _attachment(self, restore: Restore) -> Attachment | None:
        """Return where the source is attached, where that is planned or the disk is named."""
        if restore.member is not None:
            return restore.member.attachment
        source, is_gone = restore.request.source_disk_id, restore.origin is Origin.DELETED_DISK
        if source is None or is_gone or restore.request.validate_only:
            return None
        return self._vault.attachment_of(source)

    def _point(self, restore: Restore, instance: BackupInstanceId) -> RecoveryPoint:
        request, now = restore.request, self._clock()
        if request.recovery_point_id is not None:
            return accept_named(self._vault.point(instance, request.recovery_point_id), now)
        points = self._vault.points(instance)
        if request.point_in_time == "latest":
            return newest(points, not_after=None, now=now)
        return newest(points, not_after=request.point_in_time or restore.accepted_at, now=now)


_NO_VAULT: Final = Problem(
    "NoVault",
    "The request names a disk but no vault, the app setting RESTORE_DEFAULT_VAULT is not set, and "
    "no rule of RESTORE_ALLOW names a vault as its source.",
    "Send vaultId, or backupInstanceId in place of sourceDiskId, with a new requestId; or set "
    "RESTORE_DEFAULT_VAULT to the ARM id of the backup vault.",
)
_DELETED_DISKS_OFF: Final = Problem(
    "DeletedDisksNotRestored",
    "A disk was deleted; the app setting RESTORE_DELETED_DISKS is not true, so it stays deleted.",
    "If the disk is wanted, send a restore request for it. If deleted disks shall come back by "
    "themselves, set RESTORE_DELETED_DISKS to true.",
)
