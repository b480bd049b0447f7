"""Sabotages of the cooldown, of turns, and of the outstanding rows by which they are counted."""

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from restore_core.azure.storage import answering
from restore_core.azure.tables import outstanding
from restore_core.azure.tables.outstanding import OutstandingTable
from restore_core.azure.tables.sources import SourcesTable
from restore_core.engine.reservation import Reservation
from restore_core.engine.sweep import Sweep
from restore_core.engine.turns import Called, Turns
from restore_core.lifecycle import pace
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Retrying
from restore_core.lifecycle.turn import Turn
from tests.simulation.sabotages.sabotage import Patch, Sabotage, kinds
from tests.simulation.world import HORIZON

# --------------------------------------------------------------------------------- the cooldown


def _counts(does: Callable[[Any, Restore], bool]) -> Callable[[], list[Patch]]:
    return lambda: [(Reservation, "_counts", does)]


def _counts_what_failed(self: Any, earlier: Restore) -> bool:
    outcome, cooldown = earlier.outcome, self._rules.cooldown
    return bool(cooldown) if outcome is None else bool(self._clock() < outcome.at + cooldown)


def _counts_what_has_ended_alone(self: Any, earlier: Restore) -> bool:
    return earlier.outcome is not None and bool(_REAL_COUNTS(self, earlier))


_REAL_COUNTS: Final = Reservation._counts


def _forced(*, always: bool) -> Callable[[], list[Patch]]:
    real = SourcesTable.take

    def take(self: Any, source: Any, request_id: str, *, counts: Any, force: bool) -> Any:  # noqa: ARG001
        return real(self, source, request_id, counts=counts, force=always)

    return lambda: [(SourcesTable, "take", take)]


# ------------------------------------------------------------------------------------- the turns


def _turn_without_looking() -> list[Patch]:
    return [(Reservation, "_has_turn", lambda _self, _restore: True)]


def _before_those_who_wait() -> list[Patch]:
    def has_turn(self: Any, restore: Restore) -> bool:
        others = [o for o in self._tables.schedule.turns() if o.request_id != restore.id]
        taken = sum(other.turn is Turn.TAKEN for other in others)
        return bool(taken < self._rules.max_active)

    return [(Reservation, "_has_turn", has_turn)]


def _call_everybody() -> list[Patch]:
    def call(self: Any, found: Any, begun: datetime) -> Called:  # noqa: ARG001
        called = Called()
        for one in found:
            if one.turn is Turn.AWAITED:
                self._call(one.request_id, called)
        return called

    return [(Turns, "give", call)]


def _call_the_newest() -> list[Patch]:
    real = Turns.give

    def call(self: Any, found: Any, begun: datetime) -> Called:
        turned = [replace(one, accepted_at=begun - (one.accepted_at - begun)) for one in found]
        return real(self, turned, begun)

    return [(Turns, "give", call)]


def _call_nobody() -> list[Patch]:
    return [(Turns, "give", lambda *_: Called())]


def _pass_over() -> list[Patch]:
    real, numbers = Turns._call, itertools.count()

    def call(self: Any, request_id: str, called: Called) -> bool:
        return True if next(numbers) % 2 == 0 else real(self, request_id, called)

    return [(Turns, "_call", call)]


def _last_moment(later: timedelta | None) -> Callable[[], list[Patch]]:
    real: Any = Restore._last_moment

    def last(self: Restore) -> datetime:
        moment: datetime = real.fget(self)
        if later is None or moment == self.deadline:
            return self.deadline
        return moment + later

    return lambda: [(Restore, "_last_moment", property(last))]


# ------------------------------------------------------------------- outstanding rows, and turns


def _vault_in_the_key() -> list[Patch]:
    """Bring version 0.1.0's key back: an id that two messages send for two vaults has two rows."""
    row_of, read = outstanding._row, outstanding._outstanding

    def key(restore: Restore) -> str:
        vault = restore.request.vault
        return hashlib.sha256(vault.key.encode()).hexdigest()[:32] if vault else "default"

    def row(restore: Restore, due: datetime) -> dict[str, Any]:
        return {**row_of(restore, due), "PartitionKey": key(restore)}

    def forget(self: Any, restore: Restore) -> None:
        with answering():
            self._table.delete(key(restore), restore.id)

    return [
        (outstanding, "_row", row),
        (outstanding, "_outstanding", lambda one: replace(read(one), is_own=True)),
        (OutstandingTable, "forget", forget),
        *_each_row_a_turn(),
    ]


def _each_row_a_turn() -> list[Patch]:
    def turns(self: Any, most: int | None = None) -> Any:
        values = {"taken": Turn.TAKEN.value, "awaited": Turn.AWAITED.value}
        return self._rows("turn eq @taken or turn eq @awaited", values, most)

    return [(OutstandingTable, "turns", turns)]


def _leave_the_old_rows() -> list[Patch]:
    return [(Sweep, "_move", lambda *_: None), *_each_row_a_turn()]


def _retriers_keep_their_turn() -> list[Patch]:
    real: Any = Restore.turn

    def turn(self: Restore) -> Turn:
        return Turn.TAKEN if isinstance(self.state, Retrying) else real.fget(self)

    return [(Restore, "turn", property(turn))]


def _no_share() -> list[Patch]:
    return [(Turns, "_next", lambda _self, waiting, _taken: waiting[0])]


def _trigger_to_the_last() -> list[Patch]:
    return [(pace, "LEAST_FOR_A_JOB", timedelta())]


SABOTAGES: Final[dict[str, Sabotage]] = {
    "ignore the cooldown": Sabotage("C1", _counts(lambda *_: False)),
    "a cooldown that knows none under way": Sabotage(
        "C1", _counts(_counts_what_has_ended_alone), frozenset()
    ),
    "a cooldown after failures too": Sabotage(
        "C1", _counts(_counts_what_failed), kinds("job-fails", "validation-fails")
    ),
    "force for everyone": Sabotage("C1", _forced(always=True)),
    "force for no one": Sabotage("I3", _forced(always=False)),
    "take a turn without looking": Sabotage("Q1", _turn_without_looking),
    "call everybody who waits": Sabotage("Q1", _call_everybody),
    "let newcomers go before those who wait": Sabotage("Q2", _before_those_who_wait),
    "call the newest first": Sabotage("Q2", _call_the_newest),
    "pass over every second who waits": Sabotage(
        "Q2", _pass_over, kinds("timer-silent-for-an-hour")
    ),
    "never call who waits": Sabotage("I6", _call_nobody, patience=HORIZON),
    "ignore notAfter": Sabotage("N1", _last_moment(None)),
    "too late before notAfter": Sabotage("N1", _last_moment(timedelta(minutes=-5))),
    "key outstanding rows by vault again": Sabotage(
        "I6", _vault_in_the_key, kinds("one-id-in-two-vaults"), patience=HORIZON
    ),
    "leave an earlier version's rows": Sabotage(
        "clean", _leave_the_old_rows, kinds("old-rows"), patience=HORIZON
    ),
    "who tries again keeps its turn": Sabotage(
        "Q1", _retriers_keep_their_turn, life="tries again behind a healthy vault"
    ),
    "no share for each vault": Sabotage("Q2", _no_share, kinds("vault-sick")),
    "trigger in the last 400 s": Sabotage(
        "N1", _trigger_to_the_last, life="so little time is left"
    ),
}
