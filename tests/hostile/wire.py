"""ARM without sockets: what the app sends goes to the simulator, or meets a hostile answer.

The seam is `requests`' own: an HTTPAdapter, below everything the app does with HTTP. The endpoint
is the real one, https and all; what is sent anywhere else is noted and gets nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from simulator import Simulator
from simulator.exchange import Answer, Cut, Request

HOST = "management.azure.com"
ENDPOINT = f"https://{HOST}"

Hostility = Callable[[int, "Sent", Answer], Answer | Exception]


@dataclass(frozen=True)
class Sent:
    """A call that left the app."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


def honest(_number: int, _sent: Sent, answer: Answer) -> Answer | Exception:
    """Answer as the simulator does."""
    return answer


@dataclass
class Wire:
    """Where all calls go. `answers` may make of each answer what it likes."""

    simulator: Simulator
    answers: Hostility = honest
    sent: list[Sent] = field(default_factory=list)

    def adapter(self) -> HTTPAdapter:
        return _Adapter(self)

    def reply(self, sent: Sent) -> Answer:
        self.sent.append(sent)
        answer = self.answers(len(self.sent) - 1, sent, self._honestly(sent))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _honestly(self, sent: Sent) -> Answer:
        if sent.host != HOST:
            return Answer(404)
        headers = {name.lower(): value for name, value in sent.headers.items()} | {"host": HOST}
        target = sent.url.removeprefix(ENDPOINT)
        reply = self.simulator.answer(
            Request(sent.method, target, headers, sent.body), lambda _seconds: None
        )
        if isinstance(reply, Cut):
            raise requests.ConnectionError("cut")
        secure = {n: v.replace(f"http://{HOST}", ENDPOINT) for n, v in reply.headers.items()}
        body = reply.body.replace(f"http://{HOST}".encode(), ENDPOINT.encode())
        return Answer(reply.status, secure, body)


class _Adapter(HTTPAdapter):
    """Reads an answer as the real one does: decoding, header parsing and all."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        body = request.body or b""
        sent = Sent(
            str(request.method),
            str(request.url),
            dict(request.headers),
            body.encode() if isinstance(body, str) else body,
        )
        answer = self._wire.reply(sent)
        raw = HTTPResponse(
            body=BytesIO(answer.body),
            headers=HTTPHeaderDict(answer.headers),
            status=answer.status,
            preload_content=False,
        )
        return self.build_response(request, raw)
