"""How values are spread: each percentile is one that occurred. Pure."""

from collections.abc import Iterable
from typing import Any


def spread(values: Iterable[int]) -> dict[str, Any]:
    """Return how many there are, their median, their 95th percentile and the largest."""
    known = sorted(values)
    if not known:
        return {"count": 0}
    p50, p95 = (known[rank(len(known), share)] for share in (50, 95))
    return {"count": len(known), "p50": p50, "p95": p95, "longest": known[-1]}


def rank(count: int, percent: int) -> int:
    """Return where the nearest rank stands: the value that so many percent do not exceed."""
    return max(0, -(-count * percent // 100) - 1)
