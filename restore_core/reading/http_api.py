"""What receivers ask over HTTP, and the answers they get. No I/O of its own, no Azure.

Two lists: newest first, with all that `Reading` tells; and, for a query that knows only parameters
of the versions before 0.2.0, what it was then: how the restores of a day ended, by id.

A reply shows the public columns of rows, or a problem (RFC 9457): no token, no signed URL, no stack
trace. Path and query are the caller's text, key or no key: read strictly, quoted in one line.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, Final, Self
from urllib.parse import urlencode

from restore_core.contract.values import REQUEST_ID
from restore_core.engine.columns import as_json, day
from restore_core.engine.ports import Readable
from restore_core.errors import Problem, Rejected
from restore_core.lifecycle.status import Status
from restore_core.reading.exchange import Query, Reply
from restore_core.reading.items import PORTAL
from restore_core.reading.reading import Reading
from restore_core.reading.replies import LOOK_AGAIN, answered, json_reply
from restore_core.reading.rows import REFUSED_ID
from restore_core.reading.wanted import MAX_KEY, NEW, USUAL, Wanted, invalid, top_of
from restore_core.text import quoted, utc_text

_PARAMETERS: Final = ("day", "status", "top", "after")
_OF_A_SUMMARY: Final = ("since", "until", "vault")
_OF_THE_PLATFORM: Final = frozenset({"code", "clientid"})
"""The function key, and the name of that key: the Functions host reads these itself."""


class HttpApi:
    """Answers receivers. Safe for threads; never raises."""

    def __init__(
        self,
        readable: Callable[[], Readable],
        clock: Callable[[], datetime],
        *,
        portal: Callable[[], str] = lambda: PORTAL,
    ) -> None:
        self._readable = readable
        self._clock = clock
        self._portal = portal

    def restore(self, query: Query) -> Reply:
        """Show where the restore of `query.request_id` stands, or how it ended."""
        return answered(query, self._restore)

    def results(self, query: Query) -> Reply:
        """List restores, a page at a time."""
        is_new = query.parameters.keys() & (set(NEW) - set(_PARAMETERS))
        return answered(query, self._listed if is_new else self._results_of)

    def summary(self, query: Query) -> Reply:
        """Tell what the restores of some time come to."""
        return answered(query, self._summary)

    def _restore(self, query: Query) -> Reply:
        request_id = _usable(query.request_id)
        shown = self._reading.restore(request_id, self._clock())
        if shown is None:
            raise _unknown(request_id)
        return json_reply(shown, headers={} if shown["ended"] else {"Retry-After": str(LOOK_AGAIN)})

    def _listed(self, query: Query) -> Reply:
        _all_known(query.parameters, NEW)
        now = self._clock()
        wanted = Wanted.of(query.parameters, now)
        page = self._reading.restores(wanted, now)
        body: dict[str, Any] = {"value": page.items, "asOf": utc_text(now)}
        if page.older:
            asked = {name: query.parameters[name] for name in NEW if query.parameters.get(name)}
            # A span is counted from now, and the next page is asked for later.
            rest = {**asked, "since": utc_text(wanted.since), "older": page.older}
            body["nextLink"] = f"{query.address}?{urlencode(rest)}"
        return json_reply(body)

    def _summary(self, query: Query) -> Reply:
        _all_known(query.parameters, _OF_A_SUMMARY)
        now = self._clock()
        wanted = Wanted.of(query.parameters, now)
        return json_reply(
            self._reading.summary(wanted.since, wanted.until, now, vault=wanted.vault)
        )

    @property
    def _reading(self) -> Reading:
        return Reading(self._readable, portal=self._portal())

    def _results_of(self, query: Query) -> Reply:
        wanted = _Wanted.of(query.parameters, today=day(self._clock()))
        found = self._readable().results_of(
            wanted.day, status=wanted.status, after=wanted.after, most=wanted.top + 1
        )
        page = found[: wanted.top]
        body: dict[str, Any] = {"value": [as_json(row) for row in page]}
        if len(found) > len(page):
            body["nextLink"] = f"{query.address}?{wanted.rest(page[-1]['RowKey'])}"
        return json_reply(body)


@dataclass(frozen=True)
class _Wanted:
    """Which results are asked for."""

    day: str
    status: Status | None
    top: int
    after: str

    @classmethod
    def of(cls, parameters: Mapping[str, str], *, today: str) -> Self:
        """Return what a query asks for; raise Rejected naming what is wrong with it.

        An empty parameter is an absent one: the Functions host leaves it out.
        """
        _all_known(parameters, _PARAMETERS)
        return cls(
            day=_day(parameters.get("day") or today),
            status=_status(parameters.get("status") or ""),
            top=top_of(parameters.get("top") or str(USUAL)),
            after=_after(parameters.get("after") or ""),
        )

    def rest(self, last: str) -> str:
        """Return the query for what comes after the row `last`."""
        status = {"status": self.status.value} if self.status else {}
        return urlencode({"day": self.day, **status, "top": self.top, "after": last})


def _all_known(parameters: Mapping[str, str], known: Sequence[str]) -> None:
    for name in parameters:
        if name not in known and name.lower() not in _OF_THE_PLATFORM:
            names = ", ".join(dict.fromkeys([*known, *NEW] if known == _PARAMETERS else known))
            raise invalid(f"{quoted(name)} is no parameter: the parameters are {names}.")


def _usable(request_id: str) -> str:
    if not (REQUEST_ID.fullmatch(request_id) or REFUSED_ID.fullmatch(request_id)):
        raise invalid(
            f"requestId is {quoted(request_id)}: it must have 1 to 128 of a-z A-Z 0-9 . _ : - and "
            "begin with one of a-z A-Z 0-9; or be the rowId of a message that was refused."
        )
    return request_id


def _day(text: str) -> str:
    try:
        is_a_day = date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_a_day = False
    if not is_a_day:
        raise invalid(f"day is {quoted(text)}: it must be a day (UTC) such as 2026-11-21.")
    return text


def _status(text: str) -> Status | None:
    statuses = {status.value.lower(): status for status in Status}
    if text and text.lower() not in statuses:
        known = ", ".join(status.value for status in Status)
        raise invalid(f"status is {quoted(text)}: it must be one of {known}.")
    return statuses.get(text.lower())


def _after(text: str) -> str:
    if len(text) > MAX_KEY or not text.isprintable():
        raise invalid(f"after is {quoted(text)}: take it from a nextLink, as it stands there.")
    return text


def _unknown(request_id: str) -> Rejected:
    problem = Problem(
        "NoSuchRestore",
        f"No restore has the requestId {quoted(request_id)}, and no message of today or yesterday "
        "that was refused.",
        "A message that is still on the queue is not known yet: ask again.",
    )
    return Rejected(problem, status=HTTPStatus.NOT_FOUND)
