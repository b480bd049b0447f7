"""What becomes of one of ARM's answers: a `Spoiling` applied to it."""

import json
from dataclasses import replace
from typing import Any

import requests

from simulator.exchange import Answer
from tests.hostile.nasty import Spoiling

BROKEN: dict[str, Exception] = {
    "reset": requests.ConnectionError("reset"),
    "timeout": requests.ReadTimeout("read"),
    "connect": requests.ConnectTimeout("connect"),
    "chunked": requests.exceptions.ChunkedEncodingError("chunked"),
    "encoding": requests.exceptions.ContentDecodingError("decoding"),
    "os": OSError("no route"),
}


def spoiled(answer: Answer, spoiling: Spoiling, token: str) -> Answer | Exception:
    """Return `answer` spoiled; `token` is the app's own, which a hostile ARM might echo."""
    match spoiling:
        case "status", int(status):
            return replace(answer, status=status)
        case "header", str(name), str(text):
            return replace(answer, headers={**answer.headers, name: text})
        case "body", bytes(body):
            return replace(answer, body=body)
        case "status+body", int(status), bytes(body):
            return replace(answer, status=status, body=body)
        case "value", int(at), value:
            return _edited(answer, at, lambda held, key: held.__setitem__(key, value))
        case "drop", int(at):
            return _edited(answer, at, lambda held, key: held.__delitem__(key))
        case "error", int(status), code, message:
            told = message if not isinstance(message, str) else f"{message} Bearer {token} {token}"
            body = {"error": {"code": code, "message": told, "innererror": told}}
            return Answer.of(body, status, dict(answer.headers))
        case "cut", int(at):
            return replace(answer, body=answer.body[:at])
        case "broken", str(how):
            return BROKEN[how]
    raise AssertionError(spoiling)


def _edited(answer: Answer, at: int, edit: Any) -> Answer:
    """Edit the `at`-th place of the answer's JSON, counted round."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        return answer
    if places := list(places_in(body)):
        edit(*places[at % len(places)])
    return replace(answer, body=json.dumps(body).encode())


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in JSON: what holds it, and its key or index."""
    keys = value if isinstance(value, dict) else range(len(value)) if _is_list(value) else ()
    found: list[tuple[Any, Any]] = []
    for key in keys:
        found += [(value, key), *places_in(value[key])]
    return found


def _is_list(value: Any) -> bool:
    return isinstance(value, list)
