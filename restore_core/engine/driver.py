"""Pays what a restore owes, for all three triggers: accept, advance, sweep. No I/O of its own.

The one loop: `while effect := owes(now)`: perform it, apply the event, save with the row's etag.
Save first, announce and enqueue second: the sweep repairs a lost step, nothing repairs a lost save.

What leaves this room as an exception is the protocol with the host: a return acknowledges the
message, a raise asks for redelivery. Only `accept` raises (Unavailable), and only until the restore
is recorded; then the sweep has it.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from restore_core.contract.envelopes.reader import read
from restore_core.contract.origin import Asked
from restore_core.contract.request import REQUEST_ID
from restore_core.engine.journal import (
    log_accepted,
    log_failure,
    log_message_refused,
    log_moved,
    log_superseded,
    log_untold,
)
from restore_core.engine.notices import event_of, event_of_unaccepted
from restore_core.engine.performer import Performer
from restore_core.engine.ports import Outstanding, Poisoned, Steps, Store, Vault, Versioned
from restore_core.errors import (
    MalformedRequest,
    NothingAsked,
    Problem,
    Superseded,
    Unavailable,
    UnreadableRow,
)
from restore_core.lifecycle import pace
from restore_core.lifecycle.events import Effect, Event, Reserve, Tell, Trigger, TurnCame
from restore_core.lifecycle.outbox import Outbox, Stage
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.states import Accepted, Status, Triggering, Turn, Unaccepted, Wait

TICK_BUDGET: Final = timedelta(minutes=2)
"""No restore is begun later in a tick, so that a tick ends before the function's time-out."""

_CORRECT_IT: Final = (
    "Correct the message and send it again. Nothing was restored. The contract is in the README."
)
_REUSED: Final = Problem(
    "RequestIdReused",
    "A restore with this requestId and other content is recorded already; it goes on untouched.",
    "Send this request with a requestId of its own, one per incident and disk.",
)
_NOT_A_STEP: Final = Problem(
    "NotAStep",
    "A message on restore-steps does not hold a restore's id.",
    "Only the app may write to restore-steps: check who else has the right to.",
)
_NOTHING_TO_DO: Final = "Nothing was restored, and nothing has to be done."
_VANISHED: Final = Problem("StorageUnavailable", "The restore was there and cannot be read.")


