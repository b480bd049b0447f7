"""The one loop: pays what a restore owes, whoever found it. No I/O of its own.

`while effect := owes(now)`: perform it, apply the event, save with the row's etag. Save first,
schedule and enqueue second: the sweep repairs a lost step, nothing repairs a lost save.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from restore_core.contract.values import REQUEST_ID
from restore_core.engine.log import log_failure, log_moved, log_superseded, log_unsent
from restore_core.engine.notices import cloud_event
from restore_core.engine.performer import Performer
from restore_core.engine.ports import Queues, Tables, Versioned
from restore_core.engine.refusals import Refusals
from restore_core.errors import Superseded, Unavailable, UnreadableRow
from restore_core.lifecycle.effects import Effect, Notify, Reserve, Trigger
from restore_core.lifecycle.events import Event
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.states import Triggering


class Steps:
    """Takes restores as far as they go now. Safe for threads, any number of them, anywhere."""

    def __init__(
        self,
        *,
        tables: Tables,
        queues: Queues,
        performer: Performer,
        refusals: Refusals,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._refusals = refusals
        self._performer = performer
        self._rules = rules
        self._clock = clock

    def advance(self, body: bytes) -> None:
        """Take the next step of the restore that a step message names. Never raises."""
        request_id = step_of(body)
        try:
            if request_id is None:
                self._refusals.not_a_step(body, self._clock())
                return
            current = self._tables.restores.load(request_id)
        except (Unavailable, UnreadableRow) as error:
            log_failure(request_id or "-", error)
            return
        if current is not None:
            self.take(current)

    def take(self, current: Versioned) -> bool:
        """Pay what is owed now and tell whether anything was; never raise: the sweep comes."""
        try:
            return self._pay(current)
        except Superseded:
            log_superseded(current.restore)
        except Exception as error:  # noqa: BLE001  the restore is recorded: the sweep has it
            log_failure(current.restore.id, error)
        return True

    def save(self, current: Versioned, event: Event, *, calls: int = 0) -> Versioned:
        """Apply `event`, which cost `calls` of ARM, and save; raise Superseded for a faster one."""
        moved = current.restore.after(event, self._rules.notices, calls=calls)
        saved = self._tables.restores.save(moved, current.etag)
        log_moved(current.restore, saved.restore)
        return saved

    def schedule(self, restore: Restore) -> None:
        """Say in the outstanding row when the timer should look, or that it need not any more."""
        if restore.timer_due is None:
            self._tables.schedule.forget(restore)
        else:
            self._tables.schedule.put(restore, restore.timer_due)

    def enqueue(self, restore: Restore) -> None:
        """Send a step message that becomes visible when the restore is due, unless a tick looks."""
        if restore.due is not None and not restore.awaits_timer:
            self._queues.steps.enqueue(restore.id, restore.due - self._clock())

    def _pay(self, current: Versioned) -> bool:
        before = current
        while effect := current.restore.owes(self._clock()):
            match effect:
                case Trigger():
                    current = self._claim_and_trigger(current)
                case Notify():
                    current = self._notify(current)
                case _:
                    current = self._perform(current, effect)
        if current is before:
            return False
        self.schedule(current.restore)
        self.enqueue(current.restore)
        return True

    def _perform(self, current: Versioned, effect: Effect) -> Versioned:
        before = self._performer.calls
        event = self._performer.perform(effect, current.restore)
        try:
            return self.save(current, event, calls=self._performer.calls - before)
        except Superseded:
            if isinstance(effect, Reserve):
                self._performer.undo_lock(current.restore)
            raise

    def _notify(self, current: Versioned) -> Versioned:
        """Send what is pending, in order; what cannot be sent is sent later, and stops nothing."""
        restore = current.restore
        try:
            for notice in restore.outbox.pending:
                self._queues.notices.publish(cloud_event(restore, notice))
            outbox = restore.outbox.sent()
        except Exception as error:  # noqa: BLE001  no disk waits for a notice
            outbox = restore.outbox.not_sent(self._clock())
            log_unsent(restore, error, given_up=not outbox.pending)
        return self._tables.restores.save(replace(restore, outbox=outbox), current.etag)

    def _claim_and_trigger(self, current: Versioned) -> Versioned:
        """Save a claim; only when that save has won, send the POST, at once or not at all."""
        current = self.save(current, self._performer.claim(current.restore))
        if not isinstance(current.restore.state, Triggering):
            return current
        before = self._performer.calls
        event = self._performer.trigger(current.restore)
        calls = self._performer.calls - before
        return current if event is None else self.save(current, event, calls=calls)


def step_of(body: bytes) -> str | None:
    """Return the id that a step message holds, or None where it is no step message."""
    text = body.decode("utf-8", "replace").strip()
    return text if REQUEST_ID.fullmatch(text) else None
