"""Who runs at once and who waits: RESTORE_MAX_ACTIVE, and for members of sets ARM's quota besides.

All that it counts by stands in the outstanding rows: a tick that died is not forgotten.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from restore_core.engine.log import log_failure
from restore_core.engine.ports import Outstanding, Tables
from restore_core.engine.steps import Steps
from restore_core.errors import Superseded, Unavailable, UnreadableRow
from restore_core.lifecycle import pace, quota
from restore_core.lifecycle.events import TurnCame
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.turn import Turn


@dataclass(frozen=True)
class Called:
    """Who was called in a tick, by who goes on with it."""

    visits: set[str] = field(default_factory=set)
    """Whom the tick visits for it."""
    stepping: set[str] = field(default_factory=set)
    """Whose step message any worker takes: the tick does not visit them, too."""


class Turns:
    """Gives those that wait their turn; a timer's tick alone does. Safe for threads."""

    def __init__(
        self, *, tables: Tables, steps: Steps, rules: Rules, clock: Callable[[], datetime]
    ) -> None:
        self._tables = tables
        self._steps = steps
        self._rules = rules
        self._clock = clock

    def give(self, found: Sequence[Outstanding], begun: datetime) -> Called:
        """Give as many as may run now their turn; return whom.

        Who asked for one disk goes first, then members of sets, each the longest accepted first.
        One after the other, and none after one that could not be called, because storage failed or
        another worker was faster (perhaps only to send its notices): a later one must not overtake
        it. A row that cannot be read is passed over, or it would stop all.
        """
        called = Called()
        if any(one.turn in (Turn.AWAITED, Turn.ENROLLED) for one in found):
            try:
                self._give(found, begun, called)
            except Superseded:
                return called
            except Exception as error:  # noqa: BLE001  what is due is visited all the same
                log_failure("-", error)
        return called

    def _give(self, found: Sequence[Outstanding], begun: datetime, called: Called) -> None:
        turns = self._tables.schedule.turns()
        taken = Counter(one.vault for one in turns if one.turn is Turn.TAKEN)
        told = [*found, *turns]
        given = {one.request_id: (one.subscription, one.turn_at) for one in told if one.turn_at}
        singles, members = _waiting(found, Turn.AWAITED), _waiting(found, Turn.ENROLLED)
        full = self._room_of_vaults(found, taken)
        while singles and self._may_give(taken, begun, pace.TICK_BUDGET):
            one = self._next(singles, taken)
            singles.remove(one)
            if full[one.vault] > 0 and self._call(one.request_id, called):
                taken[one.vault] += 1
                full[one.vault] -= 1
                given[one.request_id] = (one.subscription, self._clock())
        room = self._room(found, given.values()) if members else Counter()
        while members and any(room.values()):
            if not self._may_give(taken, begun, pace.ONE_BY_ONE_BUDGET):
                break
            one = self._next(members, taken)
            members.remove(one)
            may = min(room[one.subscription], full[one.vault]) > 0
            if may and self._call(one.request_id, called):
                taken[one.vault] += 1
                full[one.vault] -= 1
                room[one.subscription] -= 1

    def _may_give(self, taken: Counter[str], begun: datetime, budget: timedelta) -> bool:
        """Tell whether a turn is free, and time in the tick that has `begun`."""
        return self._clock() - begun <= budget and taken.total() < self._rules.max_active

    def _next(self, waiting: list[Outstanding], taken: Counter[str]) -> Outstanding:
        """Return the longest accepted of those whose vault has less than its share, else of all.

        So a sick vault starves no other.
        """
        vaults = {*taken, *(one.vault for one in waiting)}
        share = ceil(self._rules.max_active / len(vaults))
        return next((one for one in waiting if taken[one.vault] < share), waiting[0])

    def _room(
        self, found: Iterable[Outstanding], given: Iterable[tuple[str, datetime]]
    ) -> Counter[str]:
        """Return how many members may go in each subscription; none where ARM answers 429."""
        now, held = self._clock(), list(found)
        throttled = {
            one.subscription for one in held if one.throttled_until and one.throttled_until > now
        }
        turns = list(given)
        return Counter(
            {
                asked: quota.room(
                    (at for where, at in turns if where == asked), now, self._rules.quota
                )
                for asked in {one.subscription for one in held} - throttled
            }
        )

    def _room_of_vaults(
        self, found: Iterable[Outstanding], taken: Counter[str]
    ) -> defaultdict[str, int]:
        """Return how many may go in each vault: in one that is full, as many as end meanwhile.

        Nobody, where it has said so a moment ago, or may be about to. Who has cost too much to ask
        again soon says nothing of the vault as it is by then.
        """
        room = defaultdict[str, int](lambda: self._rules.max_active)
        now = self._clock()
        since, soon = now - pace.FULL_VAULT, now + pace.FULL_VAULT + pace.CLOCK_SKEW
        asking = {one.vault for one in found if one.turn_at and one.turn_at > since}
        told = {
            one.vault
            for one in found
            if one.finds_full and one.turn is Turn.NONE and one.due <= soon
        }
        full = {one.vault for one in found if one.finds_full and one.turn is not Turn.NONE}
        for vault in told | full:
            ending = ceil(taken[vault] / pace.ENDING_MEANWHILE)
            room[vault] = 0 if vault in asking | told else max(ending, 1)
        return room

    def _call(self, request_id: str, called: Called) -> bool:
        """Give one that waits its turn, unless it has it meanwhile; tell whether it counts.

        Its outstanding row says so at once: until then nobody counts it among those that run. And
        before that it says that a tick should look soon: for who dies here, or is not answered, may
        have given the turn all the same. The tick goes on with it; with a member any worker does,
        for they are many, and ticks short.
        """
        try:
            current = self._tables.restores.load(request_id)
        except UnreadableRow as error:
            log_failure(request_id, error)
            return False
        if current is None:
            return False
        now = self._clock()
        if not current.restore.may_be_called(now):
            called.visits.add(request_id)
            return True
        self._tables.schedule.put(current.restore, now + pace.SWEEP_GRACE)
        restore = self._steps.save(current, TurnCame(now)).restore
        self._announce(restore)
        if restore.member is None:
            called.visits.add(request_id)
        else:
            self._steps.enqueue(restore)
            called.stepping.add(request_id)
        return True

    def _announce(self, restore: Restore) -> None:
        """Say that it has its turn; where storage fails, the next look at it says so."""
        try:
            self._steps.schedule(restore)
        except Unavailable as error:
            log_failure(restore.id, error)


def _waiting(found: Iterable[Outstanding], turn: Turn) -> list[Outstanding]:
    """Return who waits so, the longest accepted first."""
    waiting = [one for one in found if one.turn is turn]
    return sorted(waiting, key=lambda one: (one.accepted_at, one.request_id))
