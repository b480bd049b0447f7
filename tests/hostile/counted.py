"""How much the property tests have tried: what `make fuzz` tells."""

import os
from collections import Counter

from hypothesis import settings

COUNTS: Counter[str] = Counter()


def examples(short: int) -> settings:
    """Return the settings of a property: `short` inputs in `make test`, more in `make fuzz`."""
    return settings(max_examples=short * int(os.environ.get("HOSTILE_TIMES", "1")))


def count(what: str, number: int = 1) -> None:
    """Count what was tried."""
    COUNTS[what] += number