class Driver:
    """The app's one engine. Safe for threads; any number of them may run at once, anywhere."""

    def __init__(
        self,
        *,
        store: Store,
        vault: Vault,
        steps: Steps,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._steps = steps
        self._rules = rules
        self._clock = clock
        self._performer = Performer(store=store, vault=vault, rules=rules, clock=clock)
        self._created = False

    # ------------------------------------------------------------------------ the three triggers

    def accept(self, body: bytes, inserted_at: datetime) -> None:
        """Record the request of a message and take the first step; raise Unavailable."""
        recorded = self._record(body, inserted_at)
        if recorded is not None:
            self._step(recorded)

    def advance(self, body: bytes) -> None:
        """Take the next step of the restore that a step message names. Never raises."""
        request_id = _step_of(body)
        try:
            if request_id is None:
                self._write_down(body, _NOT_A_STEP, inserted_at=self._clock())
                return
            current = self._store.load(request_id)
        except (Unavailable, UnreadableRow) as error:
            log_failure(request_id or "-", error)
            return
        if current is not None:
            self._step(current)

    def sweep(self, pool: Executor) -> None:
        """Poll the jobs and step whatever is overdue, several at a time in `pool`. Never raises."""
        tasks = (
            self._create_missing,
            self._take_poisoned_requests,
            self._take_poisoned_steps,
            lambda: self._visit_due(pool),
        )
        for task in tasks:
            try:
                task()
            except Exception as error:  # noqa: BLE001  the other tasks, and the next tick, come
                log_failure("-", error)

    # ----------------------------------------------------------------------------------- accept

    def _record(self, body: bytes, inserted_at: datetime) -> Versioned | None:
        """Return the restore of a message, recorded; None where it never becomes one."""
        try:
            asked = read(body)
        except MalformedRequest as error:
            problem = Problem("MalformedRequest", error.reason, _CORRECT_IT)
            self._refuse(body, problem, request_id=error.request_id, inserted_at=inserted_at)
            return None
        except NothingAsked as error:
            problem = Problem("NothingAsked", error.reason, _NOTHING_TO_DO)
            self._write_down(
                body, problem, Status.IGNORED, request_id=error.request_id, inserted_at=inserted_at
            )
            return None
        return self._recorded(asked, body, inserted_at)

    def _recorded(self, asked: Asked, body: bytes, inserted_at: datetime) -> Versioned | None:
        request_id = asked.request.request_id
        try:
            found = self._known(request_id) or self._insert(asked, inserted_at)
        except UnreadableRow as error:
            problem = Problem("UnreadableRow", str(error), "Look at that row of Restores.")
            self._refuse(body, problem, request_id=request_id, inserted_at=inserted_at)
            return None
        if found.restore.request != asked.request:
            self._refuse(body, _REUSED, request_id=request_id, inserted_at=inserted_at)
            return None
        return found

    def _known(self, request_id: str) -> Versioned | None:
        """Return the restore that a redelivery finds, its outstanding row put back."""
        found = self._store.load(request_id)
        if found is not None and found.restore.due is not None:
            self._announce(found.restore)
        return found

    def _insert(self, asked: Asked, inserted_at: datetime) -> Versioned:
        """Write both rows, the outstanding one first: a restore without it would be forgotten."""
        now = self._clock()
        restore = Restore(
            request=asked.request,
            origin=asked.origin,
            requested_at=inserted_at,
            accepted_at=now,
            deadline=now + self._rules.max_age,
            state=Accepted(Wait(now)),
            outbox=Outbox.opened(now, self._rules.told),
        )
        self._store.announce(restore, now + pace.SWEEP_GRACE)
        try:
            recorded = self._store.record(restore)
        except Superseded:
            found = self._known(restore.id)  # Our row has just hidden what its own row said.
            if found is None:
                raise Unavailable(_VANISHED) from None
            return found
        log_accepted(restore)
        return recorded

    def _refuse(
        self, body: bytes, problem: Problem, *, request_id: str, inserted_at: datetime
    ) -> None:
        """Write down why a message becomes no restore, and tell of it; raise Unavailable."""
        message = self._write_down(body, problem, request_id=request_id, inserted_at=inserted_at)
        if Stage.REJECTED in self._rules.told:
            self._steps.tell(event_of_unaccepted(message))

    def _write_down(
        self,
        body: bytes,
        problem: Problem,
        status: Status = Status.REJECTED,
        *,
        request_id: str = "",
        inserted_at: datetime,
    ) -> Unaccepted:
        now = self._clock()
        message = Unaccepted(body, status, problem, request_id, inserted_at, now)
        self._store.write_unaccepted(message)
        log_message_refused(message)
        return message

    # ------------------------------------------------------------------------------------- sweep

    def _create_missing(self) -> None:
        if not self._created:
            self._store.create_missing()
            self._steps.create_missing()
            self._created = True

    def _take_poisoned_requests(self) -> None:
        self._take(self._steps.poisoned_requests(), self._record_poisoned)

    def _take_poisoned_steps(self) -> None:
        self._take(self._steps.poisoned_steps(), self._judge_poisoned_step)

    def _take(self, messages: Iterable[Poisoned], take: Callable[[Poisoned], None]) -> None:
        """Take poisoned messages one by one; one that fails comes again and stops no other."""
        for message in messages:
            try:
                take(message)
                self._steps.delete(message)
            except Exception as error:  # noqa: BLE001  the message is still there
                log_failure("-", error)

    def _record_poisoned(self, message: Poisoned) -> None:
        """Accept after all what an outage of our own storage poisoned; its step is for later.

        No ARM call here: a tick must end, however many messages there are.
        """
        recorded = self._record(message.body, message.inserted_at)
        if recorded is not None:
            self._enqueue(recorded.restore)

    def _judge_poisoned_step(self, message: Poisoned) -> None:
        """Tell of what is no step; a step needs nothing, for its restore is outstanding."""
        if _step_of(message.body) is None:
            self._write_down(message.body, _NOT_A_STEP, inserted_at=message.inserted_at)

    def _visit_due(self, pool: Executor) -> None:
        begun = self._clock()
        found = self._store.due(begun)
        called = self._call_in_turn(found, begun)
        due = [one for one in found if one.due <= begun or one.request_id in called]
        list(pool.map(lambda outstanding: self._visit(outstanding, begun), due))

    def _call_in_turn(self, found: Iterable[Outstanding], begun: datetime) -> set[str]:
        """Give as many as may run now their turn, longest accepted first; return whom.

        One after the other, and none after one that could not be called, because storage failed or
        another worker was faster (perhaps only to tell of it): a later one must not overtake it. A
        row that cannot be read is passed over, or it would stop all for ever.
        """
        awaited = [one for one in found if one.turn is Turn.AWAITED]
        awaited.sort(key=lambda one: (one.accepted_at, one.request_id))
        called: set[str] = set()
        try:
            free = self._free_turns() if awaited else 0
            for one in awaited:
                if len(called) >= free or self._clock() - begun > TICK_BUDGET:
                    break
                if self._call(one.request_id):
                    called.add(one.request_id)
        except Superseded:
            return called
        except Exception as error:  # noqa: BLE001  what is due is visited all the same
            log_failure("-", error)
        return called

    def _free_turns(self) -> int:
        taken = sum(one.turn is Turn.TAKEN for one in self._store.turns())
        return self._rules.max_active - taken

    def _call(self, request_id: str) -> bool:
        """Give one that waits its turn, unless it has it meanwhile; tell whether it counts.

        Its outstanding row says so at once: until then nobody counts it among those that run.
        """
        try:
            current = self._store.load(request_id)
        except UnreadableRow as error:
            log_failure(request_id, error)
            return False
        if current is None:
            return False
        if current.restore.may_be_called(self._clock()):
            called = self._save(current, TurnCame(self._clock()))
            self._announce(called.restore)
        return True

    def _visit(self, outstanding: Outstanding, begun: datetime) -> None:
        """Look at one outstanding restore; one that fails stops no other."""
        now = self._clock()
        if now - begun > TICK_BUDGET:
            return
        try:
            current = self._store.load(outstanding.request_id)
            if current is None:
                if now - outstanding.due > pace.ORPHAN_AGE:
                    self._store.drop(outstanding)
            elif current.restore.due is None:
                self._store.drop(outstanding)
            elif not self._step(current):
                self._announce(current.restore)
        except Exception as error:  # noqa: BLE001  it is outstanding: the next tick comes
            log_failure(outstanding.request_id, error)

    # --------------------------------------------------------------------------------- the loop

    def _step(self, current: Versioned) -> bool:
        """Pay what is owed now and tell whether anything was; never raise: the sweep comes."""
        try:
            return self._pay(current)
        except Superseded:
            log_superseded(current.restore)
        except Exception as error:  # noqa: BLE001  the restore is recorded: the sweep has it
            log_failure(current.restore.id, error)
        return True

    def _pay(self, current: Versioned) -> bool:
        before = current
        while effect := current.restore.owes(self._clock()):
            match effect:
                case Trigger():
                    current = self._claim_and_trigger(current)
                case Tell():
                    current = self._tell(current)
                case _:
                    current = self._perform(current, effect)
        if current is before:
            return False
        self._announce(current.restore)
        self._enqueue(current.restore)
        return True

    def _announce(self, restore: Restore) -> None:
        """Say in the outstanding row when the timer should look, or that it need not any more."""
        if restore.due is None:
            self._store.forget(restore)
        elif restore.awaits_timer:
            self._store.announce(restore, restore.due)
        else:
            self._store.announce(restore, restore.due + pace.SWEEP_GRACE)

    def _enqueue(self, restore: Restore) -> None:
        if restore.due is not None and not restore.awaits_timer:
            self._steps.enqueue(restore.id, restore.due - self._clock())

    def _save(self, current: Versioned, event: Event) -> Versioned:
        """Apply `event` and save; raise Superseded where another worker was faster."""
        moved = current.restore.after(event, self._rules.told)
        saved = self._store.save(moved, current.etag)
        log_moved(current.restore, saved.restore)
        return saved

    def _perform(self, current: Versioned, effect: Effect) -> Versioned:
        event = self._performer.perform(effect, current.restore)
        try:
            return self._save(current, event)
        except Superseded:
            if isinstance(effect, Reserve):
                self._performer.undo_lock(current.restore)
            raise

    def _tell(self, current: Versioned) -> Versioned:
        """Send what is pending, in order; what cannot be sent is sent later, and stops nothing."""
        restore = current.restore
        try:
            for notice in restore.outbox.pending:
                self._steps.tell(event_of(restore, notice))
            outbox = restore.outbox.sent()
        except Exception as error:  # noqa: BLE001  no disk waits for an event
            outbox = restore.outbox.not_sent(self._clock())
            log_untold(restore, error, given_up=not outbox.pending)
        return self._store.save(replace(restore, outbox=outbox), current.etag)

    def _claim_and_trigger(self, current: Versioned) -> Versioned:
        """Save a claim; only when that save has won, send the POST, at once or not at all."""
        current = self._save(current, self._performer.claim(current.restore))
        if not isinstance(current.restore.state, Triggering):
            return current
        event = self._performer.trigger(current.restore)
        return current if event is None else self._save(current, event)


def _step_of(body: bytes) -> str | None:
    """Return the id that a step message holds, or None where it is no step message."""
    text = body.decode("utf-8", "replace").strip()
    return text if REQUEST_ID.fullmatch(text) else None
