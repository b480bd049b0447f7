"""The message contract in the words of JSON Schema, as far as these can say it. Pure.

`values` and `request` hang each of these on the field or the rule that it is the truth of, and
`tools.schemas` publishes the whole. Patterns are anchored and keep to what every dialect of
ECMA-262 and RE2 reads, so letters of either case are spelt out.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from restore_core.contract import moments
from restore_core.contract.resource_ids import ArmId, segment_pattern

Schema = dict[str, Any]

_THERE: Final[Schema] = {"type": ["string", "array"], "minLength": 1}
_ABSENT: Final[Schema] = {"enum": [None, ""]}

FLAG: Final[Schema] = {
    "type": ["boolean", "string", "null"],
    "pattern": "^(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])?$",
}
CARRIED: Final[Schema] = {"type": ["string", "null"]}
MOMENT: Final[Schema] = {"type": ["string", "null"], "pattern": f"^(?:{moments.PATTERN})?$"}
MOMENT_OR_LATEST: Final[Schema] = {"type": "string", "pattern": f"^(?:latest|{moments.PATTERN})$"}
"""A selector, so neither null nor "" may stand there."""


def text_like(expression: re.Pattern[str]) -> Schema:
    """Return the schema of a text that must be there and match as a whole."""
    return {"type": "string", "pattern": f"^{expression.pattern}$"}


def name_of(kind: str) -> Schema:
    """Return the schema of a name of `kind` (`disk`, …), or of none."""
    return _or_absent(segment_pattern(kind))


def id_of(kind: type[ArmId]) -> Schema:
    """Return the schema of an ARM id of `kind`, or of none."""
    return _or_absent(_pattern(kind))


def _pattern(kind: type[ArmId]) -> str:
    return "/".join(_segment(part) for part in kind.template.split("/"))


def _segment(part: str) -> str:
    if part.startswith("{"):
        return segment_pattern(part.strip("{}"))
    return "".join(_either_case(letter) for letter in part)


def _either_case(letter: str) -> str:
    return f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else re.escape(letter)


def _or_absent(expression: str) -> Schema:
    return {"type": ["string", "null"], "pattern": f"^(?:{expression})?$"}


def text_or_none(expression: re.Pattern[str]) -> Schema:
    """Return the schema of a text that matches as a whole, or of none."""
    return _or_absent(expression.pattern)


def list_of(kind: type[ArmId], most: int) -> Schema:
    """Return the schema of a list of different ids of `kind`, or of none."""
    items = {"type": "string", "pattern": f"^(?:{_pattern(kind)})$"}
    listed = {"type": "array", "minItems": 1, "maxItems": most, "uniqueItems": True}
    return {"anyOf": [{**listed, "items": items}, _ABSENT]}


def count_up_to(most: int, digits: re.Pattern[str]) -> Schema:
    """Return the schema of a whole number from 1 to `most`, perhaps as its digits, or of none."""
    number = {"type": ["integer", "string", "null"], "minimum": 1, "maximum": most}
    return {**number, "pattern": f"^(?:{digits.pattern})?$"}


# -------------------------------------------------------------------------- which go together


def one_of_these(*choices: tuple[str, tuple[str, ...]]) -> Schema:
    """Return the rule that one field of `choices` is there, without those that it excludes."""
    return {
        "oneOf": [
            {"required": [name], "properties": {name: _THERE, **dict.fromkeys(excluded, _ABSENT)}}
            for name, excluded in choices
        ]
    }


def by_kind(some: Sequence[str], *, then: Schema, otherwise: Schema) -> Schema:
    """Return the rule that `then` holds where one field of `some` is there, else `otherwise`."""
    there = [{"required": [name], "properties": {name: _THERE}} for name in some]
    return {"if": {"anyOf": there}, "then": then, "else": otherwise}


def without(*names: str) -> Schema:
    """Return the rule that each of these fields is absent, or means no more than that."""
    return {"properties": dict.fromkeys(names, _ABSENT)}


def not_both(one: str, other: str) -> Schema:
    """Return the rule that two selectors exclude each other."""
    return {"not": {"required": [one, other]}}
