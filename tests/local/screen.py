"""What a terminal of some width would show, and whether a value stands there whole."""

from __future__ import annotations

import io
from itertools import takewhile
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def shown(draw: Callable[[Console], object], *, width: int = 80) -> str:
    """Return what `draw` prints on a terminal as wide as this."""
    to = Console(file=io.StringIO(), record=True, width=width, highlight=False)
    draw(to)
    return to.export_text()


def holds(text: str, value: str) -> bool:
    """Tell whether `value` is there whole, be it folded over lines of one column."""
    lines = text.splitlines()
    return any(
        _goes_on(lines[number:], column, value)
        for number, line in enumerate(lines)
        for column in range(len(line))
    )


def _goes_on(lines: Sequence[str], column: int, rest: str) -> bool:
    if not lines:
        return False
    pairs = zip(lines[0][column:], rest, strict=False)
    here = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return here == len(rest) or (here > 0 and _goes_on(lines[1:], column, rest[here:]))
