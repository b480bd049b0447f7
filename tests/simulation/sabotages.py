"""Small sabotages of the app, each of which breaks an invariant. The worlds must notice.

Each is applied in memory, here and nowhere else. What notices none of them would prove nothing by
staying silent about the app itself.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from inspect import Parameter, isfunction, signature
from typing import Any, Final
from unittest.mock import patch

from azure.data.tables import UpdateMode

from restore_core.azure import arm, backup_vault, jobs
from restore_core.azure.arm import Arm
from restore_core.azure.arm_guard import ArmGuard
from restore_core.azure.backup_vault import BackupVault
from restore_core.azure.job_search import JobSearch
from restore_core.azure.storage import answering
from restore_core.azure.tables import outstanding, row_codec
from restore_core.azure.tables.outstanding import OutstandingTable
from restore_core.azure.tables.resource_key import key_of
from restore_core.azure.tables.restores import RestoresTable
from restore_core.azure.tables.row_codec import restore_row
from restore_core.azure.tables.sources import SourcesTable
from restore_core.azure.tables.targets import LOCK_ROW, TargetsTable
from restore_core.azure.vault_calls import VaultCalls
from restore_core.contract.envelopes import alert
from restore_core.contract.envelopes.reader import read
from restore_core.contract.origin import Origin
from restore_core.engine import followers, steps
from restore_core.engine.followers import Followers
from restore_core.engine.intake import Intake
from restore_core.engine.notices import cloud_event, cloud_event_of_refused
from restore_core.engine.performer import Performer
from restore_core.engine.ports import Versioned
from restore_core.engine.preparation import Preparation
from restore_core.engine.refusals import Refusals
from restore_core.engine.reservation import Reservation, refused_as_back
from restore_core.engine.steps import Steps
from restore_core.engine.sweep import Sweep
from restore_core.engine.turns import Called, Turns
from restore_core.errors import (
    AnswerLost,
    MalformedRequest,
    NothingAsked,
    Superseded,
    Unavailable,
)
from restore_core.lifecycle import endings, pace
from restore_core.lifecycle.effects import FindJob, Notify
from restore_core.lifecycle.events import (
    JobEnded,
    JobNotFound,
    JobNotSeen,
    LeaderFailed,
    LeaderFound,
    Refused,
    SearchUnfinished,
    StillRunning,
    TriggerClaimed,
    TriggerNotTaken,
    TriggerUnanswered,
    Unanswered,
    ValidationSucceeded,
)
from restore_core.lifecycle.outbox import Notice, Outbox
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import (
    Accepted,
    Ending,
    Outcome,
    Retrying,
    Running,
    Triggering,
    Wait,
)
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.turn import Turn
from tests.simulation import set_sabotages
from tests.simulation.exhaustive import BESIDE, LIVES, Dying
from tests.simulation.world import HORIZON, Breach, World

Patch = tuple[Any, str, Any]


@dataclass(frozen=True)
class Sabotage:
    """What is done to the app, and which invariant that breaks."""

    breaks: str
    patches: Callable[[], list[Patch]]
    kinds: frozenset[str]
    """What goes wrong in its worlds."""
    patience: float = 4 * 3600
    """Seconds in which its worlds end, where the app is left alone."""
    life: str = ""
    """The life in which it is noticed, where that is one of `exhaustive`."""
    points: int = 0
    """At how many points of that life a process dies, one after the other, until it is noticed."""


@dataclass(frozen=True)
class Caught:
    """Which invariant told of a sabotage, in which world; "" where none did."""

    name: str
    invariant: str
    seed: int
    text: str


_CLUMSY: Final = ("TypeError", "AttributeError")
"""What a sabotage fails with that does not know the app as it is now: it would prove nothing."""
MOST_WORLDS: Final = 60
"""In so many worlds a sabotage must be noticed."""


def catch(name: str) -> Caught:
    """Sabotage the app in one world after another until the invariant it breaks tells of it.

    In that same world, left alone, the app breaks none.
    """
    sabotage = SABOTAGES[name]

    def breaches(seed: int) -> list[Breach]:
        if sabotage.life:
            life, deaths = {**LIVES, **BESIDE}[sabotage.life], {seed} & {*range(sabotage.points)}
            return Dying(life, frozenset(deaths)).run().breaches
        return World(seed, sabotage.kinds, patience=sabotage.patience).run().breaches

    for seed in range(sabotage.points or 1 if sabotage.life else MOST_WORLDS):
        with applied(sabotage):
            found = [one for one in breaches(seed) if one.invariant == sabotage.breaks]
        if any(clumsy in one.text for one in found for clumsy in _CLUMSY):
            return Caught(name, "?", seed, found[0].text)
        if found:
            return Caught(name, "?" if breaches(seed) else sabotage.breaks, seed, found[0].text)
    return Caught(name, "", MOST_WORLDS, "nothing noticed it")


@contextmanager
def applied(sabotage: Sabotage) -> Iterator[None]:
    """Sabotage the app for a while."""
    with ExitStack() as stack:
        for target, name, other in sabotage.patches():
            _assert_called_alike(getattr(target, name), other)
            stack.enter_context(patch.object(target, name, other))
        yield


def _assert_called_alike(real: object, other: object) -> None:
    """A sabotage that cannot be called as the app calls it stumbles, and breaks nothing."""
    if not isfunction(real) or not isfunction(other):
        return
    told = signature(real).parameters.values()
    named = {one.name: None for one in told if one.kind is Parameter.KEYWORD_ONLY}
    places = [None for one in told if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
    try:
        signature(other).bind(*places, **named)
    except TypeError as error:
        raise AssertionError(f"{real.__qualname__} is called otherwise: {error}") from None


# --------------------------------------------------------------------- claim, save and trigger


def _no_claim() -> list[Patch]:
    def trigger(self: Any, current: Versioned) -> Versioned:
        claimed = current.restore.after(self._performer.claim(current.restore), ())
        if not isinstance(claimed.state, Triggering):
            return self.save(current, self._performer.claim(current.restore))
        event = self._performer.trigger(claimed)
        if isinstance(event, TriggerUnanswered):
            return self.save(current, Unanswered(event.problem, event.at))
        return self._tables.restores.save(claimed.after(event, ()), current.etag)

    return [(Steps, "_claim_and_trigger", trigger)]


def _act_before_save() -> list[Patch]:
    def trigger(self: Any, current: Versioned) -> Versioned:
        claim = self._performer.claim(current.restore)
        claimed = current.restore.after(claim, ())
        if not isinstance(claimed.state, Triggering):
            return self.save(current, claim)
        event = self._performer.trigger(claimed)
        return self.save(self.save(current, claim), event)

    return [(Steps, "_claim_and_trigger", trigger)]


def _announce_before_save() -> list[Patch]:
    def save(self: Any, current: Versioned, event: Any, *, calls: int = 0) -> Versioned:
        restore = current.restore.after(event, self._rules.notices, calls=calls)
        self.schedule(restore)
        self.enqueue(restore)
        return self._tables.restores.save(restore, current.etag)

    return [(Steps, "save", save)]


def _finder_triggers() -> list[Patch]:
    real = Performer._performed

    def performed(self: Any, effect: Any, restore: Restore) -> Any:
        if isinstance(effect, FindJob) and isinstance(restore.state, Triggering):
            plan = restore.state.plan
            return self._vault.trigger(plan, plan.claims[-1])
        return real(self, effect, restore)

    return [(Performer, "_performed", performed)]


def _retry_a_lost_post() -> list[Patch]:
    real = BackupVault.trigger

    def trigger(self: Any, *args: Any) -> Any:
        event = real(self, *args)
        if isinstance(event, TriggerUnanswered):
            return TriggerNotTaken(event.problem, None, event.at)
        return event

    return [(BackupVault, "trigger", trigger)]


def _every_5xx_is_not_taken() -> list[Patch]:
    real = Arm._refusal_once

    def refusal(self: Any, response: Any) -> Any:
        error = real(self, response)
        if isinstance(error, AnswerLost) and error.status >= 500:
            return Unavailable(error.problem, status=error.status)
        return error

    return [(Arm, "_refusal_once", refusal)]


def _believe_at_once() -> list[Patch]:
    real = Performer.claim

    def claim(self: Any, restore: Restore) -> Any:
        event = real(self, restore)
        if isinstance(event, TriggerClaimed):
            event = TriggerClaimed(replace(event.claim, believed_after=event.claim.at))
        return event

    return [(Performer, "claim", claim)]


def _short_lease() -> list[Patch]:
    return [(pace, "FUNCTION_TIMEOUT", timedelta()), (pace, "CLOCK_SKEW", timedelta())]


def _first_page_only() -> list[Patch]:
    real = VaultCalls.pages

    def first_page(self: Any, *args: Any, **options: Any) -> Iterator[Any]:
        yield replace(next(real(self, *args, **options)), next_link="")

    return [(VaultCalls, "pages", first_page)]


def _look_from_the_first_page() -> list[Patch]:
    real = BackupVault._beside

    def beside(self: Any, *args: Any) -> Any:
        event = real(self, *args)
        if isinstance(event, JobNotSeen):
            return StillRunning(event.at, event.retry_after)
        return event

    return [(BackupVault, "_beside", beside)]


def _believe_a_cut_search() -> list[Patch]:
    real = JobSearch.find_job

    def find_job(self: Any, plan: Any, pages: int) -> Any:
        event = real(self, plan, pages)
        return JobNotFound(event.at, event.at) if isinstance(event, SearchUnfinished) else event

    return [(JobSearch, "find_job", find_job)]


def _confirm_no_row() -> list[Patch]:
    def confirmed(self: Any, candidates: Any, plan: Any) -> Any:  # noqa: ARG001
        return next(iter(candidates), None)

    return [(JobSearch, "_confirmed", confirmed)]


def _ignore_the_etag() -> list[Patch]:
    def save(self: Any, restore: Restore, etag: str) -> Versioned:  # noqa: ARG001
        answer = self._table._client.upsert_entity(restore_row(restore), UpdateMode.REPLACE)
        return Versioned(restore, answer["etag"])

    return [(RestoresTable, "save", save)]


def _trust_succeeded() -> list[Patch]:
    real = backup_vault._validated

    def validated(answer: Any, plan: Any, now: datetime) -> Any:
        if str(answer.body.get("status", "")).lower() == "succeeded":
            return ValidationSucceeded(now)
        return real(answer, plan, now)

    return [(backup_vault, "_validated", validated)]


# ------------------------------------------------------------------------------- locks, guards


def _no_lock() -> list[Patch]:
    def lock(self: Any, target: Any, request_id: str) -> str:  # noqa: ARG001
        return request_id

    return [(TargetsTable, "lock", lock)]


def _release_anothers_lock() -> list[Patch]:
    def release(self: Any, target: Any, request_id: str) -> None:  # noqa: ARG001
        with answering():
            self._table._client.delete_entity(key_of(target), LOCK_ROW)

    return [(TargetsTable, "release", release)]


def _drop_the_guard() -> list[Patch]:
    real = endings.given_up

    def given_up(state: Any, at: datetime) -> Any:
        ending = real(state, at)
        return replace(ending, guard_until=None)

    return [(endings, "given_up", given_up)]


def _keep_the_lock() -> list[Patch]:
    return [(TargetsTable, "release", lambda *_: None)]


# -------------------------------------------------------------------------- messages and sweep


def _forget_the_sweep() -> list[Patch]:
    real = Sweep._visit

    def visit(self: Any, outstanding: Any, event: Any, begun: datetime) -> None:
        current = self._tables.restores.load(outstanding.request_id)
        if current is not None and isinstance(current.restore.state, Running):
            real(self, outstanding, event, begun)

    return [(Sweep, "_visit", visit)]


def _leave_the_poison() -> list[Patch]:
    return [(Sweep, "_take_poisoned_requests", lambda _self: None)]


def _judge_before_recording() -> list[Patch]:
    real = Intake._insert

    def insert(self: Any, asked: Any, inserted_at: datetime) -> Any:
        request, policy = asked.request, self._rules.policy
        instance = request.backup_instance_id
        if instance and policy.refusal(instance, request.known_target):
            return None
        return real(self, asked, inserted_at)

    def accept(self: Any, body: bytes, inserted_at: datetime) -> None:
        try:
            recorded = self.record(body, inserted_at)
        except AttributeError:  # There is no restore to compare with: it was judged already.
            return
        if recorded is not None:
            self._steps.take(recorded)

    return [(Intake, "_insert", insert), (Intake, "accept", accept)]


def _swallow_an_outage() -> list[Patch]:
    real = Intake.accept

    def accept(self: Any, body: bytes, inserted_at: datetime) -> None:
        try:
            real(self, body, inserted_at)
        except Unavailable:
            return

    return [(Intake, "accept", accept)]


def _take_other_content() -> list[Patch]:
    real = Intake.record

    def record(self: Any, body: bytes, inserted_at: datetime) -> Any:
        found = real(self, body, inserted_at)
        with suppress(MalformedRequest, NothingAsked, Superseded):
            request = read(body).request
            held = self._tables.restores.load(request.request_id)
            if found is None and held is not None:
                self._tables.restores.save(replace(held.restore, request=request), held.etag)
        return found

    return [(Intake, "record", record)]


def _never_forget() -> list[Patch]:
    return [(OutstandingTable, name, lambda *_: None) for name in ("forget", "drop")]


def _look_at_what_has_ended() -> list[Patch]:
    real = Sweep._visit_due

    def visit(self: Any, pool: Any) -> None:
        for row in self._tables.results._table._client.list_entities():
            self._tables.restores.load(row["RowKey"])
        real(self, pool)

    return [(Sweep, "_visit_due", visit)]


# ------------------------------------------------------------------------- answers and results


def _result_before_the_outcome() -> list[Patch]:
    real = Steps.save

    def save(self: Any, current: Versioned, event: Any, **calls: int) -> Versioned:
        after = current.restore.after(event, ())
        if isinstance(after.state, Ending):
            self._tables.results.write(after, after.state.outcome)
        return real(self, current, event, **calls)

    return [(Steps, "save", save)]


def _a_404_is_a_failure() -> list[Patch]:
    real = BackupVault.poll_job

    def poll(self: Any, *args: Any) -> Any:
        event = real(self, *args)
        if isinstance(event, Unanswered) and event.gone:
            return JobEnded(Status.FAILED, "Gone", event.at, event.problem)
        return event

    return [(BackupVault, "poll_job", poll)]


def _an_unknown_word_is_a_failure() -> list[Patch]:
    class Words(dict[str, Status]):
        def get(self, word: str, _default: Any = None) -> Any:
            if word in ("inprogress", "in progress"):
                return None
            return super().get(word, Status.FAILED)

    return [(jobs, "_ENDS", Words(jobs._ENDS))]


def _an_outage_is_a_refusal() -> list[Patch]:
    real = Performer.perform

    def perform(self: Any, effect: Any, restore: Restore) -> Any:
        event = real(self, effect, restore)
        if isinstance(event, Unanswered) and isinstance(restore.state, Accepted):
            return Refused(event.problem, event.at)
        return event

    return [(Performer, "perform", perform)]


def _follow_any_url() -> list[Patch]:
    return [(ArmGuard, "allows", lambda _self, url: bool(url))]


def _url_in_the_row() -> list[Patch]:
    return [(row_codec, "_without_url", lambda state: state)]


def _give_up_early() -> list[Patch]:
    real = Intake._insert

    def insert(self: Any, asked: Any, inserted_at: datetime) -> Any:
        sooner = replace(self._rules, max_age=self._rules.max_age / 8)
        with patch.object(self, "_rules", sooner):
            return real(self, asked, inserted_at)

    return [(Intake, "_insert", insert)]


# --------------------------------------------------------------------------------- envelopes


def _resolved_is_fired() -> list[Patch]:
    return [(alert, "_require_fired", lambda _essentials: None)]


def _a_new_id_each_time() -> list[Patch]:
    numbers = itertools.count()
    return [(alert, "_request_id", lambda _essentials: f"alert-{next(numbers)}")]


def _restore_whatever_is_deleted() -> list[Patch]:
    real = Preparation.refusal

    def refusal(self: Any, restore: Restore, *about: Any) -> Any:
        return real(self, replace(restore, origin=Origin.NATIVE), *about)

    return [(Preparation, "refusal", refusal)]


# --------------------------------------------------------------------------------- the cooldown


def _counts(does: Callable[[Any, Restore], bool]) -> Callable[[], list[Patch]]:
    return lambda: [(Reservation, "_counts", does)]


def _counts_what_failed(self: Any, earlier: Restore) -> bool:
    outcome, cooldown = earlier.outcome, self._rules.cooldown
    return bool(cooldown) if outcome is None else bool(self._clock() < outcome.at + cooldown)


def _counts_what_has_ended_alone(self: Any, earlier: Restore) -> bool:
    return earlier.outcome is not None and bool(_REAL_COUNTS(self, earlier))


_REAL_COUNTS: Final = Reservation._counts


def _forced(*, always: bool) -> Callable[[], list[Patch]]:
    real = SourcesTable.take

    def take(self: Any, source: Any, request_id: str, *, counts: Any, force: bool) -> Any:  # noqa: ARG001
        return real(self, source, request_id, counts=counts, force=always)

    return lambda: [(SourcesTable, "take", take)]


# ------------------------------------------------------------------------------------- the turns


def _turn_without_looking() -> list[Patch]:
    return [(Reservation, "_has_turn", lambda _self, _restore: True)]


def _before_those_who_wait() -> list[Patch]:
    def has_turn(self: Any, restore: Restore) -> bool:
        others = [o for o in self._tables.schedule.turns() if o.request_id != restore.id]
        taken = sum(other.turn is Turn.TAKEN for other in others)
        return bool(taken < self._rules.max_active)

    return [(Reservation, "_has_turn", has_turn)]


def _call_everybody() -> list[Patch]:
    def call(self: Any, found: Any, begun: datetime) -> Called:  # noqa: ARG001
        called = Called()
        for one in found:
            if one.turn is Turn.AWAITED:
                self._call(one.request_id, called)
        return called

    return [(Turns, "give", call)]


def _call_the_newest() -> list[Patch]:
    real = Turns.give

    def call(self: Any, found: Any, begun: datetime) -> Called:
        turned = [replace(one, accepted_at=begun - (one.accepted_at - begun)) for one in found]
        return real(self, turned, begun)

    return [(Turns, "give", call)]


def _call_nobody() -> list[Patch]:
    return [(Turns, "give", lambda *_: Called())]


def _pass_over() -> list[Patch]:
    real, numbers = Turns._call, itertools.count()

    def call(self: Any, request_id: str, called: Called) -> bool:
        return True if next(numbers) % 2 == 0 else real(self, request_id, called)

    return [(Turns, "_call", call)]


def _last_moment(later: timedelta | None) -> Callable[[], list[Patch]]:
    real: Any = Restore._last_moment

    def last(self: Restore) -> datetime:
        moment: datetime = real.fget(self)
        if later is None or moment == self.deadline:
            return self.deadline
        return moment + later

    return lambda: [(Restore, "_last_moment", property(last))]


# ---------------------------------------------------------------------------------- what is told


def _tell_before_the_save() -> list[Patch]:
    real = Steps.save

    def save(self: Any, current: Versioned, event: Any, **calls: int) -> Versioned:
        moved = current.restore.after(event, self._rules.notices)
        for notice in moved.outbox.pending[len(current.restore.outbox.pending) :]:
            self._queues.notices.publish(cloud_event(moved, notice))
        return real(self, current, event, **calls)

    return [(Steps, "save", save)]


def _tell_after_the_save() -> list[Patch]:
    def save(self: Any, current: Versioned, event: Any, *, calls: int = 0) -> Versioned:
        moved = current.restore.after(event, self._rules.notices, calls=calls)
        without = replace(moved, outbox=moved.outbox.sent())
        saved: Versioned = self._tables.restores.save(without, current.etag)
        for notice in moved.outbox.pending:
            self._queues.notices.publish(cloud_event(moved, notice))
        return saved

    return [(Steps, "save", save)]


def _drop_what_cannot_be_sent() -> list[Patch]:
    return [(Outbox, "not_sent", lambda self, _now: self.sent())]


def _number_by_attempts() -> list[Patch]:
    def event(restore: Restore, notice: Notice) -> str:
        number = notice.sequence + restore.outbox.misses
        return cloud_event(restore, replace(notice, sequence=number))

    return [(steps, "cloud_event", event)]


def _tell_first() -> list[Patch]:
    real = Restore.owes

    def owes(self: Restore, now: datetime) -> Any:
        due = self.outbox.due
        return Notify() if due is not None and now >= due else real(self, now)

    return [(Restore, "owes", owes)]


def _tell_of_nothing() -> list[Patch]:
    real = Refusals._write

    def write(self: Any, *args: Any) -> Any:
        message = real(self, *args)
        if message.status is Status.IGNORED:
            self._queues.notices.publish(cloud_event_of_refused(message))
        return message

    return [(Refusals, "_write", write)]


def _tell_the_url() -> list[Patch]:
    def event(restore: Restore, notice: Notice) -> str:
        url = row_codec._operation_url(restore.state)
        return cloud_event(restore, notice).removesuffix("}") + f',"url":"{url}"}}'

    return [(steps, "cloud_event", event)]


def _tell_of_no_refusal() -> list[Patch]:
    def refuse(
        self: Any, body: bytes, problem: Any, *, request_id: str, inserted_at: datetime
    ) -> None:
        self._write(body, Status.REJECTED, problem, request_id, inserted_at)

    return [(Refusals, "refuse", refuse)]


def _complain_each_time() -> list[Patch]:
    real = Outbox.heard

    def heard(self: Outbox, *args: Any) -> Outbox:
        return real(replace(self, complained=()), *args)

    return [(Outbox, "heard", heard)]


# ------------------------------------------------------------------- outstanding rows, and turns


def _vault_in_the_key() -> list[Patch]:
    """Bring version 0.1.0's key back: an id that two messages send for two vaults has two rows."""
    row_of, read = outstanding._row, outstanding._outstanding

    def key(restore: Restore) -> str:
        vault = restore.request.vault
        return hashlib.sha256(vault.key.encode()).hexdigest()[:32] if vault else "default"

    def row(restore: Restore, due: datetime) -> dict[str, Any]:
        return {**row_of(restore, due), "PartitionKey": key(restore)}

    def forget(self: Any, restore: Restore) -> None:
        with answering():
            self._table.delete(key(restore), restore.id)

    return [
        (outstanding, "_row", row),
        (outstanding, "_outstanding", lambda one: replace(read(one), is_own=True)),
        (OutstandingTable, "forget", forget),
        *_each_row_a_turn(),
    ]


