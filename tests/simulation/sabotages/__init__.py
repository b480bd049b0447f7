"""Small sabotages of the app, each of which breaks an invariant. The worlds must notice.

Each is applied in memory, here and nowhere else. What notices none of them would prove nothing by
staying silent about the app itself.
"""

from typing import Final

from tests.simulation.sabotages import (
    answers,
    claims,
    events,
    followers,
    messages,
    retries,
    sets,
    turns,
)
from tests.simulation.sabotages.sabotage import Sabotage

_ROOMS = (claims, messages, answers, turns, events, followers, retries, sets)
SABOTAGES: Final[dict[str, Sabotage]] = {
    name: one for room in _ROOMS for name, one in room.SABOTAGES.items()
}
