"""The bytes of a message, made JSON, in every way that senders are known to write it. Pure.

SDKs of today write plain text, Event Grid and older SDKs base64; a Logic App may write the JSON as
a JSON string, and that in base64 as well, or wrap a body whose type it was not told. Readers differ
in what they take of a field that stands twice, so such a message is refused.
"""

import json
import re
from typing import Any, Final

from restore_core.contract.envelopes.unreadable import why_no_json
from restore_core.contract.envelopes.wrapping import bare, is_json, out_of_base64, text_in
from restore_core.errors import MalformedRequest
from restore_core.text import json_type, quoted

MAX_EACH: Final = 2
"""JSON strings that are opened, and base64 that is undone: by the sender, and by its connector."""

_MESSAGE: Final = "The message"
_SCALAR: Final = re.compile(r"null|true|false|-?[0-9][0-9.eE+-]*+")
_CONTENT: Final = {"$content-type", "$content"}
"""How a Logic App holds a body that it was not told to be JSON: its type, and itself in base64."""


def decode(body: bytes) -> dict[str, Any] | list[Any]:
    """Return the JSON object or list of a message; raise MalformedRequest where there is none."""
    value = _value(text_in(body, f"{_MESSAGE} is"), _MESSAGE)
    return value if isinstance(value, list) else _object(value, _MESSAGE)


def object_in(value: Any, what: str) -> dict[str, Any]:
    """Return `value` where it is an object, or the one that it holds as text.

    Raise MalformedRequest, which begins with `what`: what the value is of the message.
    """
    return _object(_value(value, what) if isinstance(value, str) else value, what)


def list_in(text: str, what: str) -> Any:
    """Return the list that a text holds as JSON, else the text; raise MalformedRequest likewise."""
    text = bare(text)
    return _json(text, f"{what} is") if text.startswith("[") else text


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedRequest(f"{what} must be a JSON object, but it is {json_type(value)}.")
    return value


def _value(text: str, what: str) -> Any:
    """Return what `text` holds, however wrapped, which is no text any more."""
    it_is, strings, base64s = f"{what} is", 0, 0
    while True:
        text = bare(text)
        if is_json(text) or not text or _SCALAR.fullmatch(text):
            value = _wrapped(_json(text, it_is))
            if not isinstance(value, str):
                return value
            text, strings = value, strings + 1
            it_is = f"{what} must be a JSON object, but it is text that is"
        else:
            base64s += 1
            _require_few(base64s, f"{it_is} in base64")
            text = text_in(out_of_base64(text, it_is), f"{what}, out of base64, is")
        _require_few(strings, f"{what} must be a JSON object, but it is text: JSON in a string")


def _require_few(number: int, wrapped: str) -> None:
    if number > MAX_EACH:
        raise MalformedRequest(f"{wrapped} more than twice. Send the object itself, once.")


def _wrapped(value: Any) -> Any:
    """Return the text that a Logic App wrapped as the body of a type unknown, else `value`."""
    if isinstance(value, dict) and value.keys() == _CONTENT and isinstance(value["$content"], str):
        return value["$content"]
    return value


def _json(text: str, it_is: str) -> Any:
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_integer
        )
    except RecursionError:
        raise MalformedRequest(f"{it_is} nested too deeply to be read.") from None
    except json.JSONDecodeError as error:
        raise MalformedRequest(f"{it_is} not JSON: {why_no_json(text, error)}") from None
    except ValueError as error:
        raise MalformedRequest(f"{it_is} not JSON: {error}.") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a repeated field: readers differ in which of the two they take."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise ValueError(
                f"the field {quoted(name)} stands twice in one object. Leave one of them"
            )
        fields[name] = value
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value. Leave it out")


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        raise ValueError("a number in it has more digits than can be read") from None
