"""The words of a query: texts in quotes, times, numbers, names, signs."""

import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<text>'[^'\\\x00-\x1f]*')
      | datetime\((?P<time>[^()']*)\)
      | (?P<number>\d+)
      | (?P<sign>=~|==|>=|<=|in~|[|(),=])
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    )""",
    re.VERBOSE,
)


class BadQuery(ValueError):
    """The query is none of the forms that are known here."""


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield kind and value of each word; raise BadQuery."""
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise BadQuery(f"not understood: {text[at : at + 20]!r}")
        at = found.end()
        value = found[found.lastgroup]
        yield found.lastgroup, value[1:-1] if found.lastgroup == "text" else value
