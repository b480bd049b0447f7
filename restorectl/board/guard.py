"""Who may see the board: the browser that was shown its address, on this machine, and no other.

Another user of the machine reaches 127.0.0.1 as well, and a page elsewhere may have a name that
leads here (DNS rebinding). So every request must name this host, and hold the token that only the
printed address has; the first page changes that for a cookie, so that it stands in no address.
"""

from __future__ import annotations

import hmac
import secrets
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


class Door:
    """Where the board is served, and what opens it. Safe for threads."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._token = secrets.token_urlsafe(32)
        self._tickets: set[str] = set()

    @property
    def address(self) -> str:
        """The address that opens the board in a browser: for the eyes of whoever started it."""
        return self._address_with(self._token)

    def address_for_once(self) -> str:
        """Return one that opens it once: every user can read what a program was started with."""
        ticket = secrets.token_urlsafe(32)
        self._tickets.add(ticket)
        return self._address_with(ticket)

    def is_named(self, host: str) -> bool:
        """Tell whether a request's Host is this very server."""
        return host in {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}

    def opens(self, word: str) -> bool:
        """Tell whether the word behind `OPEN` lets its bearer in; a ticket does once."""
        if word in self._tickets:
            self._tickets.discard(word)
            return True
        return self._is_token(word)

    def knows(self, request: Request) -> bool:
        """Tell whether a browser has been let in before."""
        return self._is_token(request.cookies.get(self._cookie, ""))

    def let_in(self) -> Response:
        """Return the answer that lets a browser in."""
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
        return answer

    @property
    def _cookie(self) -> str:
        # With the port, for a browser sends a cookie to every port of a host.
        return f"board-{self.port}"

    def _address_with(self, word: str) -> str:
        return f"http://127.0.0.1:{self.port}{OPEN}{word}"

    def _is_token(self, word: str) -> bool:
        return hmac.compare_digest(word.encode(), self._token.encode())


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
            return self._door.let_in()
        if self._door.knows(request):
            return None
        return _refusal(
            HTTPStatus.UNAUTHORIZED, "Open the address that restorectl board has printed."
        )


def _refusal(status: HTTPStatus, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status)
