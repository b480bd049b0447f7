"""How a fault of a request is told to its sender: field, value and remedy. Pure."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic_core import ErrorDetails

from restore_core.contract.values import REQUEST_ID
from restore_core.text import MAX_QUOTE, one_line, quoted, shown

MAX_FAULTS_TOLD: Final = 5
"""Faults of one message that its reason tells: who mends those sees the rest."""

_EXAMPLES: Final = {"requestId": ", such as INC0012345-disk-sql-data"}


def either(names: Sequence[str]) -> str:
    """Return the names, of which one is wanted."""
    return _joined(names, "or")


def all_of(names: Sequence[str]) -> str:
    """Return the names, all of which are meant."""
    return _joined(names, "and")


def _joined(names: Sequence[str], last: str) -> str:
    *first, end = names
    return f"{', '.join(first)} {last} {end}" if first else end


def usable_id(fields: dict[str, Any], name: str = "requestId") -> str:
    """Return the request id that stands under `name`, or "" where it can be none."""
    request_id = fields.get(name)
    usable = isinstance(request_id, str) and REQUEST_ID.fullmatch(request_id)
    return request_id if usable and isinstance(request_id, str) else ""


def told(fault: ErrorDetails, fields: Mapping[str, str]) -> str:
    """Return one fault as a sentence: the field, its value (cut) and the remedy."""
    field = str(fault["loc"][0]) if fault["loc"] else ""
    if fault["type"] == "missing":
        return f"{field} is missing: every request must have it{_EXAMPLES.get(field, '')}."
    if fault["type"] == "extra_forbidden":
        return f"{quoted(field)} is no field of a restore request{_nearest(field, fields)}."
    reason = str(fault["ctx"]["error"]) if "ctx" in fault else fault["msg"]
    if not field:
        return f"{reason}."
    return f"{field} is {_given(fault['input'])}: {reason}."


def _given(value: object) -> str:
    """Return the value as it was given; of what is no text and no number, its type."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return one_line(str(value), MAX_QUOTE) if is_number else shown(value)


def nearest_field(name: str, *, cutoff: float, among: Mapping[str, str]) -> str:
    """Return the field that is written nearly as `name`, in any casing, else ""."""
    near = difflib.get_close_matches(name.lower(), among, n=1, cutoff=cutoff)
    return among[near[0]] if near else ""


def _nearest(field: str, fields: Mapping[str, str]) -> str:
    near = nearest_field(field, cutoff=0.5, among=fields)
    if near:
        return f": perhaps {near} is meant"
    return f"; the fields are {', '.join(fields.values())}"
