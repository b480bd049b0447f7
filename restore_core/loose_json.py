"""JSON from outside, read without trusting a type: what is not as expected is empty. Pure."""

from typing import Any


def object_of(value: Any) -> dict[str, Any]:
    """Return `value` where it is an object, else {}."""
    return value if isinstance(value, dict) else {}


def array_of(value: Any) -> list[Any]:
    """Return `value` where it is a list, else []."""
    return value if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """Return `value` where it is text, else ""."""
    return value if isinstance(value, str) else ""