def _each_row_a_turn() -> list[Patch]:
    def turns(self: Any, most: int | None = None) -> Any:
        values = {"taken": Turn.TAKEN.value, "awaited": Turn.AWAITED.value}
        return self._rows("turn eq @taken or turn eq @awaited", values, most)

    return [(OutstandingTable, "turns", turns)]


def _leave_the_old_rows() -> list[Patch]:
    return [(Sweep, "_move", lambda *_: None), *_each_row_a_turn()]


def _retriers_keep_their_turn() -> list[Patch]:
    real: Any = Restore.turn

    def turn(self: Restore) -> Turn:
        return Turn.TAKEN if isinstance(self.state, Retrying) else real.fget(self)

    return [(Restore, "turn", property(turn))]


def _no_share() -> list[Patch]:
    return [(Turns, "_next", lambda _self, waiting, _taken: waiting[0])]


def _trigger_to_the_last() -> list[Patch]:
    return [(pace, "LEAST_FOR_A_JOB", timedelta())]


# ------------------------------------------------------------------------------------ followers


def _refuse_at_once() -> list[Patch]:
    real = Reservation._take_source

    def take(self: Any, restore: Restore, source: Any) -> Any:
        event = real(self, restore, source)
        if isinstance(event, LeaderFound):
            earlier = self._tables.restores.load(event.leader).restore
            return refused_as_back(source, earlier, self._clock())
        return event

    return [(Reservation, "_take_source", take)]


