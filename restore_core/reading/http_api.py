"""What receivers ask over HTTP, and the answers they get. No I/O of its own, no Azure.

A reply shows the public columns of rows, or a problem (RFC 9457): no token, no signed URL, no stack
trace. Path and query are the caller's text, key or no key: read strictly, quoted in one line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, Self
from urllib.parse import urlencode

from restore_core.contract.values import REQUEST_ID
from restore_core.engine.columns import as_json, day
from restore_core.engine.ports import Readable
from restore_core.errors import Problem, Rejected
from restore_core.lifecycle.states import Status
from restore_core.reading.exchange import Query, Reply
from restore_core.reading.replies import LOOK_AGAIN, answered, json_reply
from restore_core.text import quoted

MOST: Final = 1_000
USUAL: Final = 100
MAX_KEY: Final = 1_024
"""Characters of a row's key."""

_PARAMETERS: Final = ("day", "status", "top", "after")
_OF_THE_PLATFORM: Final = frozenset({"code", "clientid"})
"""The function key, and the name of that key: the Functions host reads these itself."""


class HttpApi:
    """Answers receivers. Safe for threads; never raises."""

    def __init__(self, readable: Callable[[], Readable], clock: Callable[[], datetime]) -> None:
        self._readable = readable
        self._clock = clock

    def restore(self, query: Query) -> Reply:
        """Show where the restore of `query.request_id` stands, or how it ended."""
        return answered(query, self._restore)

    def results(self, query: Query) -> Reply:
        """List how the restores of a day ended, a page at a time."""
        return answered(query, self._results_of)

    def _restore(self, query: Query) -> Reply:
        request_id = _usable(query.request_id)
        row = self._readable().row_of(request_id) or self._newest_refused(request_id)
        if row is None:
            raise _unknown(request_id)
        shown = as_json(row)
        return json_reply(shown, headers={} if shown["ended"] else {"Retry-After": str(LOOK_AGAIN)})

    def _newest_refused(self, request_id: str) -> Mapping[str, Any] | None:
        """Return why a message never became a restore: the sender of it may wait for that id."""
        now = self._clock()
        for moment in (now, now - timedelta(days=1)):
            if rows := self._readable().refused(day(moment), request_id):
                return max(rows, key=lambda row: row["completedAt"])
        return None

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
        for name in parameters:
            if name not in _PARAMETERS and name.lower() not in _OF_THE_PLATFORM:
                known = ", ".join(_PARAMETERS)
                raise _invalid(f"{quoted(name)} is no parameter: the parameters are {known}.")
        return cls(
            day=_day(parameters.get("day") or today),
            status=_status(parameters.get("status") or ""),
            top=_top(parameters.get("top") or str(USUAL)),
            after=_after(parameters.get("after") or ""),
        )

    def rest(self, last: str) -> str:
        """Return the query for what comes after the row `last`."""
        status = {"status": self.status.value} if self.status else {}
        return urlencode({"day": self.day, **status, "top": self.top, "after": last})


def _usable(request_id: str) -> str:
    if not REQUEST_ID.fullmatch(request_id):
        raise _invalid(
            f"requestId is {quoted(request_id)}: it must have 1 to 128 of a-z A-Z 0-9 . _ : - and "
            "begin with one of a-z A-Z 0-9."
        )
    return request_id


def _day(text: str) -> str:
    try:
        is_a_day = date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_a_day = False
    if not is_a_day:
        raise _invalid(f"day is {quoted(text)}: it must be a day (UTC) such as 2026-11-21.")
    return text


def _status(text: str) -> Status | None:
    statuses = {status.value.lower(): status for status in Status}
    if text and text.lower() not in statuses:
        known = ", ".join(status.value for status in Status)
        raise _invalid(f"status is {quoted(text)}: it must be one of {known}.")
    return statuses.get(text.lower())


def _top(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) else 0
    if not 1 <= number <= MOST:
        raise _invalid(f"top is {quoted(text)}: it must be a whole number from 1 to {MOST}.")
    return number


def _after(text: str) -> str:
    if len(text) > MAX_KEY or not text.isprintable():
        raise _invalid(f"after is {quoted(text)}: take it from a nextLink, as it stands there.")
    return text


def _invalid(reason: str) -> Rejected:
    return Rejected(Problem("InvalidParameter", reason), status=HTTPStatus.BAD_REQUEST)


def _unknown(request_id: str) -> Rejected:
    problem = Problem(
        "NoSuchRestore",
        f"No restore has the requestId {quoted(request_id)}, and no message of today or yesterday "
        "that was refused.",
        "A message that is still on the queue is not known yet: ask again.",
    )
    return Rejected(problem, status=HTTPStatus.NOT_FOUND)
