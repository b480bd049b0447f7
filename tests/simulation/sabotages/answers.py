"""Sabotages of what the answers of ARM are taken for, and of what is written of them."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from unittest.mock import patch

from restore_core.azure import jobs
from restore_core.azure.arm_guard import ArmGuard
from restore_core.azure.backup_vault import BackupVault
from restore_core.azure.tables import row_codec
from restore_core.engine.intake import Intake
from restore_core.engine.performer import Performer
from restore_core.engine.ports import Versioned
from restore_core.engine.steps import Steps
from restore_core.lifecycle.events import JobEnded, Refused, Unanswered
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Accepted, Ending
from restore_core.lifecycle.status import Status
from tests.simulation.sabotages.sabotage import RACES, Patch, Sabotage, kinds
from tests.simulation.world import HORIZON


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


SABOTAGES: Final[dict[str, Sabotage]] = {
    "write the result before the saved outcome": Sabotage("I1", _result_before_the_outcome, RACES),
    "take a 404 while polling for a failure": Sabotage(
        "I1", _a_404_is_a_failure, kinds("arm-404-on-poll")
    ),
    "take an unknown word for a failure": Sabotage(
        "I1", _an_unknown_word_is_a_failure, kinds("job-unknown-word"), patience=HORIZON
    ),
    "take an outage for a refusal": Sabotage("I3", _an_outage_is_a_refusal, kinds("arm-refused")),
    "follow any URL with the token": Sabotage(
        "I4", _follow_any_url, kinds("arm-202-foreign-operation")
    ),
    "keep the operation URL in the document": Sabotage("I4", _url_in_the_row),
    "give up long before the maximum age": Sabotage("I6", _give_up_early, kinds("arm-outage")),
}