def _nobody_after_a_stand_in() -> list[Patch]:
    """Bring a fault back that random world 20007 found."""
    real = followers._another_may

    def may(leader: Restore, outcome: Outcome) -> bool:
        return not leader.stands_in and real(leader, outcome)

    return [(followers, "_another_may", may)]


def _withdrawn_is_tried() -> list[Patch]:
    return [(followers, "_was_tried", lambda _: True)]


def _everybody_goes_ahead() -> list[Patch]:
    def go_ahead(self: Any, *everybody: str, was_tried: bool) -> dict[str, Any]:
        return {name: LeaderFailed(self._clock(), was_tried) for name in everybody}

    return [(Followers, "_go_ahead", go_ahead)]


def _nobody_goes_ahead() -> list[Patch]:
    return [(followers, "_another_may", lambda *_: False)]


def _ask_while_following() -> list[Patch]:
    real = Sweep._visit_due

    def visit(self: Any, pool: Any) -> None:
        for one in self._tables.schedule.all():
            if one.turn is Turn.FOLLOWS:
                restore = self._tables.restores.load(one.request_id).restore
                vaults = [self._steps._rules.default_vault]
                vault, source = self._steps._performer._vault, restore.request.known_source
                vault.instance_of(source, vaults, restore.requested_at)
        real(self, pool)

    return [(Sweep, "_visit_due", visit)]


