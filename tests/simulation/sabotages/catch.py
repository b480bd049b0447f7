"""Sabotage the app in one world after another, until the invariant that breaks tells of it."""

from dataclasses import dataclass
from typing import Final

from tests.simulation.deaths import Dying
from tests.simulation.lives import BESIDE, LIVES
from tests.simulation.sabotages import SABOTAGES
from tests.simulation.sabotages.sabotage import MOST_WORLDS, applied
from tests.simulation.world import Breach, World


@dataclass(frozen=True)
class Caught:
    """Which invariant told of a sabotage, in which world; "" where none did."""

    name: str
    invariant: str
    seed: int
    text: str


_CLUMSY: Final = ("TypeError", "AttributeError")
"""What a sabotage fails with that does not know the app as it is now: it would prove nothing."""


def catch(name: str) -> Caught:
    """Sabotage the app in one world after another until the invariant it breaks tells of it.

    In that same world, left alone, the app breaks none.
    """
    sabotage = SABOTAGES[name]

    def breaches(seed: int) -> list[Breach]:
        if sabotage.life:
            life, deaths = {**LIVES, **BESIDE}[sabotage.life], {seed} & {*range(sabotage.points)}
            return Dying(life, frozenset(deaths)).run().breaches
        return World(seed, sabotage.kinds, patience=sabotage.patience).run().breaches

    for seed in range(sabotage.points or 1 if sabotage.life else MOST_WORLDS):
        with applied(sabotage):
            found = [one for one in breaches(seed) if one.invariant == sabotage.breaks]
        if any(clumsy in one.text for one in found for clumsy in _CLUMSY):
            return Caught(name, "?", seed, found[0].text)
        if found:
            return Caught(name, "?" if breaches(seed) else sabotage.breaks, seed, found[0].text)
    return Caught(name, "", MOST_WORLDS, "nothing noticed it")
