"""What an envelope adds to the fields it carries: an id, and who asked. Pure."""

import hashlib
from typing import Any, Final

HASH_DIGITS: Final = 32
"""Hex digits of the SHA-256 in an id made of an envelope: as many as a GUID has."""


def derived_id(prefix: str, *parts: str) -> str:
    """Return the request id of an envelope: the same for each delivery of the same `parts`."""
    # JSON can name half a character, which UTF-8 cannot write; such an id is an id all the same.
    digest = hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{prefix}-{digest[:HASH_DIGITS]}"


def is_absent(value: Any) -> bool:
    """Tell whether a field means no more than one that is not there."""
    return value is None or value == ""


def completed(fields: dict[str, Any], **defaults: str) -> dict[str, Any]:
    """Return `fields`, with the default where one is absent."""
    lacking = {name: text for name, text in defaults.items() if is_absent(fields.get(name))}
    return {**fields, **lacking}
