"""Small sabotages of the app, each of which breaks an invariant. The worlds must notice.

Each is applied in memory, here and nowhere else. What notices none of them would prove nothing by
staying silent about the app itself.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from unittest.mock import patch

from azure.data.tables import UpdateMode

from restore_core import backup_vault, jobs, lifecycle, pace, rows, table_store
from restore_core.arm import Arm
from restore_core.arm_guard import ArmGuard
from restore_core.backup_vault import BackupVault
from restore_core.driver import Driver
from restore_core.errors import AnswerLost, MalformedRequest, Superseded, Unavailable
from restore_core.events import (
    FindJob,
    JobEnded,
    Refused,
    TargetLocked,
    TriggerClaimed,
    TriggerNotTaken,
    TriggerUnanswered,
    Unanswered,
    ValidationSucceeded,
)
from restore_core.lifecycle import Restore
from restore_core.performer import Performer
from restore_core.ports import Versioned
from restore_core.request import RestoreRequest
from restore_core.rows import restore_row
from restore_core.states import Accepted, Ending, Running, Status, Triggering
from restore_core.storage import answering
from restore_core.table_store import LOCK_ROW, TableStore
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


@dataclass(frozen=True)
class Caught:
    """Which invariant told of a sabotage, in which world; "" where none did."""

    name: str
    invariant: str
    seed: int
    text: str


MOST_WORLDS: Final = 60
"""In so many worlds a sabotage must be noticed."""


def catch(name: str) -> Caught:
    """Sabotage the app in one world after another until the invariant it breaks tells of it.

    In that same world, left alone, the app breaks none.
    """
    sabotage = SABOTAGES[name]

    def breaches(seed: int) -> list[Breach]:
        return World(seed, sabotage.kinds, patience=sabotage.patience).run().breaches

    for seed in range(MOST_WORLDS):
        with applied(sabotage):
            found = [one for one in breaches(seed) if one.invariant == sabotage.breaks]
        if found:
            return Caught(name, "?" if breaches(seed) else sabotage.breaks, seed, found[0].text)
    return Caught(name, "", MOST_WORLDS, "nothing noticed it")


@contextmanager
def applied(sabotage: Sabotage) -> Iterator[None]:
    """Sabotage the app for a while."""
    with ExitStack() as stack:
        for target, name, other in sabotage.patches():
            stack.enter_context(patch.object(target, name, other))
        yield


# --------------------------------------------------------------------- claim, save and trigger


def _no_claim() -> list[Patch]:
    def trigger(self: Any, current: Versioned) -> Versioned:
        claimed = current.restore.after(self._performer.claim(current.restore))
        if not isinstance(claimed.state, Triggering):
            return self._save(current, self._performer.claim(current.restore))
        event = self._performer.trigger(claimed)
        if isinstance(event, TriggerUnanswered):
            return self._save(current, Unanswered(event.problem, event.at))
        return self._store.save(claimed.after(event), current.etag)

    return [(Driver, "_claim_and_trigger", trigger)]


def _act_before_save() -> list[Patch]:
    def trigger(self: Any, current: Versioned) -> Versioned:
        claim = self._performer.claim(current.restore)
        claimed = current.restore.after(claim)
        if not isinstance(claimed.state, Triggering):
            return self._save(current, claim)
        event = self._performer.trigger(claimed)
        return self._save(self._save(current, claim), event)

    return [(Driver, "_claim_and_trigger", trigger)]


def _announce_before_save() -> list[Patch]:
    def save(self: Any, current: Versioned, event: Any) -> Versioned:
        restore = current.restore.after(event)
        self._announce(restore)
        self._enqueue(restore)
        return self._store.save(restore, current.etag)

    return [(Driver, "_save", save)]


def _finder_triggers() -> list[Patch]:
    real = Performer._performed

    def performed(self: Any, effect: Any, restore: Restore) -> Any:
        if isinstance(effect, FindJob) and isinstance(restore.state, Triggering):
            plan = restore.state.plan
            instance = restore.request.backup_instance_id
            return self._vault.trigger(instance, plan, plan.claims[-1])
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
    def first_page(self: Any, path: str, vault: Any) -> Iterator[Any]:
        yield from backup_vault._items(self._read(path, vault).body)

    return [(BackupVault, "_list", first_page)]


def _ignore_the_etag() -> list[Patch]:
    def save(self: Any, restore: Restore, etag: str) -> Versioned:  # noqa: ARG001
        answer = self._restores.upsert_entity(restore_row(restore), UpdateMode.REPLACE)
        return Versioned(restore, answer["etag"])

    return [(TableStore, "save", save)]


def _trust_succeeded() -> list[Patch]:
    real = backup_vault._validated

    def validated(answer: Any, plan: Any, vault: Any, now: datetime) -> Any:
        if str(answer.body.get("status", "")).lower() == "succeeded":
            return ValidationSucceeded(now)
        return real(answer, plan, vault, now)

    return [(backup_vault, "_validated", validated)]


# ------------------------------------------------------------------------------- locks, guards


def _no_lock() -> list[Patch]:
    def lock(self: Any, restore: Restore) -> Any:  # noqa: ARG001
        return TargetLocked(self._clock())

    return [(Performer, "_lock", lock)]


def _release_anothers_lock() -> list[Patch]:
    def release(self: Any, target: Any, request_id: str) -> None:  # noqa: ARG001
        with answering():
            self._locks.delete_entity(table_store._target_key(target), LOCK_ROW)

    return [(TableStore, "release_target", release)]


def _drop_the_guard() -> list[Patch]:
    real = lifecycle._given_up

    def given_up(state: Any, at: datetime) -> Any:
        ending = real(state, at)
        return replace(ending, guard_until=None)

    return [(lifecycle, "_given_up", given_up)]


def _keep_the_lock() -> list[Patch]:
    return [(TableStore, "release_target", lambda *_: None)]


# -------------------------------------------------------------------------- messages and sweep


def _forget_the_sweep() -> list[Patch]:
    real = Driver._visit

    def visit(self: Any, outstanding: Any, begun: datetime) -> None:
        current = self._store.load(outstanding.request_id)
        if current is not None and isinstance(current.restore.state, Running):
            real(self, outstanding, begun)

    return [(Driver, "_visit", visit)]


def _leave_the_poison() -> list[Patch]:
    return [(Driver, "_take_poisoned_requests", lambda _self: None)]


def _judge_before_recording() -> list[Patch]:
    real = Driver._insert

    def insert(self: Any, request: Any, inserted_at: datetime) -> Any:
        performer: Any = self._performer
        if performer._policy.refusal(request.backup_instance_id, request.known_target):
            return None
        return real(self, request, inserted_at)

    def accept(self: Any, body: bytes, inserted_at: datetime) -> None:
        try:
            recorded = self._record(body, inserted_at)
        except AttributeError:  # There is no restore to compare with: it was judged already.
            return
        if recorded is not None:
            self._step(recorded)

    return [(Driver, "_insert", insert), (Driver, "accept", accept)]


def _swallow_an_outage() -> list[Patch]:
    real = Driver.accept

    def accept(self: Any, body: bytes, inserted_at: datetime) -> None:
        try:
            real(self, body, inserted_at)
        except Unavailable:
            return

    return [(Driver, "accept", accept)]


def _take_other_content() -> list[Patch]:
    real = Driver._record

    def record(self: Any, body: bytes, inserted_at: datetime) -> Any:
        found = real(self, body, inserted_at)
        with suppress(MalformedRequest, Superseded):
            request = RestoreRequest.parse(body)
            held = self._store.load(request.request_id)
            if found is None and held is not None:
                self._store.save(replace(held.restore, request=request), held.etag)
        return found

    return [(Driver, "_record", record)]


def _never_forget() -> list[Patch]:
    return [(TableStore, name, lambda *_: None) for name in ("forget", "drop")]


def _look_at_what_has_ended() -> list[Patch]:
    real = TableStore.due

    def due(self: Any, now: datetime) -> Any:
        for row in self._results.list_entities():
            self.load(row["RowKey"])
        return real(self, now)

    return [(TableStore, "due", due)]


# ------------------------------------------------------------------------- answers and results


def _result_before_the_outcome() -> list[Patch]:
    real = Driver._save

    def save(self: Any, current: Versioned, event: Any) -> Versioned:
        after = current.restore.after(event)
        if isinstance(after.state, Ending):
            self._store.write_result(after, after.state.outcome)
        return real(self, current, event)

    return [(Driver, "_save", save)]


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
    return [(rows, "_without_url", lambda state: state)]


def _give_up_early() -> list[Patch]:
    real = Driver._insert

    def insert(self: Any, request: Any, inserted_at: datetime) -> Any:
        with patch.object(self, "_max_age", self._max_age / 8):
            return real(self, request, inserted_at)

    return [(Driver, "_insert", insert)]


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
    "ignore the etag": Sabotage("I2", _ignore_the_etag, _RACES | _kinds("arm-slow")),
    "trust Succeeded": Sabotage("I3", _trust_succeeded, _kinds("validation-succeeds-with-error")),
    "take no lock": Sabotage("I2", _no_lock, frozenset()),
    "release another's lock": Sabotage("I2", _release_anothers_lock, _kinds("arm-slow")),
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
}
