"""The board's addresses: two pages, their files, and the data they ask for. It changes nothing.

/                    the board
/restores/{id}       one restore
/data/restores       what changed since a version, as JSON
/data/restores/{id}  one restore with its timeline, as JSON
"""

from __future__ import annotations

import json
from datetime import timedelta
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from restore_core.reading.wanted import until_now
from restore_core.text import utc_text
from restorectl.board.looks import Looks
from restorectl.exits import Trouble
from restorectl.next_commands import next_commands
from restorectl.session import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from starlette.requests import Request

    from restorectl.board.looks import Item, Reads

PAGE: Final = Path(__file__).parent / "page"
CHARTS: Final = Path(str(files("plotly"))) / "package_data" / "plotly.min.js"
"""The chart library, as its Python package ships it."""
SPANS: Final = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
"""What the page may ask for; the same words stand in its list."""
USUAL: Final = "24h"
_LONGEST_VERSION: Final = 15
"""Digits."""


def application(reads: Reads, clock: Callable[[], datetime], account: str) -> Starlette:
    """Return the board of an account, behind no guard yet."""
    data = Data(reads, clock, account)
    return Starlette(
        routes=[
            Route("/", _file("board.html")),
            Route("/restores/{row_id}", _file("restore.html")),
            Route("/data/restores", data.changes),
            Route("/data/restores/{row_id}", data.restore),
            Route("/plotly.min.js", _file(CHARTS)),
            Mount("/page", StaticFiles(directory=PAGE)),
        ]
    )


class Data:
    """Answers what the pages ask. Starlette calls each in a thread: the tables may be slow."""

    def __init__(self, reads: Reads, clock: Callable[[], datetime], account: str) -> None:
        self._reads = reads
        self._clock = clock
        self._account = account
        self._looks = {word: Looks(reads, clock, span) for word, span in SPANS.items()}

    def changes(self, request: Request) -> Response:
        """Return what changed since the version that the page has."""
        looks = self._looks.get(request.query_params.get("since", USUAL))
        version = request.query_params.get("version", "0")
        if looks is None or not (version.isdecimal() and len(version) <= _LONGEST_VERSION):
            return _trouble(HTTPStatus.BAD_REQUEST, "There is no such look.")
        try:
            with explained():
                changes = looks.since(int(version))
        except Trouble as trouble:
            return _trouble(HTTPStatus.SERVICE_UNAVAILABLE, trouble.text, trouble.remedy)
        return _json(
            {
                "account": self._account,
                "asOf": utc_text(changes.as_of),
                "version": changes.version,
                "whole": changes.whole,
                "items": changes.items,
            }
        )

    def restore(self, request: Request) -> Response:
        """Return one restore as it stands now; a set with its members."""
        row_id, now = request.path_params["row_id"], self._clock()
        try:
            with explained():
                item = self._reads.restore(row_id, now)
                members = self._members(item, now)
        except Trouble as trouble:
            return _trouble(HTTPStatus.SERVICE_UNAVAILABLE, trouble.text, trouble.remedy)
        if item is None:
            return _trouble(HTTPStatus.NOT_FOUND, "No restore has this id.", _LOOK_ELSEWHERE)
        told = {"account": self._account, "asOf": utc_text(now)}
        next_ones = list(next_commands(item))
        return _json({**told, "item": item, "members": members, "commands": next_ones})

    def _members(self, item: Item | None, now: datetime) -> list[Item]:
        if item is None or "members" not in item:
            return []
        return self._reads.restores(until_now(now, now, part_of=item["rowId"]), now).items


_LOOK_ELSEWHERE: Final = (
    "A message that is still on the queue is not known yet. Go back to the board and look there."
)


def _file(path: str | Path) -> Callable[[Request], Response]:
    return lambda _request: FileResponse(PAGE / path)


def _trouble(status: HTTPStatus, message: str, action: str = "") -> Response:
    return _json({"message": message, "action": action}, status)


def _json(body: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, status, {"Cache-Control": "no-store"}, "application/json")
