"""The published schemas as a receiver or a sender uses them, and what no schema can say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators

from restore_core.contract.request import RestoreRequest
from restore_core.errors import MalformedRequest

SCHEMAS = Path(__file__).parents[1] / "schemas"
TIMES = ("pointInTime", "notAfter")


def _pattern(_validator: Any, pattern: str, text: Any, _schema: Any) -> Iterator[ValidationError]:
    """Match as ECMA-262 does, where `$` is the end: in Python it is a last line break, too."""
    if isinstance(text, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), text):
        yield ValidationError(f"{text!r} does not match {pattern!r}")


_Validator = validators.extend(Draft202012Validator, {"pattern": _pattern})


def schema(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    return read


def validator(name: str) -> Any:
    return _Validator(schema(name), format_checker=Draft202012Validator.FORMAT_CHECKER)


REQUEST = validator("restore-request.v1")
WITHDRAWAL = validator("restore-withdrawal.v1")
RESULT = validator("restore-result.v1")
EVENT = validator("restore-event.v1")
LIST = validator("restore-list.v1")
SUMMARY = validator("restore-summary.v1")


def assert_agreement(fields: dict[str, Any]) -> RestoreRequest | None:
    """Assert that parser and schema say the same of a message, and return what is accepted.

    What the schema cannot say, and all of it: whether a time is in the calendar and in range, and
    that a list names a disk twice, in other casing.
    """
    request, reason = _parsed(fields)
    if request is None:
        unsayable = _is_about_a_time(reason) or reason.endswith(" twice: name each disk once.")
        assert unsayable or not REQUEST.is_valid(fields), f"valid: {fields}"
        return None
    REQUEST.validate(json.loads(request.to_json()))
    REQUEST.validate(fields)
    return request


def _parsed(fields: dict[str, Any]) -> tuple[RestoreRequest | None, str]:
    try:
        return RestoreRequest.from_fields(fields), ""
    except MalformedRequest as error:
        return None, error.reason


def _is_about_a_time(reason: str) -> bool:
    faults = re.findall(r"(\w+) is '[^']*': ([^.;:]*)", reason)
    known = {"it is no ISO 8601 time", "it is out of range"}
    return bool(faults) and all(name in TIMES and why in known for name, why in faults)
