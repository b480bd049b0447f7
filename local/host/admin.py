"""What the host answers about itself, under /admin/host, to whoever has the master key.

    GET  /admin/host/status        ► {"state": "Running"}
    POST /admin/host/drain         ► 202: what runs may end; queues and timers give nothing new
    GET  /admin/host/drain/status  ► {"state": "Disabled" | "InProgress" | "Completed"}

The master key is the app setting `LOCAL_MASTER_KEY`; where it is not set, none is asked for.
"""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from local.host.keys import opens
from local.host.triggers import HttpAnswer, HttpCall

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY = "LOCAL_MASTER_KEY"
PREFIX = "/admin/host/"


class Stoppable(Protocol):
    """A listener that can take nothing new and wait for what it runs."""

    def stop(self) -> None:
        """Return when what it runs has ended."""
        ...


class Admin:
    """Answers for one host, and drains its queues and timers when it is told to."""

    def __init__(self, drained: Sequence[Stoppable], *, key: str) -> None:
        self._drained = drained
        self._key = key
        self._stops: list[threading.Thread] | None = None

    def answer(self, path: str, call: HttpCall) -> HttpAnswer:
        """Return what the host answers to a path below /admin/host."""
        if not opens(self._key, call):
            return HttpAnswer(HTTPStatus.UNAUTHORIZED)
        match call.method, path.removeprefix(PREFIX):
            case "GET", "status":
                return _json({"state": "Running"})
            case "POST", "drain":
                self._drain()
                return HttpAnswer(HTTPStatus.ACCEPTED)
            case "GET", "drain/status":
                return _json({"state": self._state()})
            case _:
                return HttpAnswer(HTTPStatus.NOT_FOUND)

    def _drain(self) -> None:
        if self._stops is None:
            self._stops = [
                threading.Thread(target=each.stop, daemon=True) for each in self._drained
            ]
            for stop in self._stops:
                stop.start()

    def _state(self) -> str:
        if self._stops is None:
            return "Disabled"
        return "InProgress" if any(stop.is_alive() for stop in self._stops) else "Completed"


def _json(body: dict[str, str]) -> HttpAnswer:
    return HttpAnswer(headers={"Content-Type": "application/json"}, body=json.dumps(body).encode())