# ------------------------------------------------------------------------------- a job once more


def _anew_when_cancelled() -> list[Patch]:
    real = endings.ended

    def ended(plan: Any, outcome: Any) -> Any:
        if outcome.status is Status.CANCELLED and plan.first_failure is None:
            plan = replace(plan, claims=(), first_failure=outcome)
            return Retrying(plan, Wait(outcome.at + pace.RESTART))
        return real(plan, outcome)

    return [(endings, "ended", ended)]


def _anew(change: Callable[[Any], Any]) -> Callable[[], list[Patch]]:
    real = endings.ended
    return lambda: [(endings, "ended", lambda plan, outcome: real(change(plan), outcome))]


def _keep_the_claim() -> list[Patch]:
    real = endings.ended

    def ended(plan: Any, outcome: Any) -> Any:
        state = real(plan, outcome)
        if isinstance(state, Retrying):
            return replace(state, plan=replace(state.plan, claims=plan.claims))
        return state

    return [(endings, "ended", ended)]


# ---------------------------------------------------------------------------- standing obstacles


def _an_obstacle_ends_a_poll() -> list[Patch]:
    real = BackupVault.poll_job

    def poll(self: Any, *args: Any) -> Any:
        event = real(self, *args)
        if isinstance(event, Unanswered) and event.problem.code == "ScopeLocked":
            return JobEnded(Status.FAILED, "Locked", event.at, event.problem)
        return event

    return [(BackupVault, "poll_job", poll)]


