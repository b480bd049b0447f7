"""Azure Resource Graph: one query over what all vaults and groups hold, as it stood a while ago.

A POST, but a read. Rows are those of a table that the caller may read; which he may not are not
there, and nobody says so. What does not fit into an answer is asked for by its $skipToken; a query
that takes so many rows itself, or shows no id, gets none, and is told that it was truncated.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from simulator import graph_request, graph_rows, wire_times
from simulator.accusations import Accusations, shown
from simulator.api_versions import check as check_api_version
from simulator.errors import Refusal, by_arm
from simulator.exchange import Answer, Request
from simulator.graph_quota import Quota
from simulator.graph_request import Asked
from simulator.habits import Habits
from simulator.world import World

PATH: Final = "/providers/microsoft.resourcegraph/resources"
_NO_LAG: Final = timedelta(seconds=1)


@dataclass
class Graph:
    """Answers queries; whoever calls it sees to it that calls come one at a time."""

    world: World
    accusations: Accusations
    habits: Habits
    quota: Quota = field(init=False)

    def __post_init__(self) -> None:
        self.quota = Quota(self.habits)

    def answer(self, request: Request, caller: str, now: datetime) -> Answer:
        """Answer a query; raise Refusal."""
        check_api_version(request, self.accusations, "graph")
        if request.method != "POST":
            text = f"The requested resource does not support http method '{request.method}'."
            raise by_arm(405, "MethodNotAllowed", text)
        may, quota = self.quota.take(caller, now)
        if self.quota.is_overrun(caller):
            self.accusations.accuse(
                f"{shown(request)}: goes on, though a 429 said when to ask again"
            )
        if not may:
            raise Refusal(_throttled(now).with_headers(quota))
        if self.habits.graph == "forbidden":
            raise by_arm(403, "AuthorizationFailed", "The client may not read Resource Graph.")
        return self._answer(self._read(request, now, quota), now).with_headers(quota)

    def _read(self, request: Request, now: datetime, quota: dict[str, str]) -> Asked:
        try:
            return graph_request.read(request.json())
        except (KeyError, TypeError, ValueError) as trouble:
            self.accusations.accuse(f"{shown(request)}: a bad query, {trouble}")
            raise Refusal(_bad_query(now).with_headers(quota)) from trouble

    def _answer(self, asked: Asked, now: datetime) -> Answer:
        scope = self._scope(asked)
        if scope is not None and not scope:
            return _no_scope(now)
        seen = [] if self.habits.graph == "empty" else self._seen(asked, scope, now)
        found = asked.query.run(row.at for row in seen)
        page = found[asked.skip : asked.skip + asked.top]
        end = asked.skip + len(page)
        more, pages = end < len(found), asked.query.has_pages
        answer = {
            "totalRecords": len(found),
            "count": len(page),
            "data": [graph_rows.shown(row, asked.query.columns) for row in page],
            "facets": [],
            "resultTruncated": "true" if more and not pages else "false",
        }
        return Answer.of({**answer, **({"$skipToken": asked.token(end)} if more and pages else {})})

    def _scope(self, asked: Asked) -> frozenset[str] | None:
        if asked.management_groups is None:
            return asked.subscriptions
        held = (self.world.management_groups.get(one, []) for one in asked.management_groups)
        return frozenset(one for subscriptions in held for one in subscriptions)

    def _seen(
        self, asked: Asked, scope: frozenset[str] | None, now: datetime
    ) -> list[graph_rows.Row]:
        # A job says that it begins a moment after it was asked for; without a lag it is there.
        ahead = self.habits.graph_lag or -_NO_LAG
        rows = graph_rows.of(asked.query.table, self.world, now - ahead)
        return [row for row in rows if scope is None or row.subscription in scope]


def _bad_query(now: datetime) -> Answer:
    text = "Query is invalid. Please refer to the documentation for the Azure Resource Graph "
    text += "service and fix the error before retrying."
    return _refused(400, "BadRequest", now, [{"code": "InvalidQuery", "message": text}])


def _no_scope(now: datetime) -> Answer:
    text = "There must be at least one subscription that is eligible to contain resources."
    detail = {"code": "NoValidSubscriptionsInQueryRequest", "message": text}
    return _refused(400, "BadRequest", now, [detail])


def _throttled(now: datetime) -> Answer:
    text = "Client application has been throttled and should not continue to make requests at "
    text += "this time. Please read https://aka.ms/resourcegraph-throttling."
    return _refused(429, "RateLimiting", now, [{"code": "RateLimiting", "message": text}])


def _refused(status: int, code: str, now: datetime, details: list[dict[str, str]]) -> Answer:
    """Return an error as Resource Graph words it: what is wrong stands in the details."""
    support = f"timestamp = {wire_times.precise(now)}, correlationId = {uuid.uuid4()}"
    message = f"Please provide below info when asking for support: {support}."
    return Answer.of({"error": {"code": code, "message": message, "details": details}}, status)
