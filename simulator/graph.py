"""Azure Resource Graph: one query over what all vaults hold, as they stood a while ago.

A POST, but a read. Rows are those of `RecoveryServicesResources` that the caller may read; which
he may not are not there, and nobody says so. Fifteen queries in five seconds, then 429.
"""

import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from simulator import graph_rows, kql, wire_times
from simulator.accusations import Accusations, shown
from simulator.api_versions import check_of_graph
from simulator.errors import Refusal, by_arm
from simulator.exchange import Answer, Request
from simulator.habits import Habits
from simulator.world import World

PATH: Final = "/providers/microsoft.resourcegraph/resources"
TABLE: Final = "recoveryservicesresources"
QUERIES: Final = 15
SPAN: Final = timedelta(seconds=5)
MOST: Final = 1000
USUAL: Final = 100
_OPTIONS: Final = {"$top", "$skip", "$skipToken", "resultFormat", "allowPartialScopes"}
_NO_LAG: Final = timedelta(seconds=1)
_DURATION: Final = "0:00:00:00.2780000"  # Recorded: 278 ms for 37 rows.


@dataclass(frozen=True)
class _Asked:
    query: kql.Query
    subscriptions: frozenset[str] | None
    top: int
    skip: int


@dataclass
class Graph:
    """Answers queries; whoever calls it sees to it that calls come one at a time."""

    world: World
    accusations: Accusations
    habits: Habits
    _asked: deque[datetime] = field(default_factory=deque)

    def answer(self, request: Request, now: datetime) -> Answer:
        """Answer a query; raise Refusal."""
        check_of_graph(request, self.accusations)
        if request.method != "POST":
            text = f"The requested resource does not support http method '{request.method}'."
            raise by_arm(405, "MethodNotAllowed", text)
        quota = self._quota(now)
        if self.habits.graph == "forbidden":
            raise by_arm(403, "AuthorizationFailed", "The client may not read Resource Graph.")
        try:
            asked = _read(request.json())
        except (kql.BadQuery, TypeError, ValueError) as trouble:
            self.accusations.accuse(f"{shown(request)}: a bad query, {trouble}")
            raise Refusal(_bad_query(now).with_headers(quota)) from trouble
        return Answer.of(self._rows(asked, now)).with_headers(quota)

    def _quota(self, now: datetime) -> dict[str, str]:
        while self._asked and self._asked[0] <= now - SPAN:
            self._asked.popleft()
        left = QUERIES - len(self._asked)
        first = self._asked[0] if self._asked else now
        headers = _quota_headers(max(0, left - 1), first + SPAN - now)
        if left <= 0:
            raise Refusal(_throttled(now).with_headers(headers))
        self._asked.append(now)
        return headers

    def _rows(self, asked: _Asked, now: datetime) -> dict[str, Any]:
        seen = [] if self.habits.graph == "empty" else self._seen(asked, now)
        found = asked.query.run(row.at for row in seen)
        page = found[asked.skip : asked.skip + asked.top]
        end = asked.skip + len(page)
        more = end < len(found)
        answer = {
            "totalRecords": len(found),
            "count": len(page),
            "data": [graph_rows.shown(row, asked.query.columns) for row in page],
            "facets": [],
            "resultTruncated": "true" if more else "false",
        }
        return {**answer, "$skipToken": f"offset:{end}"} if more else answer

    def _seen(self, asked: _Asked, now: datetime) -> list[graph_rows.Row]:
        # A job says that it begins a moment after it was asked for; without a lag it is there.
        ahead = self.habits.graph_lag or -_NO_LAG
        rows = graph_rows.of(self.world, now - ahead)
        wanted = asked.subscriptions
        return [row for row in rows if wanted is None or row.subscription in wanted]


def _read(body: Any) -> _Asked:
    """Return what a body asks for; raise BadQuery, TypeError or ValueError."""
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise TypeError("no query")
    options = body.get("options") or {}
    if not set(body) <= {"subscriptions", "query", "options"} or not set(options) <= _OPTIONS:
        raise ValueError("an unknown field")
    if options.get("resultFormat", "objectArray") != "objectArray":
        raise ValueError("another format than objectArray")
    query = kql.parse(body["query"])
    if query.table.lower() != TABLE:
        raise ValueError(f"no such table: {query.table}")
    top = int(options.get("$top", USUAL))
    if not 1 <= top <= MOST:
        raise ValueError(f"$top must be from 1 to {MOST}")
    token = str(options.get("$skipToken", "offset:0"))
    subscriptions = body.get("subscriptions")
    return _Asked(
        query=query,
        subscriptions=subscriptions and frozenset(one.lower() for one in subscriptions),
        top=top,
        skip=int(options.get("$skip", 0)) or int(token.removeprefix("offset:")),
    )


def _quota_headers(left: int, resets: timedelta) -> dict[str, str]:
    seconds = max(1, round(resets.total_seconds()))
    return {
        "x-ms-user-quota-remaining": str(left),
        "x-ms-user-quota-resets-after": f"00:00:{seconds:02d}",
        "x-ms-ratelimit-remaining-tenant-resource-requests": str(left),
        "x-ms-resource-graph-request-duration": _DURATION,
    }


def _bad_query(now: datetime) -> Answer:
    text = "Query is invalid. Please refer to the documentation for the Azure Resource Graph "
    text += "service and fix the error before retrying."
    return _refused(400, "BadRequest", now, [{"code": "InvalidQuery", "message": text}])


def _throttled(now: datetime) -> Answer:
    text = "Client application has been throttled and should not continue to make requests at "
    text += "this time. Please read https://aka.ms/resourcegraph-throttling."
    return _refused(429, "RateLimiting", now, [{"code": "RateLimiting", "message": text}])


def _refused(status: int, code: str, now: datetime, details: list[dict[str, str]]) -> Answer:
    """Return an error as Resource Graph words it: what is wrong stands in the details."""
    support = f"timestamp = {wire_times.precise(now)}, correlationId = {uuid.uuid4()}"
    message = f"Please provide below info when asking for support: {support}."
    return Answer.of({"error": {"code": code, "message": message, "details": details}}, status)
