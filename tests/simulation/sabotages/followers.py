"""Sabotages of who follows whom."""

from typing import Any, Final

from restore_core.engine import followers
from restore_core.engine.followers import Followers
from restore_core.engine.reservation import Reservation, refused_as_back
from restore_core.engine.sweep import Sweep
from restore_core.lifecycle.events import LeaderFailed, LeaderFound
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Outcome
from restore_core.lifecycle.turn import Turn
from tests.simulation.sabotages.sabotage import Patch, Sabotage


def _refuse_at_once() -> list[Patch]:
    real = Reservation._take_source

    def take(self: Any, restore: Restore, source: Any) -> Any:
        event = real(self, restore, source)
        if isinstance(event, LeaderFound):
            earlier = self._tables.restores.load(event.leader).restore
            return refused_as_back(source, earlier, self._clock())
        return event

    return [(Reservation, "_take_source", take)]


def _nobody_after_a_stand_in() -> list[Patch]:
    """Bring a fault back that random world 20007 found."""
    real = followers._another_may

    def may(leader: Restore, outcome: Outcome) -> bool:
        return not leader.stands_in and real(leader, outcome)

    return [(followers, "_another_may", may)]


def _withdrawn_is_tried() -> list[Patch]:
    return [(followers, "_was_tried", lambda _: True)]


def _everybody_goes_ahead() -> list[Patch]:
    def go_ahead(self: Any, *everybody: str, was_tried: bool) -> dict[str, Any]:
        return {name: LeaderFailed(self._clock(), was_tried) for name in everybody}

    return [(Followers, "_go_ahead", go_ahead)]


def _nobody_goes_ahead() -> list[Patch]:
    return [(followers, "_another_may", lambda *_: False)]


def _ask_while_following() -> list[Patch]:
    real = Sweep._visit_due

    def visit(self: Any, pool: Any) -> None:
        for one in self._tables.schedule.all():
            if one.turn is Turn.FOLLOWS:
                restore = self._tables.restores.load(one.request_id).restore
                vaults = [self._steps._rules.default_vault]
                vault, source = self._steps._performer._vault, restore.request.known_source
                vault.instance_of(source, vaults, restore.requested_at)
        real(self, pool)

    return [(Sweep, "_visit_due", visit)]


SABOTAGES: Final[dict[str, Sabotage]] = {
    "refuse because one runs": Sabotage("F1", _refuse_at_once, life="follows one that completes"),
    "everybody goes ahead": Sabotage(
        "F1", _everybody_goes_ahead, life="follows, and two have failed"
    ),
    "ask ARM while following": Sabotage(
        "F1", _ask_while_following, life="follows one that completes"
    ),
    "take all with who stood in and was withdrawn": Sabotage(
        "F1", _nobody_after_a_stand_in, life="follows who goes ahead and is withdrawn"
    ),
    "take who was withdrawn for a try": Sabotage(
        "F1", _withdrawn_is_tried, life="follows who goes ahead for one that was withdrawn"
    ),
    "nobody goes ahead": Sabotage("F1", _nobody_goes_ahead, life="follows, and goes ahead"),
}
