"""Tables in memory that refuse what Azure's tables refuse, and keep a list of it.

The limits are those of "Understanding the Table service data model" (Microsoft Learn) and of the
azure-data-tables client: a row that breaks one would be refused at every attempt, for ever.
"""

from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import HttpResponseError

from tests.fakes import Io, MemoryTable, MemoryTables

MAX_TEXT = 32_768  # UTF-16 units of a text property: 64 KiB
MAX_ROW = 1024 * 1024
MAX_KEY = 1024  # bytes in UTF-16
MAX_PROPERTIES = 252  # beside the two keys and the time stamp
FIRST_DAY = datetime(1601, 1, 1, tzinfo=UTC)
INT32 = 2**31
FORBIDDEN_IN_KEYS = set("/\\#?") | {chr(n) for n in (*range(0x20), *range(0x7F, 0xA0))}


class LawfulTables(MemoryTables):
    """A table account that refuses rows as Azure does; `refused` says which and why."""

    def __init__(self, io: Io) -> None:
        super().__init__(io)
        self.refused: list[str] = []

    def get_table_client(self, table_name: str) -> MemoryTable:
        return self.tables.setdefault(table_name, _LawfulTable(table_name, self.io, self.refused))


class _LawfulTable(MemoryTable):
    def __init__(self, name: str, io: Io, refused: list[str]) -> None:
        super().__init__(name, io)
        self._refused = refused

    def _put(self, entity: dict[str, Any]) -> dict[str, Any]:
        if wrong := list(unlawful(entity)):
            self._refused.extend(f"{self.name}: {each}" for each in wrong)
            error = HttpResponseError(wrong[0])
            error.status_code = 400
            raise error
        return super()._put(entity)


def unlawful(row: dict[str, Any]) -> list[str]:
    """Return what a table would not take of `row`."""
    wrong = [
        f"{key} may not be {row[key]!r}"
        for key in ("PartitionKey", "RowKey")
        if set(row[key]) & FORBIDDEN_IN_KEYS or len(_utf16(row[key])) > MAX_KEY
    ]
    wrong += [
        f"{name} is {reason}" for name, value in row.items() if (reason := _unlawful_value(value))
    ]
    if len(row) - 2 > MAX_PROPERTIES:
        wrong.append("too many properties")
    if sum(len(_utf16(name)) + len(_utf16(str(value))) for name, value in row.items()) > MAX_ROW:
        wrong.append("the row is too large")
    return wrong


def _unlawful_value(value: Any) -> str:
    match value:
        case bool():
            return ""
        case str() if len(_utf16(value)) > 2 * MAX_TEXT:
            return f"text of {len(_utf16(value)) // 2} units"
        case str() if any("\ud800" <= c <= "\udfff" for c in value):
            return "no text: it has a lone surrogate"
        case str():
            return ""
        case int() if not -INT32 <= value < INT32:
            return f"{value}, which is no Int32"
        case int():
            return ""
        case datetime() if value.tzinfo is None or value < FIRST_DAY:
            return f"{value}, which no table holds"
        case datetime():
            return ""
        case _:
            return f"of type {type(value).__name__}"


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")
