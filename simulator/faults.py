"""What can go wrong between a client and ARM: data, made by name. `plan` says when.

The important one is not the 500 but `lose_answer`: obeyed, and the client never learns it.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from simulator import errors, wire_times
from simulator.exchange import Answer, Cut, Reply

Obey = Callable[[], Answer]
Hold = Callable[[float], object]


@dataclass(frozen=True)
class Instead:
    """Answer this, and do not obey."""

    answer: Answer

    def around(self, obey: Obey, hold: Hold) -> Reply:  # noqa: ARG002
        """Return the answer."""
        return self.answer


@dataclass(frozen=True)
class Severed:
    """Cut the connection, before or after obeying."""

    obeyed: bool
    reset: bool

    def around(self, obey: Obey, hold: Hold) -> Reply:  # noqa: ARG002
        """Obey or not, and say nothing."""
        if self.obeyed:
            obey()
        return Cut(reset=self.reset)


@dataclass(frozen=True)
class Slow:
    """Obey, and let the client wait so many seconds of the wall clock for the answer."""

    seconds: float

    def around(self, obey: Obey, hold: Hold) -> Reply:
        """Return the right answer late."""
        answer = obey()
        hold(self.seconds)
        return answer


@dataclass(frozen=True)
class Altered:
    """Obey, and spoil the answer."""

    alter: Callable[[Answer], Answer]

    def around(self, obey: Obey, hold: Hold) -> Reply:  # noqa: ARG002
        """Return the answer altered."""
        return self.alter(obey())


Fault = Instead | Severed | Slow | Altered
Garbage = Literal["html", "empty", "cut", "short", "list"]


def status(
    code: int,
    error_code: str | None = None,
    message: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
) -> Fault:
    """Answer with a status: a body of one's own, or ARM's error, or nothing."""
    if body is None and error_code:
        body = {"error": {"code": error_code, "message": message or errors.text_of(error_code)}}
    blank = Answer(code) if body is None else Answer.of(body, code)
    return Instead(blank.with_headers(dict(headers or {})))


def throttle(retry_after: int | str | datetime | None = 1) -> Fault:
    """Answer 429, with Retry-After in seconds, as a date, or without."""
    if isinstance(retry_after, datetime):
        retry_after = wire_times.http_date(retry_after)
    message = (
        "Number of 'read' requests for subscription exceeded. Please try again after "
        f"'{retry_after or 1}' seconds after additional tokens are available."
    )
    headers = {"x-ms-failure-cause": "gateway"}
    headers |= {} if retry_after is None else {"Retry-After": str(retry_after)}
    return status(429, "SubscriptionRequestsThrottled", message, headers)


def cloud_dos() -> Fault:
    """Answer as recorded: throttled by the service itself, with a 400 and no Retry-After."""
    return service_error(400, "CloudDosTimeboudLimitReached")


def service_error(code: int, error_code: str, message: str | None = None) -> Fault:
    """Answer with an error of the service (shape A)."""
    return Instead(Answer.of({"error": errors.shape_a(error_code, message)}, code))


def slow(seconds: float) -> Fault:
    """Obey, and answer late."""
    return Slow(seconds)


def lose_answer() -> Fault:
    """Obey, and cut the connection before the answer."""
    return Severed(obeyed=True, reset=False)


def reset() -> Fault:
    """Reset the connection before obeying."""
    return Severed(obeyed=False, reset=True)


def garbage(kind: Garbage = "html") -> Fault:
    """Obey, and answer with something that is no answer; `short` ends before it said it would."""
    return Altered(_GARBAGE[kind])


def redirect(url: str, code: int = 307) -> Fault:
    """Answer with a redirect."""
    return status(code, headers={"Location": url})


def foreign_operation(base: str) -> Fault:
    """Obey, and hand out operation URLs on another host, given as scheme and host."""

    def alter(answer: Answer) -> Answer:
        changed = dict(answer.headers)
        for name in ("Azure-AsyncOperation", "Location"):
            if name in changed:
                changed[name] = re.sub(r"^https?://[^/]+", base, changed[name])
        return replace(answer, headers=changed)

    return Altered(alter)


def no_operation(*, keep_location: bool = True) -> Fault:
    """Obey, and answer 202 without Azure-AsyncOperation."""
    dropped = {"Azure-AsyncOperation"} | (set() if keep_location else {"Location"})

    def alter(answer: Answer) -> Answer:
        kept = {name: text for name, text in answer.headers.items() if name not in dropped}
        return replace(answer, headers=kept)

    return Altered(alter)


def with_headers(headers: Mapping[str, str]) -> Fault:
    """Obey, and set headers of the answer."""
    return Altered(lambda answer: replace(answer, headers={**answer.headers, **headers}))


def truncate_rows(keep: int = 1) -> Fault:
    """Answer a query of Resource Graph with its first rows, and say that there are more."""
    return _graph(lambda body: {**_kept(body, keep), "resultTruncated": "true"})


def lose_token(keep: int = 1) -> Fault:
    """Answer a query of Resource Graph with its first rows, and no way to ask for the rest."""
    return _graph(lambda body: _kept(body, keep))


def miscount_rows(more: int = 1) -> Fault:
    """Answer a query of Resource Graph with a total that its rows do not make."""
    return _graph(lambda body: {**body, "totalRecords": body["totalRecords"] + more})


def from_json(value: Mapping[str, Any]) -> Fault:
    """Return the fault that `{"fault": "throttle", "retry_after": 7}` names."""
    words = dict(value)
    return _BY_NAME[words.pop("fault")](**words)


def _graph(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    def alter(answer: Answer) -> Answer:
        body = json.loads(answer.body)
        changed = change(body) if "data" in body else body
        return replace(answer, body=json.dumps(changed).encode())

    return Altered(alter)


def _kept(body: dict[str, Any], keep: int) -> dict[str, Any]:
    data = body["data"][:keep]
    left = {name: value for name, value in body.items() if name != "$skipToken"}
    return {**left, "data": data, "count": len(data)}


def _html(answer: Answer) -> Answer:
    page = b"<!DOCTYPE html><html><body><h1>Service Unavailable</h1></body></html>"
    return Answer(answer.status, {"Content-Type": "text/html"}, page)


def _cut(answer: Answer) -> Answer:
    whole = answer.body or json.dumps({"error": {"code": "None"}}).encode()
    return replace(answer, body=whole[: len(whole) // 2])


def _short(answer: Answer) -> Answer:
    return replace(_cut(answer), announced=len(answer.body) + 1000)


_GARBAGE: Mapping[str, Callable[[Answer], Answer]] = {
    "html": _html,
    "empty": lambda answer: replace(answer, body=b""),
    "cut": _cut,
    "short": _short,
    "list": lambda answer: replace(answer, body=b"[]"),
}

_BY_NAME: Mapping[str, Callable[..., Fault]] = {
    made.__name__: made
    for made in (
        status,
        throttle,
        cloud_dos,
        service_error,
        slow,
        lose_answer,
        reset,
        garbage,
        redirect,
        foreign_operation,
        no_operation,
        with_headers,
        truncate_rows,
        lose_token,
        miscount_rows,
    )
}
