"""How many queries Resource Graph answers a caller: 15 in five seconds, as its headers say."""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from simulator.habits import Habits

QUERIES: Final = 15
_SPAN: Final = timedelta(seconds=5)
_DURATION: Final = "0:00:00:00.2780000"  # Recorded: 278 ms for 37 rows.


@dataclass
class Quota:
    """What each caller has asked of late."""

    habits: Habits
    _asked: dict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))
    _refused: Counter[str] = field(default_factory=Counter)

    def take(self, caller: str, now: datetime) -> tuple[bool, dict[str, str]]:
        """Count a query; return whether it may be answered, and the answer's headers."""
        asked, span = self._asked[caller], _SPAN / self.habits.pace.scale
        while asked and asked[0] <= now - span:
            asked.popleft()
        left = QUERIES - len(asked)
        headers = _headers(max(0, left - 1), (asked[0] if asked else now) + span - now)
        if left > 0:
            asked.append(now)
        self._refused[caller] = 0 if left > 0 else self._refused[caller] + 1
        return left > 0, headers

    def is_overrun(self, caller: str) -> bool:
        """Tell, once, whether the caller goes on though it was refused."""
        return self._refused[caller] == self.habits.limits.under_way + 2


def _headers(left: int, resets: timedelta) -> dict[str, str]:
    seconds = max(1, round(resets.total_seconds()))
    return {
        "x-ms-user-quota-remaining": str(left),
        "x-ms-user-quota-resets-after": f"00:00:{seconds:02d}",
        "x-ms-ratelimit-remaining-tenant-resource-requests": str(left),
        "x-ms-resource-graph-request-duration": _DURATION,
    }
