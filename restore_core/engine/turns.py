"""Who runs at once and who waits: RESTORE_MAX_ACTIVE, held by what the outstanding rows say."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from math import ceil

from restore_core.engine.log import log_failure
from restore_core.engine.ports import Outstanding, Tables
from restore_core.engine.steps import Steps
from restore_core.errors import Superseded, Unavailable, UnreadableRow
from restore_core.lifecycle import pace
from restore_core.lifecycle.events import TurnCame
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.states import Turn


class Turns:
    """Gives those that wait their turn; a timer's tick alone does. Safe for threads."""

    def __init__(
        self, *, tables: Tables, steps: Steps, rules: Rules, clock: Callable[[], datetime]
    ) -> None:
        self._tables = tables
        self._steps = steps
        self._rules = rules
        self._clock = clock

    def give(self, found: Iterable[Outstanding], begun: datetime) -> set[str]:
        """Give as many as may run now their turn, longest accepted first; return whom.

        No vault is given more than its share while another waits (`_next`), so that a sick one
        starves no other. One after the other, and none after one that could not be called, because
        storage failed or another worker was faster (perhaps only to send its notices): a later one
        must not overtake it. A row that cannot be read is passed over, or it would stop all.
        """
        waiting = [one for one in found if one.turn is Turn.AWAITED]
        waiting.sort(key=lambda one: (one.accepted_at, one.request_id))
        called: set[str] = set()
        try:
            taken = self._taken() if waiting else Counter()
            while waiting and self._may_give(taken, begun):
                one = self._next(waiting, taken)
                waiting.remove(one)
                if self._call(one.request_id):
                    called.add(one.request_id)
                    taken[one.vault] += 1
        except Superseded:
            return called
        except Exception as error:  # noqa: BLE001  what is due is visited all the same
            log_failure("-", error)
        return called

    def _may_give(self, taken: Counter[str], begun: datetime) -> bool:
        """Tell whether a turn is free, and time in the tick that has `begun`."""
        in_time = self._clock() - begun <= pace.TICK_BUDGET
        return in_time and taken.total() < self._rules.max_active

    def _taken(self) -> Counter[str]:
        """Return how many turns each vault has."""
        turns = self._tables.schedule.turns()
        return Counter(one.vault for one in turns if one.turn is Turn.TAKEN)

    def _next(self, waiting: list[Outstanding], taken: Counter[str]) -> Outstanding:
        """Return the longest accepted of those whose vault has less than its share, else of all."""
        vaults = {*taken, *(one.vault for one in waiting)}
        share = ceil(self._rules.max_active / len(vaults))
        return next((one for one in waiting if taken[one.vault] < share), waiting[0])

    def _call(self, request_id: str) -> bool:
        """Give one that waits its turn, unless it has it meanwhile; tell whether it counts.

        Its outstanding row says so at once: until then nobody counts it among those that run. And
        before that it says that a tick should look soon: for who dies here, or is not answered,
        may have given the turn all the same.
        """
        try:
            current = self._tables.restores.load(request_id)
        except UnreadableRow as error:
            log_failure(request_id, error)
            return False
        if current is None:
            return False
        now = self._clock()
        if current.restore.may_be_called(now):
            self._tables.schedule.put(current.restore, now + pace.SWEEP_GRACE)
            called = self._steps.save(current, TurnCame(now))
            self._announce(called.restore)
        return True

    def _announce(self, restore: Restore) -> None:
        """Say that it has its turn; where storage fails, this tick's look at it says so."""
        try:
            self._steps.schedule(restore)
        except Unavailable as error:
            log_failure(restore.id, error)
