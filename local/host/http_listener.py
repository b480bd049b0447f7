"""Serves the functions of HTTP triggers by the Functions host's rules, on this machine alone.

    GET /api/restores/r1?code=…
      ├─ no function has this route and method ──────────► 404
      ├─ its level asks for a key; none or another came ─► 401
      └─ function called
            ├─ it raised ────────────────────────────────► 500, and no reason
            └─ it returned ──────────────────────────────► its answer

The one key is the app setting `LOCAL_FUNCTION_KEY`. Where it is not set, none is asked for, as
Core Tools does on a developer's machine.
"""

from __future__ import annotations

import logging
import re
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl, unquote

from local.host import admin
from local.host.keys import opens
from local.host.triggers import HttpAnswer, HttpCall, Incoming

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local.host.triggers import HttpTrigger, Invoker

KEY = "LOCAL_FUNCTION_KEY"
PREFIX = "/api/"
DEFAULT_PORT = 7071  # Core Tools' own.
SLOWEST_CLIENT = 10  # seconds that a client may take to send; else the host could not end.

log = logging.getLogger(__name__)


class HttpListener:
    """Listens on a port of this machine until it is stopped; port 0 is one that is free."""

    def __init__(
        self,
        triggers: Sequence[HttpTrigger],
        *,
        invoker: Invoker,
        key: str,
        port: int,
        about_the_host: admin.Admin | None = None,
    ) -> None:
        self._routes = [_Route(trigger) for trigger in triggers]
        self._invoker = invoker
        self._key = key
        self._admin = about_the_host
        self._server = _Server(("127.0.0.1", port), _handler(self))
        name = f"http {self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name=name, daemon=True)

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer; what asked before is answered now."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, and wait for the functions that run."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def answer(self, path: str, call: HttpCall) -> HttpAnswer:
        """Return what the host answers."""
        if self._admin and path.startswith(admin.PREFIX):
            return self._admin.answer(path, call)
        for route in self._routes:
            parameters = route.match(call.method, path)
            if parameters is not None:
                return self._invoke(route.trigger, call.with_route(parameters))
        return HttpAnswer(HTTPStatus.NOT_FOUND)

    def _invoke(self, trigger: HttpTrigger, call: HttpCall) -> HttpAnswer:
        if not self._may_call(trigger, call):
            return HttpAnswer(HTTPStatus.UNAUTHORIZED)
        try:
            return self._invoker.invoke(trigger, Incoming(call)) or HttpAnswer()
        except Exception:
            log.exception("function.failed function=%s", trigger.function)
            return HttpAnswer(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _may_call(self, trigger: HttpTrigger, call: HttpCall) -> bool:
        return trigger.auth_level == "anonymous" or opens(self._key, call)


class _Route:
    """Matches paths with a template such as `restores/{requestId}`, without case as ASP.NET."""

    def __init__(self, trigger: HttpTrigger) -> None:
        self.trigger = trigger
        parts = re.split(r"\{(\w+)\}", trigger.route)
        texts, self._names = parts[::2], parts[1::2]
        pattern = "([^/]+)".join(re.escape(text) for text in texts)
        self._path = re.compile(re.escape(PREFIX) + pattern + "/?", re.IGNORECASE)

    def match(self, method: str, path: str) -> Mapping[str, str] | None:
        """Return the route's parameters, or None where it is another route."""
        found = self._path.fullmatch(path)
        if not found or (self.trigger.methods and method not in self.trigger.methods):
            return None
        return dict(zip(self._names, map(_decoded, found.groups()), strict=True))


def _decoded(segment: str) -> str:
    """Decode a segment as ASP.NET does, which leaves an encoded slash as it is."""
    return unquote(re.sub("%2f", "%252F", segment, flags=re.IGNORECASE))


def _query(text: str) -> dict[str, str]:
    """Return a query as the host hands it on: repeated values joined, empty ones left out."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(text):
        values.setdefault(name, []).append(value)
    return {name: ",".join(several) for name, several in values.items()}


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing the server waits for them


class _Handler(BaseHTTPRequestHandler):
    """One request; the connection ends with it."""

    listener: ClassVar[HttpListener]
    timeout = SLOWEST_CLIENT

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        length = self.headers.get("Content-Length") or ""
        call = HttpCall(
            method=self.command,
            url=f"http://{self.headers.get('Host') or '127.0.0.1'}{self.path}",
            headers=dict(self.headers.items()),
            query=_query(query),
            body=self.rfile.read(int(length)) if length.isdigit() else b"",
        )
        self._send(self.listener.answer(path, call))

    def _send(self, answer: HttpAnswer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815 - http.server's names.

    def log_message(self, _format: str, *_args: object) -> None:
        """Say nothing: a request's line holds the key, where it stands in the query."""


def _handler(listener: HttpListener) -> type[_Handler]:
    return type("Handler", (_Handler,), {"listener": listener})