def _no_mark_is_needed() -> list[Patch]:
    return [(arm, "_is_the_gateways", lambda _response: True)]


def _kinds(*names: str) -> frozenset[str]:
    return frozenset(names)


_LOST: Final = _kinds("arm-reset-done", "arm-reset-undone", "arm-504-done-later")
_RACES: Final = _kinds("message-at-the-same-time-twice", "timer-twice-at-once", "message-late")

SABOTAGES: Final[dict[str, Sabotage]] = {
    "POST restore without a claim": Sabotage("I2", _no_claim, _LOST),
    "act before the claim is saved": Sabotage(
        "I2", _act_before_save, _kinds("storage-timeout-undone", *_RACES)
    ),
    "announce and enqueue before the save": Sabotage(
        "I6", _announce_before_save, _kinds("death-before-a-call", "storage-timeout-undone")
    ),
    "whoever finds a claim sends the POST": Sabotage("I2", _finder_triggers, _LOST),
    "repeat a POST whose answer was lost": Sabotage("I2", _retry_a_lost_post, _LOST),
    "take 500, 503 and 504 for not taken": Sabotage(
        "I2", _every_5xx_is_not_taken, _kinds("arm-500-done", "arm-503-done", "arm-504-done")
    ),
    "believe 'not found' at once": Sabotage("I2", _believe_at_once, _LOST | _kinds("job-list-lag")),
    "a lease shorter than the function's time-out": Sabotage(
        "I2", _short_lease, _kinds("arm-slow", "job-list-lag", "job-fails")
    ),
    "read only the first page of the jobs": Sabotage(
        "I1", _first_page_only, _LOST | _kinds("short-pages")
    ),
    "believe a search that was cut": Sabotage(
        "I1", _believe_a_cut_search, _LOST | _kinds("long-job-list"), patience=HORIZON
    ),
    "look from the first page each time": Sabotage(
        "I1",
        _look_from_the_first_page,
        frozenset(),
        life="an operation that never ends, before a long list",
    ),
    "take a row of the graph for a job": Sabotage(
        "I2", _confirm_no_row, _LOST | _kinds("graph-sees", "graph-wrong-rows")
    ),
    "ignore the etag": Sabotage("I2", _ignore_the_etag, _RACES | _kinds("arm-slow")),
    "trust Succeeded": Sabotage("I3", _trust_succeeded, _kinds("validation-succeeds-with-error")),
    "take no lock": Sabotage("I2", _no_lock, frozenset()),
    "release another's lock": Sabotage(
        "I2", _release_anothers_lock, frozenset(), life="two for one target"
    ),
    "keep the lock": Sabotage("clean", _keep_the_lock, frozenset()),
    "drop the guard after TimedOut": Sabotage(
        "I2", _drop_the_guard, _kinds("job-never-ends"), patience=HORIZON
    ),
    "forget the sweep": Sabotage("I6", _forget_the_sweep, _kinds("step-lost")),
    "leave the poison queue": Sabotage("I6", _leave_the_poison, _kinds("storage-outage")),
    "judge before recording": Sabotage("I1", _judge_before_recording, frozenset()),
    "acknowledge what could not be recorded": Sabotage(
        "I1", _swallow_an_outage, _kinds("storage-500")
    ),
    "take other content for the same id": Sabotage("I3", _take_other_content, frozenset()),
    "never remove an outstanding row": Sabotage("clean", _never_forget, frozenset()),
    "look at what has ended, at every tick": Sabotage("I5", _look_at_what_has_ended, frozenset()),
    "write the result before the saved outcome": Sabotage("I1", _result_before_the_outcome, _RACES),
    "take a 404 while polling for a failure": Sabotage(
        "I1", _a_404_is_a_failure, _kinds("arm-404-on-poll")
    ),
    "take an unknown word for a failure": Sabotage(
        "I1", _an_unknown_word_is_a_failure, _kinds("job-unknown-word"), patience=HORIZON
    ),
    "take an outage for a refusal": Sabotage("I3", _an_outage_is_a_refusal, _kinds("arm-refused")),
    "follow any URL with the token": Sabotage(
        "I4", _follow_any_url, _kinds("arm-202-foreign-operation")
    ),
    "keep the operation URL in the document": Sabotage("I4", _url_in_the_row, frozenset()),
    "give up long before the maximum age": Sabotage("I6", _give_up_early, _kinds("arm-outage")),
    "take a resolved alert for a fired one": Sabotage("I3", _resolved_is_fired, frozenset()),
    "another id at each delivery of an alert": Sabotage("I1", _a_new_id_each_time, frozenset()),
    "restore deleted disks unasked": Sabotage("I3", _restore_whatever_is_deleted, frozenset()),
    "read only the first page of the instances": Sabotage(
        "I3", _first_page_only, _kinds("short-pages")
    ),
    "ignore the cooldown": Sabotage("C1", _counts(lambda *_: False), frozenset()),
    "a cooldown that knows none under way": Sabotage(
        "C1", _counts(_counts_what_has_ended_alone), frozenset()
    ),
    "a cooldown after failures too": Sabotage(
        "C1", _counts(_counts_what_failed), _kinds("job-fails", "validation-fails")
    ),
    "force for everyone": Sabotage("C1", _forced(always=True), frozenset()),
    "force for no one": Sabotage("I3", _forced(always=False), frozenset()),
    "take a turn without looking": Sabotage("Q1", _turn_without_looking, frozenset()),
    "call everybody who waits": Sabotage("Q1", _call_everybody, frozenset()),
    "let newcomers go before those who wait": Sabotage("Q2", _before_those_who_wait, frozenset()),
    "call the newest first": Sabotage("Q2", _call_the_newest, frozenset()),
    "pass over every second who waits": Sabotage(
        "Q2", _pass_over, _kinds("timer-silent-for-an-hour")
    ),
    "never call who waits": Sabotage("I6", _call_nobody, frozenset(), patience=HORIZON),
    "ignore notAfter": Sabotage("N1", _last_moment(None), frozenset()),
    "too late before notAfter": Sabotage("N1", _last_moment(timedelta(minutes=-5)), frozenset()),
    "key outstanding rows by vault again": Sabotage(
        "I6", _vault_in_the_key, _kinds("one-id-in-two-vaults"), patience=HORIZON
    ),
    "leave an earlier version's rows": Sabotage(
        "clean", _leave_the_old_rows, _kinds("old-rows"), patience=HORIZON
    ),
    "who tries again keeps its turn": Sabotage(
        "Q1",
        _retriers_keep_their_turn,
        frozenset(),
        life="tries again behind a healthy vault",
    ),
    "no share for each vault": Sabotage("Q2", _no_share, _kinds("vault-sick")),
    "trigger in the last 400 s": Sabotage(
        "N1", _trigger_to_the_last, frozenset(), life="so little time is left"
    ),
    "refuse because one runs": Sabotage(
        "F1", _refuse_at_once, frozenset(), life="follows one that completes"
    ),
    "everybody goes ahead": Sabotage(
        "F1", _everybody_goes_ahead, frozenset(), life="follows, and two have failed"
    ),
    "ask ARM while following": Sabotage(
        "F1", _ask_while_following, frozenset(), life="follows one that completes"
    ),
    "take all with who stood in and was withdrawn": Sabotage(
        "F1", _nobody_after_a_stand_in, frozenset(), life="follows who goes ahead and is withdrawn"
    ),
    "take who was withdrawn for a try": Sabotage(
        "F1",
        _withdrawn_is_tried,
        frozenset(),
        life="follows who goes ahead for one that was withdrawn",
    ),
    "nobody goes ahead": Sabotage(
        "F1", _nobody_goes_ahead, frozenset(), life="follows, and goes ahead"
    ),
    "start anew after CloudDos": Sabotage(
        "I2",
        lambda: [(endings, "CLOUD_DOS", "?")],
        frozenset(),
        life="job limited, never started anew",
    ),
    "start anew after Cancelled": Sabotage(
        "I2", _anew_when_cancelled, frozenset(), life="job cancelled"
    ),
    "start anew beside another claim": Sabotage(
        "I2",
        _anew(lambda plan: replace(plan, claims=plan.claims[-1:])),
        frozenset(),
        life="job of a second claim, not started anew",
    ),
    "start anew twice": Sabotage(
        "I2",
        _anew(lambda plan: replace(plan, first_failure=None)),
        frozenset(),
        life="job started anew, and fails again",
    ),
    "keep the claim of a job that has ended": Sabotage(
        "I2", _keep_the_claim, frozenset(), life="job started anew, its answer lost"
    ),
    "end for an obstacle while the job runs": Sabotage(
        "I1", _an_obstacle_ends_a_poll, frozenset(), life="a lock that comes too late"
    ),
    "take any 409 for not taken": Sabotage(
        "I1", _no_mark_is_needed, frozenset(), life="triggered under a lock all the same"
    ),
    "tell of waiting each time": Sabotage("E1", _complain_each_time, _kinds("vault-sick")),
    "tell before the save": Sabotage("E1", _tell_before_the_save, frozenset()),
    "tell after the save, once": Sabotage(
        "E1", _tell_after_the_save, _kinds("death-before-a-call", "storage-500")
    ),
    "drop events that cannot be sent": Sabotage(
        "E1", _drop_what_cannot_be_sent, _kinds("events-queue-gone")
    ),
    "number events by attempts": Sabotage("E1", _number_by_attempts, _kinds("events-queue-gone")),
    "tell the end before the result": Sabotage("E1", _tell_first, frozenset()),
    "tell of what asks for nothing": Sabotage("E1", _tell_of_nothing, frozenset()),
    "tell of no refused message": Sabotage("E1", _tell_of_no_refusal, frozenset()),
    "tell the operation's URL": Sabotage("I4", _tell_the_url, frozenset()),
    "take a part of an answer for all": Sabotage(
        "S2",
        set_sabotages.believe_a_part,
        _kinds("sets", "graph-truncated", "graph-miscounts", "machine-forbidden"),
    ),
    **{
        name: Sabotage(breaks, patches, frozenset(), life=life)
        for name, (breaks, patches, life) in set_sabotages.IN_LIVES.items()
    },
    **{
        name: Sabotage(breaks, patches, frozenset(), life=life, points=MOST_WORLDS)
        for name, (breaks, patches, life) in set_sabotages.AFTER_A_DEATH.items()
    },
}
