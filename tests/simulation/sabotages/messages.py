"""Sabotages of how messages are read and recorded, and of the sweep."""

import itertools
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from restore_core.azure.tables.outstanding import OutstandingTable
from restore_core.contract.envelopes import alert
from restore_core.contract.envelopes.reader import read
from restore_core.contract.origin import Origin
from restore_core.engine.intake import Intake
from restore_core.engine.preparation import Preparation
from restore_core.engine.sweep import Sweep
from restore_core.errors import MalformedRequest, NothingAsked, Superseded, Unavailable
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Running
from tests.simulation.sabotages.sabotage import Patch, Sabotage, kinds

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


SABOTAGES: Final[dict[str, Sabotage]] = {
    "forget the sweep": Sabotage("I6", _forget_the_sweep, kinds("step-lost")),
    "leave the poison queue": Sabotage("I6", _leave_the_poison, kinds("storage-outage")),
    "judge before recording": Sabotage("I1", _judge_before_recording),
    "acknowledge what could not be recorded": Sabotage(
        "I1", _swallow_an_outage, kinds("storage-500")
    ),
    "take other content for the same id": Sabotage("I3", _take_other_content),
    "never remove an outstanding row": Sabotage("clean", _never_forget),
    "look at what has ended, at every tick": Sabotage("I5", _look_at_what_has_ended),
    "take a resolved alert for a fired one": Sabotage("I3", _resolved_is_fired),
    "another id at each delivery of an alert": Sabotage("I1", _a_new_id_each_time),
    "restore deleted disks unasked": Sabotage("I3", _restore_whatever_is_deleted),
}
