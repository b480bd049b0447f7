"""What a column is that a receiver may rely on, and what rows are made of. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column that a receiver may rely on: what it holds, as Python has it, and its meaning."""

    kind: type[str | int | datetime]
    text: str


def present(columns: Row) -> Row:
    """Return the columns that have a value."""
    return {name: value for name, value in columns.items() if value is not None}


def seconds_of(begin: datetime, end: datetime) -> int:
    """Return the whole seconds from `begin` to `end`; 0 where clocks differ."""
    return max(0, round((end - begin).total_seconds()))
