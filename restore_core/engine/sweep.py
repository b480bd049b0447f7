"""A tick of the timer: polls the jobs, gives turns, and takes up what was left lying or poisoned.

Whatever a crash, an outage or a lost step left behind is found here. Never raises: one task that
fails stops no other, and the next tick comes.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from datetime import datetime

from restore_core.engine.followers import Followers
from restore_core.engine.intake import Intake
from restore_core.engine.log import log_failure, log_tick
from restore_core.engine.ports import Outstanding, Poisoned, Queues, Tables
from restore_core.engine.refusals import Refusals
from restore_core.engine.steps import Steps, step_of
from restore_core.engine.turns import Called, Turns
from restore_core.errors import UnreadableRow
from restore_core.lifecycle import pace
from restore_core.lifecycle.events import Event


class Sweep:
    """Looks at whatever is due. Safe for threads."""

    def __init__(
        self,
        *,
        tables: Tables,
        queues: Queues,
        intake: Intake,
        refusals: Refusals,
        steps: Steps,
        turns: Turns,
        followers: Followers,
        clock: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._intake = intake
        self._refusals = refusals
        self._steps = steps
        self._turns = turns
        self._followers = followers
        self._clock = clock
        self._created = False

    def tick(self, pool: Executor) -> None:
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

    def _create_missing(self) -> None:
        if not self._created:
            self._tables.create_missing()
            self._queues.create_missing()
            self._created = True

    def _take_poisoned_requests(self) -> None:
        self._take(self._queues.poison.requests(), self._record_poisoned)

    def _take_poisoned_steps(self) -> None:
        self._take(self._queues.poison.steps(), self._judge_poisoned_step)

    def _take(self, messages: Iterable[Poisoned], take: Callable[[Poisoned], None]) -> None:
        """Take poisoned messages one by one; one that fails comes again and stops no other.

        What there is no time for becomes visible again, and another tick takes it.
        """
        begun = self._clock()
        for message in messages:
            if self._clock() - begun > pace.ONE_BY_ONE_BUDGET:
                break
            try:
                take(message)
                self._queues.poison.delete(message)
            except Exception as error:  # noqa: BLE001  the message is still there
                log_failure("-", error)

    def _record_poisoned(self, message: Poisoned) -> None:
        """Accept after all what an outage of our own storage poisoned; its step is for later.

        No ARM call here: a tick must end, however many messages there are.
        """
        recorded = self._intake.record(message.body, message.inserted_at)
        if recorded is not None:
            self._steps.enqueue(recorded.restore)

    def _judge_poisoned_step(self, message: Poisoned) -> None:
        """Write down what is no step; a step needs nothing, for its restore is outstanding."""
        if step_of(message.body) is None:
            self._refusals.not_a_step(message.body, message.inserted_at)

    def _visit_due(self, pool: Executor) -> None:
        begun = self._clock()
        found, in_order = self._outstanding(begun)
        happened = self._followers.decide(found, self._clock())
        called = self._turns.give(found, begun) if in_order else Called()
        moved = called.visits | happened.keys()
        due = [one for one in found if one.due <= begun or one.request_id in moved]
        due = [one for one in due if one.request_id not in called.stepping]
        due.sort(key=lambda one: one.due)
        visits = pool.map(lambda one: self._visit(one, happened.get(one.request_id), begun), due)
        log_tick(found, begun, left_over=list(visits).count(False))

    def _outstanding(self, begun: datetime) -> tuple[list[Outstanding], bool]:
        """Return what is outstanding, and whether that is all, so that turns may be given.

        What stands under an earlier version's key gets its own row, and all is read once more: who
        waits in such a row was accepted before whoever came since. Where storage keeps one from
        being moved, or the tick's time is over, no turn is given: that one would be overtaken.
        """
        found = self._tables.schedule.all()
        strays = [one for one in found if not one.is_own]
        if not strays:
            return found, True
        in_order = True
        for one in strays:
            if self._clock() - begun > pace.TICK_BUDGET:
                break
            in_order &= self._guarded(one, self._move)
        return [one for one in self._tables.schedule.all() if one.is_own], in_order

    def _move(self, outstanding: Outstanding) -> None:
        current = self._tables.restores.load(outstanding.request_id)
        if current is None:
            self._drop_orphan(outstanding)
            return
        self._steps.schedule(current.restore)
        self._tables.schedule.drop(outstanding)

    def _visit(self, outstanding: Outstanding, event: Event | None, begun: datetime) -> bool:
        """Look at a restore; tell whether there was time for it in this tick."""
        if self._clock() - begun > pace.TICK_BUDGET:
            return False
        self._guarded(outstanding, lambda one: self._look_at(one, event))
        return True

    def _look_at(self, outstanding: Outstanding, event: Event | None) -> None:
        current = self._tables.restores.load(outstanding.request_id)
        if current is None:
            self._drop_orphan(outstanding)
            return
        if event is not None and current.restore.leader == outstanding.leader:
            current = self._steps.save(current, event)
        if current.restore.due is None:
            self._tables.schedule.drop(outstanding)
        elif not self._steps.take(current):
            self._steps.schedule(current.restore)

    def _drop_orphan(self, outstanding: Outstanding) -> None:
        if self._clock() - outstanding.due > pace.ORPHAN_AGE:
            self._tables.schedule.drop(outstanding)

    @staticmethod
    def _guarded(outstanding: Outstanding, look: Callable[[Outstanding], None]) -> bool:
        """Look at one outstanding restore; one that fails stops no other.

        Tell whether that is done: what cannot be read would be no better at the next tick.
        """
        try:
            look(outstanding)
        except Exception as error:  # noqa: BLE001  it is outstanding: the next tick comes
            log_failure(outstanding.request_id, error)
            return isinstance(error, UnreadableRow)
        return True
