"""The few forms of the query language that Resource Graph is asked here, parsed strictly.

`Table | where … | extend name = … | order by name desc | take 10 | project id, name`, in which a
condition is made of `=~`, `==`, `in~`, `startswith`, `>=`, `<=`, `and`, `or` and parentheses.
Anything else is a BadQuery, as a slip in a query would be in Azure.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

At = Callable[[str], Any]
"""A row: what stands at a path such as `properties.status`."""
Value = Callable[[At], Any]

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<text>'[^'\\\x00-\x1f]*')
      | datetime\((?P<time>[^()']*)\)
      | (?P<number>\d+)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
      | (?P<sign>=~|==|>=|<=|in~|[|(),=])
    )""",
    re.VERBOSE,
)


class BadQuery(ValueError):
    """The query is none of the forms that are known here."""


@dataclass(frozen=True)
class Query:
    """A query: which table, and what is done to its rows, step by step."""

    table: str
    steps: tuple[Callable[[list[At]], list[At]], ...]
    columns: tuple[str, ...] | None
    """What is projected; None: every column."""

    def run(self, rows: Iterable[At]) -> list[At]:
        """Return the rows that it leaves."""
        left = list(rows)
        for step in self.steps:
            left = step(left)
        return left


def parse(text: str) -> Query:
    """Return the query that a text holds; raise BadQuery."""
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._columns: tuple[str, ...] | None = None

    def query(self) -> Query:
        table, steps = self._take("name"), list[Callable[[list[At]], list[At]]]()
        while self._tokens:
            self._sign("|")
            steps.append(self._step(self._take("name").lower()))
        return Query(table, tuple(steps), self._columns)

    def _step(self, operator: str) -> Callable[[list[At]], list[At]]:
        match operator:
            case "where":
                holds = self._either()
                return lambda rows: [row for row in rows if holds(row)]
            case "extend":
                name = self._take("name")
                self._sign("=")
                value = self._either()
                return lambda rows: [_extended(row, name, value(row)) for row in rows]
            case "order":
                return self._order()
            case "take" | "limit":
                most = int(self._take("number"))
                return lambda rows: rows[:most]
            case "project":
                self._columns = tuple(self._list("name"))
                return lambda rows: rows
            case _:
                raise BadQuery(f"no such operator: {operator}")

    def _order(self) -> Callable[[list[At]], list[At]]:
        self._word("by")
        path, direction = self._take("name"), self._take("name").lower()
        if direction not in ("asc", "desc"):
            raise BadQuery("order by needs asc or desc")
        falls = direction == "desc"
        return lambda rows: sorted(rows, key=lambda row: row(path), reverse=falls)

    def _either(self) -> Value:
        parts = [self._both()]
        while self._next_word("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)

    def _both(self) -> Value:
        parts = [self._term()]
        while self._next_word("and"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)

    def _term(self) -> Value:
        if self._tokens and self._tokens[0] == ("sign", "("):
            self._sign("(")
            inner = self._either()
            self._sign(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Value:
        value, (kind, operator) = self._operand(), self._pop()
        if operator == "in~":
            self._sign("(")
            texts = frozenset(text.lower() for text in self._list("text"))
            self._sign(")")
            return lambda row: _text(value(row)) in texts
        compare = _COMPARISONS.get(operator.lower())
        if kind not in ("sign", "name") or compare is None:
            raise BadQuery(f"no such comparison: {operator}")
        wanted = self._literal()
        return lambda row: compare(value(row), wanted)

    def _operand(self) -> Value:
        name = self._take("name")
        function = _FUNCTIONS.get(name)
        if function is None:
            return lambda row: row(name)
        self._sign("(")
        path = self._take("name")
        self._sign(")")
        return lambda row: function(row(path))

    def _literal(self) -> Any:
        kind, value = self._pop()
        match kind:
            case "text":
                return value
            case "time":
                return _moment(value) or _bad(f"no time: {value}")
            case _:
                raise BadQuery(f"no literal: {value}")

    def _list(self, kind: str) -> list[str]:
        found = [self._take(kind)]
        while self._tokens and self._tokens[0] == ("sign", ","):
            self._sign(",")
            found.append(self._take(kind))
        return found

    def _next_word(self, word: str) -> bool:
        found = bool(self._tokens) and self._tokens[0] == ("name", word)
        if found:
            self._tokens.pop(0)
        return found

    def _word(self, word: str) -> None:
        if self._take("name") != word:
            raise BadQuery(f"{word} is missing")

    def _sign(self, sign: str) -> None:
        if self._pop() != ("sign", sign):
            raise BadQuery(f"{sign} is missing")

    def _take(self, kind: str) -> str:
        found, value = self._pop()
        if found != kind:
            raise BadQuery(f"a {kind} is missing before {value!r}")
        return value

    def _pop(self) -> tuple[str, str]:
        if not self._tokens:
            raise BadQuery("the query ends too soon")
        return self._tokens.pop(0)


def _tokens(text: str) -> Iterable[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise BadQuery(f"not understood: {text[at : at + 20]!r}")
        at = found.end()
        value = found[found.lastgroup]
        yield found.lastgroup, value[1:-1] if found.lastgroup == "text" else value


def _extended(row: At, name: str, value: Any) -> At:
    return lambda path: value if path == name else row(path)


def _text(value: Any) -> str:
    return value.lower() if isinstance(value, str) else ""


def _same(value: Any, wanted: Any) -> bool:
    return isinstance(wanted, str) and _text(value) == wanted.lower()


def _begins(value: Any, wanted: Any) -> bool:
    return isinstance(wanted, str) and _text(value).startswith(wanted.lower())


_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=~": _same,
    "startswith": _begins,
    "==": lambda value, wanted: bool(value == wanted),
    ">=": lambda value, wanted: value is not None and bool(value >= wanted),
    "<=": lambda value, wanted: value is not None and bool(value <= wanted),
}


def _moment(value: Any) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


_FUNCTIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "tostring": lambda value: "" if value is None else str(value),
    "todatetime": _moment,
}


def _bad(why: str) -> Any:
    raise BadQuery(why)
