"""Performs one effect and tells what became of it, as an event. Decides nothing about states."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Final, assert_never

from restore_core.contract.origin import Origin
from restore_core.contract.resource_ids import (
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    ResourceGroupId,
)
from restore_core.engine.log import log_failure
from restore_core.engine.ports import BackupInstance, Tables, Vault
from restore_core.errors import Problem, Rejected, Unavailable
from restore_core.lifecycle import pace
from restore_core.lifecycle.events import (
    AgeReached,
    Effect,
    Event,
    FindJob,
    GiveUp,
    Lapse,
    Lapsed,
    Notify,
    PollJob,
    PollRestore,
    PollValidation,
    Prepare,
    Prepared,
    Refused,
    Reserve,
    Reserved,
    Settle,
    Settled,
    Trigger,
    TriggerClaimed,
    TurnAwaited,
    Unanswered,
    Validate,
)
from restore_core.lifecycle.recovery_points import RecoveryPoint, accept_named, newest
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.states import Claim, Plan, Status, TargetField, Turn
from restore_core.text import utc_text


class Performer:
    """Carries out effects on the vault and the tables. Safe for threads."""

    def __init__(
        self,
        *,
        tables: Tables,
        vault: Vault,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._vault = vault
        self._rules = rules
        self._clock = clock
        self._lease = pace.FUNCTION_TIMEOUT + rules.job_list_lag + pace.CLOCK_SKEW

    def perform(self, effect: Effect, restore: Restore) -> Event:
        """Return what became of `effect`; raise only where the end cannot be written.

        Whatever else goes wrong is an event too, so that a restore is tried again later and grows
        too old at last, rather than fail in the same way at every tick for ever.
        """
        try:
            return self._performed(effect, restore)
        except Rejected as error:
            return Refused(error.problem, self._clock())
        except Unavailable as error:
            if isinstance(effect, Settle):
                raise
            return Unanswered(error.problem, self._clock(), error.retry_after)
        except Exception as error:
            if isinstance(effect, Settle):
                raise
            log_failure(restore.id, error)
            return Unanswered(_internal(error), self._clock())

    def claim(self, restore: Restore) -> Event:
        """Return the claim to save before POST restore, the policy judged once more."""
        plan, now = _plan(restore), self._clock()
        problem = self._refusal(restore, plan.instance, plan.target)
        if problem is not None:
            return Refused(problem, now)
        return TriggerClaimed(Claim(str(uuid.uuid4()), now, now + self._lease))

    def trigger(self, restore: Restore) -> Event | None:
        """POST restore under the claim that this worker has saved this moment.

        None, and no POST, where saving took so long that the claim is not fresh any more.
        """
        plan = _plan(restore)
        if self._clock() - plan.claims[-1].at > pace.CLAIM_FRESH:
            return None
        return self._vault.trigger(plan, plan.claims[-1])

    def undo_lock(self, restore: Restore) -> None:
        """Release the target if this restore, lost to another worker, has ended meanwhile."""
        current = self._tables.restores.load(restore.id)
        if current is None or current.restore.is_over:
            self._tables.targets.release(_plan(restore).target, restore.id)

    def _performed(self, effect: Effect, restore: Restore) -> Event:  # noqa: C901  one arm each
        match effect:
            case Prepare():
                return self._prepare(restore)
            case Reserve():
                return self._reserve(restore)
            case Validate():
                return self._vault.validate(_plan(restore))
            case PollValidation(operation):
                return self._vault.poll_validation(operation, _plan(restore))
            case PollRestore(operation):
                return self._vault.poll_restore(operation, _plan(restore))
            case FindJob():
                return self._vault.find_job(_plan(restore))
            case PollJob(job):
                return self._vault.poll_job(job, _plan(restore))
            case GiveUp():
                return AgeReached(self._clock())
            case Lapse():
                return Lapsed(self._clock())
            case Settle(release):
                return self._settle(restore, release=release)
            case Trigger() | Notify():
                raise AssertionError("the loop pays these, in several saves")
            case _:
                assert_never(effect)

    def _prepare(self, restore: Restore) -> Event:
        """Judge what is known before ARM is asked anything; then find source, target and point."""
        request = restore.request
        instance = self._instance(restore)
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
            target_field=TargetField.of(request),
        )
        return Prepared(plan, self._clock())

    def _instance(self, restore: Restore) -> BackupInstance:
        """Return the backup instance that is named, or the one of the disk that is."""
        request = restore.request
        if request.backup_instance_id is not None:
            self._judge(restore, request.backup_instance_id, request.known_target)
            return self._vault.instance(request.backup_instance_id)
        vaults = self._vaults(restore)
        return self._vault.instance_of(request.known_source, vaults, restore.requested_at)

    def _vaults(self, restore: Restore) -> list[BackupVaultId]:
        """Return where a disk is looked for: the vault that is named, or those that rules name."""
        target = restore.request.known_target
        named = restore.request.vault_id or self._rules.default_vault
        vaults = [named] if named else self._rules.policy.vaults
        if not vaults:
            raise Rejected(_NO_VAULT)
        problems = {vault: self._refusal(restore, vault, target) for vault in vaults}
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
        problem = self._refusal(restore, source, target)
        if problem is not None:
            raise Rejected(problem)

    def _refusal(
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

    def _point(self, restore: Restore, instance: BackupInstanceId) -> RecoveryPoint:
        request, now = restore.request, self._clock()
        if request.recovery_point_id is not None:
            return accept_named(self._vault.point(instance, request.recovery_point_id), now)
        points = self._vault.points(instance)
        if request.point_in_time == "latest":
            return newest(points, not_after=None, now=now)
        return newest(points, not_after=request.point_in_time or restore.accepted_at, now=now)

    def _reserve(self, restore: Restore) -> Event:
        """Take the target, then the source, then a turn; each is taken again without harm."""
        plan = _plan(restore)
        holder = self._tables.targets.lock(plan.target, restore.id)
        if holder != restore.id:
            return Refused(_held(plan.target, holder), self._clock())
        earlier = self._tables.sources.take(
            plan.source, restore.id, counts=self._counts, force=restore.request.force
        )
        if earlier is not None:
            return Refused(_restored_already(plan.source, earlier), self._clock())
        return Reserved(self._clock()) if self._has_turn(restore) else TurnAwaited(self._clock())

    def _counts(self, earlier: Restore) -> bool:
        """Tell whether an earlier restore of a source keeps the next one waiting its time."""
        outcome, cooldown = earlier.outcome, self._rules.cooldown
        if not cooldown:
            return False  # It may have ended in the future, by the clock of another worker.
        if outcome is None:
            return True
        return outcome.status in _RESTORED and self._clock() < outcome.at + cooldown

    def _has_turn(self, restore: Restore) -> bool:
        """Tell whether it may run at once: others than it are fewer than may, and none waits.

        Its own outstanding row has said so since before it was recorded. So of two that ask at the
        same moment one at least sees the other, and never do more go than may. One that has been
        held up does not say so any more, and leaves it to the timer.
        """
        most = self._rules.max_active
        read = self._tables.schedule.turns(most + 1)
        others = [one for one in read if one.request_id != restore.id]
        is_seen = len(others) < len(read)
        return is_seen and len(others) < most and all(one.turn is Turn.TAKEN for one in others)

    def _settle(self, restore: Restore, *, release: bool) -> Event:
        outcome, plan = restore.outcome, restore.plan
        if outcome is not None:
            self._tables.results.write(restore, outcome)
        if release and plan is not None and not plan.validate_only:
            self._tables.targets.release(plan.target, restore.id)
        return Settled(self._clock())


def _plan(restore: Restore) -> Plan:
    if restore.plan is None:
        raise AssertionError(f"{restore.id} has no plan in {type(restore.state).__name__}")
    return restore.plan


_RESTORED: Final = frozenset({Status.COMPLETED, Status.COMPLETED_WITH_WARNINGS})
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


def _restored_already(source: DiskId, earlier: Restore) -> Problem:
    outcome = earlier.outcome
    when = (
        f"It was restored by the request {earlier.id}, which ended at {utc_text(outcome.at)}, "
        "less than RESTORE_COOLDOWN_MINUTES ago."
        if outcome
        else f"The restore request {earlier.id} is restoring it at this moment."
    )
    return Problem(
        "RestoredAlready",
        f"{source.name} is not restored again: {when}",
        "Use the disk of that restore. If another is wanted, send the request again with a new "
        "requestId and force set to true, or later.",
    )


def _held(target: DiskId, holder: str) -> Problem:
    return Problem(
        "TargetInUse",
        f"The restore request {holder} is restoring to {target} at this moment.",
        "Wait for that restore to end, or name another target disk, and send the request again "
        "with a new requestId.",
    )


def _internal(error: Exception) -> Problem:
    return Problem(
        "InternalError",
        f"The app failed with {type(error).__name__}; it tries again.",
        "Look for step.failed with this requestId in the log, and report it as a bug.",
    )
