"""The bytes of a message, made JSON, in every way that senders are known to write it. Pure.

SDKs of today write plain text, Event Grid and older SDKs base64; a Logic App may write the JSON as
a JSON string, and that in base64 as well. Readers differ in what they take of a field that stands
twice, so such a message is refused.
"""

import base64
import json
from typing import Any, Final

from restore_core.errors import MalformedRequest
from restore_core.text import json_type, one_line, quoted

MAX_STRINGS: Final = 2
"""JSON strings that are opened, one in the other: a connector writes one around what may be one."""

_BYTE_ORDER_MARK: Final = "\ufeff"
_MESSAGE: Final = "The message"


def decode(body: bytes) -> dict[str, Any] | list[Any]:
    """Return the JSON object or list of a message; raise MalformedRequest where there is none."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedRequest(
            f"The message is not UTF-8: byte {error.start} cannot be read. Send JSON as UTF-8, "
            "plain or base64."
        ) from None
    value = _value(text, _MESSAGE)
    return value if isinstance(value, list) else _object(value, _MESSAGE)


def object_in(value: Any, what: str) -> dict[str, Any]:
    """Return `value` where it is an object, or the one that it holds as text.

    Raise MalformedRequest, which begins with `what`: what the value is of the message.
    """
    return _object(_value(value, what) if isinstance(value, str) else value, what)


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedRequest(f"{what} must be a JSON object, but it is {json_type(value)}.")
    return value


def _value(text: str, what: str) -> Any:
    """Return what `text` holds, however wrapped, which is no text any more."""
    value = _json(_bare(text), f"{what} is")
    for _ in range(MAX_STRINGS):
        if isinstance(value, str):
            value = _json(_bare(value), f"{what} must be a JSON object, but it is text that is")
    return value


def _bare(text: str) -> str:
    return text.removeprefix(_BYTE_ORDER_MARK).strip()


def _json(text: str, it_is: str) -> Any:
    if not text.startswith(("{", "[", '"')):
        text = _out_of_base64(text, it_is)
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise MalformedRequest(f"{it_is} nested too deeply to be read.") from None
    except ValueError as error:
        raise MalformedRequest(f"{it_is} not JSON: {one_line(str(error), 200)}.") from None


def _out_of_base64(text: str, it_is: str) -> str:
    try:
        return _bare(base64.b64decode("".join(text.split()), validate=True).decode())
    except ValueError:
        raise MalformedRequest(
            f"{it_is} neither JSON nor base64 of JSON; it begins with {quoted(text[:40])}."
        ) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a repeated field: readers differ in which of the two they take."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise ValueError(f"the field {quoted(name)} stands twice in one object")
        fields[name] = value
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")
