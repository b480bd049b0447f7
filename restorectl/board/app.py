"""The board's addresses: two pages, their files, and the data that they ask for. It changes nothing.

    /                    the board
    /restores/{id}       one restore
    /data/restores       what changed since a version, as JSON
    /data/restores/{id}  one restore with its timeline, as JSON
"""

from __future__ import annotations

import json
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import plotly
from starlette.applications import Starlette
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from restore_core.errors import Problem, Rejected, Unavailable
from restore_core.text import utc_text
from restorectl.board.looks import Looks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from starlette.requests import Request

    from restorectl.board.looks import Reads

PAGE: Final = Path(__file__).parent / "page"
CHARTS: Final = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
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
            return _problem(HTTPStatus.BAD_REQUEST, Problem("InvalidParameter", "No such look."))
        try:
            changes = looks.since(int(version))
        except Unavailable as error:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, error.problem)
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
        """Return one restore as it stands now."""
        now = self._clock()
        try:
            item = self._reads.restore(request.path_params["row_id"], now)
        except Unavailable as error:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, error.problem)
        except Rejected as error:
            return _problem(HTTPStatus(error.status), error.problem)
        if item is None:
            return _problem(HTTPStatus.NOT_FOUND, _UNKNOWN)
        return _json({"account": self._account, "asOf": utc_text(now), "item": item})


_UNKNOWN: Final = Problem(
    "NoSuchRestore",
    "No restore has this id.",
    "A message that is still on the queue is not known yet. Go back to the board and look there.",
)


def _file(path: str | Path) -> Callable[[Request], Response]:
    return lambda _request: FileResponse(PAGE / path)


def _problem(status: HTTPStatus, problem: Problem) -> Response:
    told = {"code": problem.code, "message": problem.message, "action": problem.action}
    return _json(told, status)


def _json(body: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False),
        status,
        {"Cache-Control": "no-store"},
        "application/json",
    )
