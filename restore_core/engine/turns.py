"""Who runs at once and who waits: RESTORE_MAX_ACTIVE, held by what the outstanding rows say."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from restore_core.engine.log import log_failure
from restore_core.engine.ports import Outstanding, Tables
from restore_core.engine.steps import Steps
from restore_core.errors import Superseded, UnreadableRow
from restore_core.lifecycle.events import TurnCame
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.states import Turn

TICK_BUDGET: Final = timedelta(minutes=2)
"""No restore is begun later in a tick, so that a tick ends before the function's time-out."""


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

        One after the other, and none after one that could not be called, because storage failed or
        another worker was faster (perhaps only to send its notices): a later one must not overtake
        it. A row that cannot be read is passed over, or it would stop all for ever.
        """
        awaited = [one for one in found if one.turn is Turn.AWAITED]
        awaited.sort(key=lambda one: (one.accepted_at, one.request_id))
        called: set[str] = set()
        try:
            free = self._free() if awaited else 0
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

    def _free(self) -> int:
        taken = sum(one.turn is Turn.TAKEN for one in self._tables.schedule.turns())
        return self._rules.max_active - taken

    def _call(self, request_id: str) -> bool:
        """Give one that waits its turn, unless it has it meanwhile; tell whether it counts.

        Its outstanding row says so at once: until then nobody counts it among those that run.
        """
        try:
            current = self._tables.restores.load(request_id)
        except UnreadableRow as error:
            log_failure(request_id, error)
            return False
        if current is None:
            return False
        if current.restore.may_be_called(self._clock()):
            called = self._steps.save(current, TurnCame(self._clock()))
            self._steps.schedule(called.restore)
        return True
