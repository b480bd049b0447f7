"""Who may see the board: the browser that was shown its address, on this machine, and no other.

Another user of the machine reaches 127.0.0.1 as well, and a page elsewhere may have a name that
leads here (DNS rebinding). So every request must name this host, and hold the token that only the
printed address has; the first page changes that for a cookie, so that it stands in no address.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN: Final = "/open/"
"""With the token behind it: the address that is printed."""

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Door:
    """Where the board is served, and what opens it."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def address(self) -> str:
        """The address that opens the board in a browser."""
        return f"http://127.0.0.1:{self.port}{OPEN}{self.token}"

    @property
    def cookie(self) -> str:
        """Its cookie's name: a browser sends a cookie to every port of a host."""
        return f"board-{self.port}"

    def is_named(self, host: str) -> bool:
        """Tell whether a request's Host is this very server."""
        return host in {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}

    def opens(self, token: str) -> bool:
        """Tell whether this is the token, in a time that tells nothing."""
        return hmac.compare_digest(token.encode(), self.token.encode())


class Guard:
    """An ASGI application before another: it lets in, or says why not, and sets the headers."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = {name.lower() for name, _ in message["headers"]}
                message["headers"] += [
                    (name.lower().encode(), value.encode())
                    for name, value in HEADERS.items()
                    if name.lower().encode() not in sent
                ]
            await send(message)

        answer = self._stop(Request(scope)) or self._app
        await answer(scope, receive, send_with_headers)

    def _stop(self, request: Request) -> Response | None:
        """Return the answer to one that may not pass, or that comes for the cookie."""
        if not self._door.is_named(request.headers.get("host", "")):
            return _refusal(HTTPStatus.MISDIRECTED_REQUEST, "This board has another address.")
        if request.method not in {"GET", "HEAD"}:
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "The board only shows.")
        path = request.url.path
        if path.startswith(OPEN) and self._door.opens(path.removeprefix(OPEN)):
            return self._opened()
        if self._door.opens(request.cookies.get(self._door.cookie, "")):
            return None
        return _refusal(
            HTTPStatus.UNAUTHORIZED, "Open the address that restorectl board has printed."
        )

    def _opened(self) -> Response:
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        answer.set_cookie(self._door.cookie, self._door.token, httponly=True, samesite="strict")
        return answer


def _refusal(status: HTTPStatus, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status)
