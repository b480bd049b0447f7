"""Performs one effect and tells what became of it, as an event. Decides nothing about states."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from restore_core.contract.resource_ids import DiskId
from restore_core.engine.column import seconds_of
from restore_core.engine.log import log_failure
from restore_core.engine.ports import Tables, Vault
from restore_core.engine.preparation import Preparation
from restore_core.engine.reservation import RESTORED, Reservation
from restore_core.engine.set_steps import SetSteps
from restore_core.errors import (
    THROTTLED,
    NotNow,
    Problem,
    Rejected,
    Unavailable,
    UnreadableRow,
)
from restore_core.lifecycle import pace
from restore_core.lifecycle.effects import (
    Effect,
    Enroll,
    FindJob,
    Gather,
    GiveUp,
    Lapse,
    Notify,
    PollJob,
    PollRestore,
    PollValidation,
    Prepare,
    Recall,
    Requeue,
    Reserve,
    Settle,
    Trigger,
    Validate,
)
from restore_core.lifecycle.events import (
    AgeReached,
    Event,
    HeldBack,
    Lapsed,
    Refused,
    Requeued,
    Settled,
    TriggerClaimed,
    TurnAwaited,
    Unanswered,
)
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.states import Accepted, Claim, Outcome, Plan


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
        self._clock = clock
        self._reservation = Reservation(tables=tables, rules=rules, clock=clock)
        self._preparation = Preparation(
            vault=vault, reservation=self._reservation, rules=rules, clock=clock
        )
        self._sets = SetSteps(
            tables=tables,
            vault=vault,
            preparation=self._preparation,
            reservation=self._reservation,
            rules=rules,
            clock=clock,
        )
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
        except NotNow as error:
            return self._held_back(error)
        except Unavailable as error:
            if isinstance(effect, Settle):
                raise
            throttled = error.status == THROTTLED
            return Unanswered(error.problem, self._clock(), error.retry_after, throttled=throttled)
        except UnreadableRow as error:
            problem = Problem("UnreadableRow", str(error), "Look at that row.")
            return Unanswered(problem, self._clock())
        except Exception as error:
            if isinstance(effect, Settle):
                raise
            log_failure(restore.id, error)
            return Unanswered(_internal(error), self._clock())

    def claim(self, restore: Restore) -> Event:
        """Return the claim to save before POST restore, the policy judged once more.

        No claim, where ARM would not take that POST at this moment: it is sent at once or not at
        all.
        """
        plan, now = _plan(restore), self._clock()
        problem = self._preparation.refusal(restore, plan.instance, plan.target)
        if problem is not None:
            return Refused(problem, now)
        try:
            self._vault.reserve_trigger(plan)
        except NotNow as error:
            return self._held_back(error)
        return TriggerClaimed(Claim(str(uuid.uuid4()), now, now + self._lease))

    def trigger(self, restore: Restore) -> Event | None:
        """POST restore under the claim that this worker has saved this moment.

        None, and no POST, where saving took so long that the claim is not fresh any more.
        """
        plan = _plan(restore)
        if self._clock() - plan.claims[-1].at > pace.CLAIM_FRESH:
            return None
        return self._vault.trigger(plan, plan.claims[-1])

    @property
    def calls(self) -> int:
        """Return how many ARM calls this thread has sent so far: what an effect cost is told so."""
        return self._vault.calls

    def undo_lock(self, restore: Restore) -> None:
        """Release the target if this restore, lost to another worker, has ended meanwhile."""
        current = self._tables.restores.load(restore.id)
        if current is None or current.restore.is_over:
            self._tables.targets.release(_plan(restore).target, restore.id)

    def _held_back(self, error: NotNow) -> HeldBack:
        now = self._clock()
        return HeldBack(now + error.until_free, now)

    def _prepared(self, restore: Restore) -> Event:
        """Prepare it; a member that has lost its turn waits for another before it asks anything."""
        has_turn = isinstance(restore.state, Accepted) and restore.state.has_turn
        if restore.member is not None and not has_turn:
            return TurnAwaited(self._clock())
        return self._preparation.prepare(restore)

    def _requeued(self, restore: Restore) -> Event:
        """Let it wait for a turn again; what only validates needs none, but in a set."""
        now = self._clock()
        return Requeued(now) if restore.member is None else TurnAwaited(now)

    def _performed(self, effect: Effect, restore: Restore) -> Event:  # noqa: C901, PLR0912  one arm each
        match effect:
            case Prepare() if restore.request.is_set:
                return self._sets.plan(restore)
            case Prepare():
                return self._prepared(restore)
            case Enroll(header, first):
                return self._sets.enroll(restore, header, first)
            case Recall(header, reason):
                return self._sets.recall(restore, header, reason)
            case Gather(header):
                return self._sets.gather(restore, header)
            case Reserve():
                return self._reservation.reserve(restore, _plan(restore))
            case Requeue():
                return self._requeued(restore)
            case Validate():
                return self._vault.validate(_plan(restore))
            case PollValidation(operation):
                return self._vault.poll_validation(operation, _plan(restore))
            case PollRestore(operation):
                return self._vault.poll_restore(operation, _plan(restore))
            case FindJob():
                return self._vault.find_job(_plan(restore), restore.pages(self._clock()))
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

    def _settle(self, restore: Restore, *, release: bool) -> Event:
        outcome, target = restore.outcome, _target(restore)
        if outcome is not None:
            self._tables.results.write(restore, outcome)
            self._sets.end(restore, outcome)
            self._remember(restore, outcome)
        if release and target is not None:
            self._tables.targets.release(target, restore.id)
        return Settled(self._clock())

    def _remember(self, restore: Restore, outcome: Outcome) -> None:
        """Keep how long a restore took from its turn on, for estimates: best effort."""
        plan, begun = restore.plan, restore.moments.get("Ready")
        if outcome.status not in RESTORED or plan is None or begun is None:
            return
        seconds = seconds_of(begun, outcome.at)
        try:
            self._tables.durations.add(plan.instance.vault, seconds, outcome.at)
        except Unavailable as error:
            log_failure(restore.id, error)


def _plan(restore: Restore) -> Plan:
    if restore.plan is None:
        raise AssertionError(f"{restore.id} has no plan in {type(restore.state).__name__}")
    return restore.plan


def _target(restore: Restore) -> DiskId | None:
    """Return the target that it may hold: also where it came to follow another once it had it.

    Who follows has no plan any more, but what its request names is known. Where neither disk is
    named, the lock stays until the target is wanted again, and is taken over then.
    """
    plan, request = restore.plan, restore.request
    if plan is not None:
        return None if plan.validate_only else plan.target
    if "Planned" not in restore.moments:
        return None
    target, source = request.known_target, request.source_disk_id
    if isinstance(target, DiskId):
        return target
    return request.target_for(source) if source else None


def _internal(error: Exception) -> Problem:
    return Problem(
        "InternalError",
        f"The app failed with {type(error).__name__}; it tries again.",
        "Look for step.failed with this requestId in the log, and report it as a bug.",
    )
