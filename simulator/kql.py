"""The few forms of the query language that Resource Graph is asked here, parsed strictly.

`Table | where … | extend name = … | order by name desc | take 10 | project id, name = …`, in which
a condition is made of `=~`, `==`, `in~`, `startswith`, `contains`, `>=`, `<=`, `and`, `or` and
parentheses, and a value is a column, a path in it, or a function of one. Anything else is a
BadQuery, as a slip in a query would be in Azure: a column that there is not is one, too.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from simulator import kql_values
from simulator.kql_tokens import BadQuery, tokens

T = TypeVar("T")

At = Callable[[str], Any]
"""A row: what stands at a path such as `properties.status`."""
Value = Callable[[At], Any]
Step = Callable[[list[At]], list[At]]

COLUMNS: Final[tuple[str, ...]] = (
    "id",
    "name",
    "type",
    "properties",
    "tenantId",
    "kind",
    "location",
    "resourceGroup",
    "subscriptionId",
    "managedBy",
    "sku",
    "plan",
    "tags",
    "identity",
    "zones",
    "extendedLocation",
)
"""What every table has."""

_AFTER_A_VALUE: Final = frozenset({"|", ",", "and", "or"})


@dataclass(frozen=True)
class Query:
    """A query: which table, and what is done to its rows, step by step."""

    table: str
    steps: tuple[Step, ...]
    columns: tuple[str, ...]
    """What is shown of a row."""
    is_cut: bool
    """Whether it says itself how many rows it takes."""

    @property
    def has_pages(self) -> bool:
        """Whether what is left over can be asked for: not of a query that takes, or hides ids."""
        return not self.is_cut and "id" in self.columns

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
        self._tokens = list(tokens(text))
        self._columns = COLUMNS
        self._is_cut = False

    def query(self) -> Query:
        table, steps = self._take("name"), list[Step]()
        while self._tokens:
            self._sign("|")
            steps.append(self._step(self._take("name").lower()))
        return Query(table, tuple(steps), self._columns, self._is_cut)

    def _step(self, operator: str) -> Step:
        match operator:
            case "where":
                holds = self._either()
                return lambda rows: [row for row in rows if holds(row)]
            case "extend":
                made = dict(self._several(self._named))
                self._columns = (*self._columns, *made)
                return lambda rows: [_extended(row, made) for row in rows]
            case "order":
                return self._order()
            case "take" | "limit":
                most, self._is_cut = int(self._take("number")), True
                return lambda rows: rows[:most]
            case "project":
                shown = dict(self._several(self._projected))
                self._columns = tuple(shown)
                return lambda rows: [_extended(row, shown) for row in rows]
            case _:
                raise BadQuery(f"no such operator: {operator}")

    def _named(self) -> tuple[str, Value]:
        name = self._take("name")
        self._sign("=")
        return name, self._either(bare=True)

    def _projected(self) -> tuple[str, Value]:
        if self._tokens[1:2] == [("sign", "=")]:
            return self._named()
        path = self._take("name")
        return path.replace(".", "_"), self._path(path)

    def _order(self) -> Step:
        self._word("by")
        keys = self._several(self._key)

        def ordered(rows: list[At]) -> list[At]:
            for value, falls in reversed(keys):
                rows = sorted(rows, key=lambda row: kql_values.rank(value(row)), reverse=falls)
            return rows

        return ordered

    def _key(self) -> tuple[Value, bool]:
        value, direction = self._operand(), self._take("name").lower()
        if direction not in ("asc", "desc"):
            raise BadQuery("order by needs asc or desc")
        return value, direction == "desc"

    def _either(self, *, bare: bool = False) -> Value:
        parts = [self._both(bare=bare)]
        while self._next_word("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)

    def _both(self, *, bare: bool = False) -> Value:
        parts = [self._term(bare=bare)]
        while self._next_word("and"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)

    def _term(self, *, bare: bool = False) -> Value:
        if self._tokens and self._tokens[0] == ("sign", "("):
            self._sign("(")
            inner = self._either()
            self._sign(")")
            return inner
        test = kql_values.TESTS.get(self._tokens[0][1]) if self._tokens else None
        return self._test(test) if test else self._comparison(bare=bare)

    def _test(self, test: Callable[[Any], bool]) -> Value:
        self._take("name")
        self._sign("(")
        value = self._operand()
        self._sign(")")
        return lambda row: test(value(row))

    def _comparison(self, *, bare: bool) -> Value:
        value = self._operand()
        if bare and (not self._tokens or self._tokens[0][1] in _AFTER_A_VALUE):
            return value
        kind, operator = self._pop()
        if operator == "in~":
            self._sign("(")
            texts = frozenset(text.lower() for text in self._list("text"))
            self._sign(")")
            return lambda row: kql_values.text(value(row)) in texts
        compare = kql_values.COMPARISONS.get(operator.lower())
        if kind not in ("sign", "name") or compare is None:
            raise BadQuery(f"no such comparison: {operator}")
        wanted = self._literal()
        return lambda row: compare(value(row), wanted)

    def _operand(self) -> Value:
        name = self._take("name")
        function = kql_values.FUNCTIONS.get(name)
        if function is None:
            return self._path(name)
        self._sign("(")
        inner = self._operand()
        self._sign(")")
        return lambda row: function(inner(row))

    def _path(self, path: str) -> Value:
        if path.partition(".")[0] not in self._columns:
            raise BadQuery(f"no such column: {path}")
        return lambda row: row(path)

    def _literal(self) -> Any:
        kind, value = self._pop()
        match kind:
            case "text":
                return value
            case "time":
                return kql_values.moment(value) or _bad(f"no time: {value}")
            case _:
                raise BadQuery(f"no literal: {value}")

    def _list(self, kind: str) -> list[str]:
        return self._several(lambda: self._take(kind))

    def _several(self, one: Callable[[], T]) -> list[T]:
        found = [one()]
        while self._tokens and self._tokens[0] == ("sign", ","):
            self._sign(",")
            found.append(one())
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


def _extended(row: At, made: dict[str, Value]) -> At:
    def at(path: str) -> Any:
        name, _, inner = path.partition(".")
        value = made.get(name)
        return row(path) if value is None else kql_values.walk(value(row), inner)

    return at


def _bad(why: str) -> Any:
    raise BadQuery(why)
