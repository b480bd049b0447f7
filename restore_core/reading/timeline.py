"""What a restore went through: each state with its moment, and how long it lasted. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from restore_core.engine.column import seconds_of
from restore_core.text import utc_text

_OF_THE_END: Final = frozenset({"Accepted", "Ending", "Ended", "Guarding"})
"""The first is the acceptance; the others the end, of which the outcome tells."""


def timeline(
    row: Mapping[str, Any], moments: Mapping[str, datetime], now: datetime
) -> list[dict[str, Any]]:
    """Return the states in the order of their first moments, and the outcome where it has one."""
    accepted, end = row.get("acceptedAt"), row.get("completedAt")
    if not isinstance(accepted, datetime):
        return []
    # The row names the latest state first: of two in one moment, that one came after.
    passed = [(at, name) for name, at in reversed(list(moments.items())) if name not in _OF_THE_END]
    steps = [(accepted, "Accepted"), *sorted(passed, key=lambda step: step[0])]
    if isinstance(end, datetime):
        steps.append((max(end, steps[-1][0]), str(row.get("status", ""))))
    ends = [at for at, _ in steps[1:]]
    if not isinstance(end, datetime):
        ends.append(now)
    told = [{"state": name, "at": utc_text(at)} for at, name in steps]
    lasted = [seconds_of(a, b) for (a, _), b in zip(steps, ends, strict=False)]
    spans = [{"seconds": seconds} for seconds in lasted]
    return [step | span for step, span in zip(told, [*spans, {}], strict=False)]
