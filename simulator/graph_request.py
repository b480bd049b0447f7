"""What a query of Resource Graph asks for: its body, read strictly, and the token of a page."""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from simulator import kql

TABLES: Final = ("resources", "recoveryservicesresources")
MOST: Final = 1000
USUAL: Final = 100
_OPTIONS: Final = {"$top", "$skip", "$skipToken", "resultFormat", "allowPartialScopes"}
_FIELDS: Final = {"subscriptions", "managementGroups", "query", "options"}


@dataclass(frozen=True)
class Asked:
    """A query that was understood; no scope means whatever the caller may read."""

    text: str
    query: kql.Query
    subscriptions: frozenset[str] | None
    management_groups: frozenset[str] | None
    top: int
    skip: int

    def token(self, rows: int) -> str:
        """Return the $skipToken behind so many rows: it is good for this query alone."""
        words = {"offset": rows, "of": _mark(self.text)}
        return base64.b64encode(json.dumps(words).encode()).decode()


def read(body: Any) -> Asked:
    """Return what a body asks for; raise BadQuery, TypeError or ValueError."""
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise TypeError("no query")
    options = body.get("options") or {}
    if not set(body) <= _FIELDS or not set(options) <= _OPTIONS:
        raise ValueError("an unknown field")
    if options.get("resultFormat", "objectArray") != "objectArray":
        raise ValueError("another format than objectArray")
    query = kql.parse(body["query"])
    if query.table.lower() not in TABLES:
        raise ValueError(f"no such table: {query.table}")
    subscriptions, groups = _names(body, "subscriptions"), _names(body, "managementGroups")
    if subscriptions and groups:
        raise ValueError("subscriptions and managementGroups at once")
    return Asked(
        text=body["query"],
        query=query,
        subscriptions=subscriptions,
        management_groups=groups,
        top=_top(options),
        skip=_skip(options, body["query"]),
    )


def _names(body: dict[str, Any], field: str) -> frozenset[str] | None:
    found = body.get(field)
    if found is None:
        return None
    if not isinstance(found, list):
        raise TypeError(f"{field} is no list")
    return frozenset(str(one).lower() for one in found)


def _top(options: dict[str, Any]) -> int:
    wanted = options.get("$top")
    top = USUAL if wanted is None else int(wanted)
    if not 1 <= top <= MOST:
        raise ValueError(f"$top must be from 1 to {MOST}")
    return top


def _skip(options: dict[str, Any], query: str) -> int:
    """Return how many rows to pass over: a $skip goes before what a token says."""
    skip, token = int(options.get("$skip") or 0), options.get("$skipToken")
    if token is None:
        return skip
    words = json.loads(base64.b64decode(str(token), validate=True))
    if words["of"] != _mark(query):
        raise ValueError("the $skipToken of another query")
    return skip or int(words["offset"])


def _mark(query: str) -> str:
    return hashlib.sha256(query.encode()).hexdigest()[:16]
