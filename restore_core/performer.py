"""Performs one effect and tells what became of it, as an event. Decides nothing about states."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import assert_never

from restore_core import pace
from restore_core.errors import Problem, Rejected, Unavailable
from restore_core.events import (
    AgeReached,
    Effect,
    Event,
    FindJob,
    GiveUp,
    LockTarget,
    PollJob,
    PollRestore,
    PollValidation,
    Prepare,
    Prepared,
    Refused,
    Settle,
    Settled,
    TargetLocked,
    Trigger,
    TriggerClaimed,
    Unanswered,
    Validate,
)
from restore_core.journal import log_failure
from restore_core.lifecycle import Restore
from restore_core.policy import Policy
from restore_core.ports import Store, Vault
from restore_core.recovery_points import RecoveryPoint, accept_named, newest
from restore_core.resource_ids import DiskId, ResourceGroupId
from restore_core.states import Claim, Plan


class Performer:
    """Carries out effects on the vault and the tables. Safe for threads."""

    def __init__(
        self,
        *,
        store: Store,
        vault: Vault,
        policy: Policy,
        clock: Callable[[], datetime],
        job_list_lag: timedelta,
    ) -> None:
        self._store = store
        self._vault = vault
        self._policy = policy
        self._clock = clock
        self._lease = pace.FUNCTION_TIMEOUT + job_list_lag + pace.CLOCK_SKEW

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
        problem = self._policy.refusal(restore.request.backup_instance_id, _plan(restore).target)
        now = self._clock()
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
        return self._vault.trigger(restore.request.backup_instance_id, plan, plan.claims[-1])

    def undo_lock(self, restore: Restore) -> None:
        """Release the target if this restore, lost to another worker, has ended meanwhile."""
        current = self._store.load(restore.id)
        if current is None or current.restore.due is None:
            self._store.release_target(_plan(restore).target, restore.id)

    def _performed(self, effect: Effect, restore: Restore) -> Event:  # noqa: C901  one arm each
        instance = restore.request.backup_instance_id
        match effect:
            case Prepare():
                return self._prepare(restore)
            case LockTarget():
                return self._lock(restore)
            case Validate():
                return self._vault.validate(instance, _plan(restore))
            case PollValidation(operation):
                return self._vault.poll_validation(operation, instance, _plan(restore))
            case PollRestore(operation):
                return self._vault.poll_restore(operation, instance, _plan(restore))
            case FindJob():
                return self._vault.find_job(instance, _plan(restore))
            case PollJob(job):
                return self._vault.poll_job(job, instance, _plan(restore))
            case GiveUp():
                return AgeReached(self._clock())
            case Settle(release):
                return self._settle(restore, release=release)
            case Trigger():
                raise AssertionError("a claim is saved between `claim` and `trigger`")
            case _:
                assert_never(effect)

    def _prepare(self, restore: Restore) -> Event:
        """Judge what is known before ARM is asked anything; then find source, target and point."""
        request = restore.request
        self._judge(restore, request.known_target)
        instance = self._vault.instance(request.backup_instance_id)
        target = request.target_for(instance.source)
        self._judge(restore, target)
        point = self._point(restore)
        plan = Plan(
            source=instance.source,
            region=instance.region,
            target=target,
            point=point.id,
            point_time=point.time,
            snapshot_group=instance.snapshot_group,
            validate_only=request.validate_only,
        )
        return Prepared(plan, self._clock())

    def _judge(self, restore: Restore, target: DiskId | ResourceGroupId) -> None:
        problem = self._policy.refusal(restore.request.backup_instance_id, target)
        if problem is not None:
            raise Rejected(problem)

    def _point(self, restore: Restore) -> RecoveryPoint:
        request, now = restore.request, self._clock()
        if request.recovery_point_id is not None:
            named = self._vault.point(request.backup_instance_id, request.recovery_point_id)
            return accept_named(named, now)
        points = self._vault.points(request.backup_instance_id)
        if request.point_in_time == "latest":
            return newest(points, not_after=None, now=now)
        return newest(points, not_after=request.point_in_time or restore.accepted_at, now=now)

    def _lock(self, restore: Restore) -> Event:
        target = _plan(restore).target
        holder = self._store.lock_target(target, restore.id)
        if holder != restore.id:
            return Refused(_held(target, holder), self._clock())
        return TargetLocked(self._clock())

    def _settle(self, restore: Restore, *, release: bool) -> Event:
        outcome, plan = restore.outcome, restore.plan
        if outcome is not None:
            self._store.write_result(restore, outcome)
        if release and plan is not None and not plan.validate_only:
            self._store.release_target(plan.target, restore.id)
        return Settled(self._clock())


def _plan(restore: Restore) -> Plan:
    if restore.plan is None:
        raise AssertionError(f"{restore.id} has no plan in {type(restore.state).__name__}")
    return restore.plan


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
