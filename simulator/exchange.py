"""One HTTP exchange as values: the request that came, the reply that goes. No sockets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """A request; `target` is its path and query exactly as they were sent."""

    method: str
    target: str
    headers: Mapping[str, str]  # Names in lower case.
    body: bytes = b""

    @property
    def raw_path(self) -> str:
        """The path as it was sent."""
        return urlsplit(self.target).path

    @property
    def path(self) -> str:
        """The path with its escapes undone."""
        return unquote(self.raw_path)

    @property
    def query(self) -> dict[str, str]:
        """The query; names in lower case, the last of two with one name wins."""
        pairs = parse_qsl(urlsplit(self.target).query, keep_blank_values=True)
        return {name.lower(): value for name, value in pairs}

    @property
    def base(self) -> str:
        """Scheme and host by which the client called."""
        return "http://" + self.headers.get("host", "localhost")

    @property
    def client_request_id(self) -> str | None:
        """The id the client gave this call."""
        return self.headers.get("x-ms-client-request-id")

    def json(self) -> Any:
        """Return the body's value, or None where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Answer:
    """An answer; `announced` is a Content-Length that is not true."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    announced: int | None = None

    @classmethod
    def of(cls, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> "Answer":
        """Return an answer with a JSON body."""
        typed = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        return cls(status, typed, json.dumps(value).encode())

    def with_headers(self, headers: Mapping[str, str]) -> "Answer":
        """Return this answer with headers added below its own."""
        return Answer(self.status, {**headers, **self.headers}, self.body, self.announced)


@dataclass(frozen=True)
class Cut:
    """No answer: the connection ends, politely or with a reset."""

    reset: bool = False


Reply = Answer | Cut


@dataclass(frozen=True)
class Call:
    """A call that was made; `status` is None when its answer was cut off."""

    method: str
    path: str
    query: dict[str, str]
    at: datetime
    status: int | None
    client_request_id: str | None
    body: Any = None
