"""Sabotages of the claim, the trigger, the search for a job, and of locks and guards."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from azure.data.tables import UpdateMode

from restore_core.azure import backup_vault
from restore_core.azure.arm import Arm
from restore_core.azure.backup_vault import BackupVault
from restore_core.azure.job_search import JobSearch
from restore_core.azure.storage import answering
from restore_core.azure.tables.resource_key import key_of
from restore_core.azure.tables.restores import RestoresTable
from restore_core.azure.tables.row_codec import restore_row
from restore_core.azure.tables.targets import LOCK_ROW, TargetsTable
from restore_core.azure.vault_calls import VaultCalls
from restore_core.engine.performer import Performer
from restore_core.engine.ports import Versioned
from restore_core.engine.steps import Steps
from restore_core.errors import AnswerLost, Unavailable
from restore_core.lifecycle import endings, pace, waits
from restore_core.lifecycle.effects import FindJob
from restore_core.lifecycle.events import (
    JobNotFound,
    JobNotSeen,
    SearchUnfinished,
    StillRunning,
    TriggerClaimed,
    TriggerNotTaken,
    TriggerUnanswered,
    Unanswered,
    ValidationSucceeded,
)
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Triggering
from tests.simulation.sabotages.sabotage import LOST, RACES, Patch, Sabotage, kinds
from tests.simulation.world import HORIZON

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


SABOTAGES: Final[dict[str, Sabotage]] = {
    "POST restore without a claim": Sabotage("I2", _no_claim, LOST),
    "act before the claim is saved": Sabotage(
        "I2", _act_before_save, kinds("storage-timeout-undone", *RACES)
    ),
    "announce and enqueue before the save": Sabotage(
        "I6", _announce_before_save, kinds("death-before-a-call", "storage-timeout-undone")
    ),
    "whoever finds a claim sends the POST": Sabotage("I2", _finder_triggers, LOST),
    "repeat a POST whose answer was lost": Sabotage("I2", _retry_a_lost_post, LOST),
    "take 500, 503 and 504 for not taken": Sabotage(
        "I2", _every_5xx_is_not_taken, kinds("arm-500-done", "arm-503-done", "arm-504-done")
    ),
    "believe 'not found' at once": Sabotage("I2", _believe_at_once, LOST | kinds("job-list-lag")),
    "a lease shorter than the function's time-out": Sabotage(
        "I2", _short_lease, kinds("arm-slow", "job-list-lag", "job-fails")
    ),
    "read only the first page of the jobs": Sabotage(
        "I1", _first_page_only, LOST | kinds("short-pages")
    ),
    "believe a search that was cut": Sabotage(
        "I1", _believe_a_cut_search, LOST | kinds("long-job-list"), patience=HORIZON
    ),
    "look from the first page each time": Sabotage(
        "I1", _look_from_the_first_page, life="an operation that never ends, before a long list"
    ),
    "take one look without an answer for a lost operation": Sabotage(
        "I2",
        lambda: [(waits, "is_lost", lambda _wait, _event: True)],
        life="an operation that begins its job late, and is not read once",
    ),
    "take a row of the graph for a job": Sabotage(
        "I2", _confirm_no_row, LOST | kinds("graph-sees", "graph-wrong-rows")
    ),
    "ignore the etag": Sabotage("I2", _ignore_the_etag, RACES | kinds("arm-slow")),
    "trust Succeeded": Sabotage("I3", _trust_succeeded, kinds("validation-succeeds-with-error")),
    "take no lock": Sabotage("I2", _no_lock),
    "release another's lock": Sabotage("I2", _release_anothers_lock, life="two for one target"),
    "keep the lock": Sabotage("clean", _keep_the_lock),
    "drop the guard after TimedOut": Sabotage(
        "I2", _drop_the_guard, kinds("job-never-ends"), patience=HORIZON
    ),
    "read only the first page of the instances": Sabotage(
        "I3", _first_page_only, kinds("short-pages")
    ),
}
