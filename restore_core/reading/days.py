"""The days of a span that hold something, newest first, found by few and small questions. Pure.

A day that is empty costs a question and no row; where many may be, one question for all of them,
which asks for one row, comes first: three years with four restores are not a thousand questions.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Final

ONE_BY_ONE: Final = 8
"""So many days are looked at singly: to ask for all of them first would save little."""

_DAY: Final = timedelta(days=1)


def newest_first(
    first: date, last: date, holds_any: Callable[[date, date], bool]
) -> Iterator[date]:
    """Yield the days from `last` to `first` that may hold something, asking as it goes."""
    days = (last - first).days + 1
    if days <= ONE_BY_ONE:
        yield from (last - n * _DAY for n in range(days))
    elif holds_any(first, last):
        middle = first + (days // 2) * _DAY
        yield from newest_first(middle, last, holds_any)
        yield from newest_first(first, middle - _DAY, holds_any)
