"""Sabotages of what is told."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from restore_core.azure.tables import row_codec
from restore_core.engine import steps
from restore_core.engine.notices import cloud_event, cloud_event_of_refused
from restore_core.engine.ports import Versioned
from restore_core.engine.refusals import Refusals
from restore_core.engine.steps import Steps
from restore_core.lifecycle.effects import Notify
from restore_core.lifecycle.outbox import Notice, Outbox
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.status import Status
from tests.simulation.sabotages.sabotage import Patch, Sabotage, kinds


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


SABOTAGES: Final[dict[str, Sabotage]] = {
    "tell of waiting each time": Sabotage("E1", _complain_each_time, kinds("vault-sick")),
    "tell before the save": Sabotage("E1", _tell_before_the_save),
    "tell after the save, once": Sabotage(
        "E1", _tell_after_the_save, kinds("death-before-a-call", "storage-500")
    ),
    "drop events that cannot be sent": Sabotage(
        "E1", _drop_what_cannot_be_sent, kinds("events-queue-gone")
    ),
    "number events by attempts": Sabotage("E1", _number_by_attempts, kinds("events-queue-gone")),
    "tell the end before the result": Sabotage("E1", _tell_first),
    "tell of what asks for nothing": Sabotage("E1", _tell_of_nothing),
    "tell of no refused message": Sabotage("E1", _tell_of_no_refusal),
    "tell the operation's URL": Sabotage("I4", _tell_the_url),
}
