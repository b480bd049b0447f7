"""A text that may be longer than a property holds: in one, or in several that are numbered. Pure.

`document`, `document2`, `document3`, …: a text that one property holds stands in one, as it always
did. What was longer leaves nothing behind when it is replaced, for a row is replaced whole.
"""

from collections.abc import Mapping
from itertools import count, takewhile
from typing import Any, Final

from restore_core.engine.columns import MAX_PROPERTY

_PART: Final = MAX_PROPERTY // 2
"""Characters of a part: each is one UTF-16 unit or two, and none may be cut in half."""


def parts(name: str, text: str) -> dict[str, str]:
    """Return the properties that hold `text`."""
    if len(text.encode("utf-16-le", "surrogatepass")) <= 2 * MAX_PROPERTY:
        return {name: text}
    cuts = range(0, len(text), _PART)
    return {_numbered(name, n): text[at : at + _PART] for n, at in enumerate(cuts, 1)}


def parts_in(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of `row` that hold a text, in their order, whatever is in them."""
    names = (_numbered(name, number) for number in count(1))
    return {part: row[part] for part in takewhile(row.__contains__, names)}


def whole(name: str, row: Mapping[str, Any]) -> str:
    """Return the text that the properties of `row` hold; raise TypeError where one is no text."""
    return "".join(parts_in(name, row).values())


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}{number}"
