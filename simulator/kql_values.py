"""What the query language does with values: functions of one, comparisons of two."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final


def text(value: Any) -> str:
    """Return a text as it is compared without case; nothing for what is none."""
    return value.lower() if isinstance(value, str) else ""


def moment(value: Any) -> datetime | None:
    """Return the time that a text names, or None."""
    try:
        parsed = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def walk(value: Any, path: str) -> Any:
    """Return what stands at a path within a value: itself where there is none."""
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value


def rank(value: Any) -> tuple[bool, Any]:
    """Return what rows are ordered by: what has no value is less than what has one."""
    return value is not None, value


def _same(value: Any, wanted: Any) -> bool:
    return isinstance(wanted, str) and text(value) == wanted.lower()


def _begins(value: Any, wanted: Any) -> bool:
    return isinstance(wanted, str) and text(value).startswith(wanted.lower())


def _holds(value: Any, wanted: Any) -> bool:
    return isinstance(wanted, str) and wanted.lower() in text(value)


def _as_text(value: Any) -> str:
    """Return a value as text: an object as JSON, as the language has it."""
    if value is None:
        return ""
    return (
        json.dumps(value, separators=(",", ":")) if isinstance(value, dict | list) else str(value)
    )


COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=~": _same,
    "startswith": _begins,
    "contains": _holds,
    "==": lambda value, wanted: bool(value == wanted),
    ">=": lambda value, wanted: value is not None and bool(value >= wanted),
    "<=": lambda value, wanted: value is not None and bool(value <= wanted),
}

FUNCTIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "tostring": _as_text,
    "todatetime": moment,
    "tolower": lambda value: "" if value is None else str(value).lower(),
}

TESTS: Final[dict[str, Callable[[Any], bool]]] = {
    "isempty": lambda value: value in (None, ""),
    "isnotempty": lambda value: value not in (None, ""),
}
