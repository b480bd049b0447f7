"""ARM as a process reaches it: the simulator without sockets, behind what can go wrong.

`Wire` is an adapter for the app's own HTTP session, so that all of `restore_core.arm` runs. It also
watches where the token goes: whatever leaves for another host is a breach, not a failed call.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from azure.core.exceptions import ClientAuthenticationError
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from simulator import faults as spoil
from simulator.exchange import Answer, Cut, Reply, Request
from simulator.faults import Fault
from tests.simulation.process import Process

ENDPOINT: Final = "https://management.azure.com"
HOST: Final = "management.azure.com"
ELSEWHERE: Final = "https://management.azure.com.evil.example"

_FAST: Final = (0.03, 0.4)
_POLLED: Final = re.compile(r"/(operationStatus|backupJobs)(/|$)", re.IGNORECASE)
_GRAPH: Final = re.compile(r"/Microsoft\.ResourceGraph/", re.IGNORECASE)
_ALL_ROWS: Final = re.compile(rb"order by id asc")
"""Of a query that is answered whole or not at all."""
_OK: Final = 200
_MARK: Final = re.compile(rb"startswith '([^'/]+)'")
_AT_THE_SICK_VAULT: Final = re.compile(r"/vault-1/.*/validateRestore$", re.IGNORECASE)
_LIST_OF_JOBS: Final = re.compile(r"/backupJobs$", re.IGNORECASE)

LOCKED: Final = (
    "The scope '/subscriptions/0/resourceGroups/rg-prod' cannot perform write operation because "
    "following scope(s) are locked: '/subscriptions/0/resourceGroups/rg-prod'."
)
GATEWAY: Final = {"x-ms-failure-cause": "gateway"}
"""On an answer that ARM gave by itself: no provider has seen the call."""
_ANSWERS: Final[dict[str, Fault]] = {
    "arm-429": spoil.throttle(retry_after=47),
    "arm-429-without-retry-after": spoil.throttle(retry_after=None),
    "arm-cloud-dos": spoil.cloud_dos(),
    "arm-401": spoil.status(401, "ExpiredAuthenticationToken"),
    "arm-408": spoil.status(408, "RequestTimeout"),
    "arm-409": spoil.status(409, "Conflict"),
    "arm-500-undone": spoil.service_error(500, "CloudInternalError"),
    "arm-503-undone": spoil.service_error(503, "ServiceUnavailable"),
    "arm-504-undone": spoil.status(504, "GatewayTimeout"),
    "arm-reset-undone": spoil.reset(),
    "arm-reset-done": spoil.lose_answer(),
    "arm-cut": spoil.garbage("cut"),
    "arm-short": spoil.garbage("short"),
    "arm-empty": spoil.garbage("empty"),
    "arm-html": spoil.garbage("html"),
    "arm-not-an-object": spoil.garbage("list"),
    "arm-error-page": spoil.Instead(
        Answer(502, {"Content-Type": "text/html"}, b"<html>Bad</html>")
    ),
    "arm-redirect": spoil.redirect(f"{ELSEWHERE}/login"),
    "arm-202-without-operation": spoil.no_operation(keep_location=False),
    "arm-202-foreign-operation": spoil.foreign_operation(ELSEWHERE),
    "arm-403-on-poll": spoil.status(403, "AuthorizationFailed"),
    "arm-404-on-poll": spoil.status(404, "ResourceNotFound"),
    "arm-204-on-poll": spoil.Instead(Answer(204)),
    "arm-403-on-post": spoil.status(403, "AuthorizationFailed"),
    "arm-locked-by-the-gateway": spoil.status(409, "ScopeLocked", LOCKED, GATEWAY),
    "arm-locked-unmarked": spoil.status(409, "ScopeLocked", LOCKED),
    "arm-unregistered": spoil.status(
        409, "MissingSubscriptionRegistration", "The subscription is not registered.", GATEWAY
    ),
    "arm-400-on-post": spoil.service_error(400, "BMSUserErrorInvalidInput"),
    "graph-403": spoil.status(403, "AuthorizationFailed"),
    "graph-429": spoil.status(429, "RateLimiting"),
    "graph-503": spoil.status(503, "ServiceUnavailable"),
}
_DONE_ALL_THE_SAME: Final = {
    "arm-locked-done": spoil.status(409, "ScopeLocked", LOCKED),
    "arm-500-done": spoil.service_error(500, "CloudInternalError"),
    "arm-503-done": spoil.service_error(503, "ServiceUnavailable"),
    "arm-504-done": spoil.status(504, "GatewayTimeout"),
}


class _OverHttps(Request):
    @property
    def base(self) -> str:
        return ENDPOINT


@dataclass(frozen=True)
class Token:
    """An access token."""

    token: str
    expires_on: int


class Identity:
    """The app's identity, as one process has it: the simulator's, or nothing in an outage."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def get_token(self, *scopes: str) -> Token:
        world = self._process.world
        if world.is_out("no-token"):
            world.faults.count("no-token")
            raise ClientAuthenticationError("the identity endpoint does not answer")
        identity = world.simulator.identity
        resource = scopes[0].removesuffix("/.default")
        target = f"/msi/token?resource={resource}&api-version=2019-08-01"
        answer = identity.answer(Request("GET", target, {"x-identity-header": identity.header}))
        body: Any = Request("", "", {}, answer.body).json()
        world.token_heads.add(body["access_token"].partition(".")[0])
        return Token(body["access_token"], int(body["expires_on"]))


class Wire(BaseAdapter):
    """What leaves a process for ARM."""

    def __init__(self, process: Process) -> None:
        super().__init__()
        self._process = process

    def send(  # noqa: PLR0917  the library's signature
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002, ARG002
        timeout: Any = None,  # noqa: ARG002
        verify: Any = True,  # noqa: FBT002, ARG002
        cert: Any = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        world = self._process.world
        url = str(request.url)
        if urlsplit(url).hostname != HOST or not url.startswith("https://"):
            world.breach("I4", f"a call left for {urlsplit(url).hostname}", self._process.concerned)
            raise requests.ConnectionError("no such host")
        asked = _asked(request, url)
        world.count_io("ARM", asked.method)
        world.asks_arm(self._process.concerned)
        return _response(self._exchange(asked), request)

    def close(self) -> None:
        """Nothing is open."""

    def _exchange(self, asked: Request) -> Reply:
        process, world = self._process, self._process.world
        what = f"{asked.method} {asked.path.rsplit('/', 2)[-2]}/{asked.path.rsplit('/', 1)[-1]}"
        what = what if len(what) < 90 else f"{what[:60]}…"
        obey = self._obey(asked)
        if world.is_out("arm-outage"):
            world.faults.count("arm-outage")
            return process.call(what, lambda: _outage(world.latency.random()), 0.1, 4)
        if world.is_out("arm-forbids-polling") and _POLLED.search(asked.path):
            world.faults.count("arm-forbids-polling")
            return process.call(what, lambda: _instead("arm-403-on-poll"), *_FAST)
        if world.is_out("vault-sick") and _AT_THE_SICK_VAULT.search(asked.path):
            world.faults.count("vault-sick")
            return process.call(what, lambda: _instead("arm-500-undone"), *_FAST)
        kind = world.faults.strikes("arm")
        if kind is None or not _fits(kind, asked):
            return process.call(what, obey, *_FAST)
        world.faults.count(kind)
        what = f"{what} [{kind}]"
        if kind == "arm-slow":
            return process.call(what, obey, 1, world.slowest)
        if kind == "arm-refused":
            return process.call(what, _refuse, *_FAST)
        return process.call(what, self._spoilt(kind, obey), *_FAST)

    def _spoilt(self, kind: str, obey: Callable[[], Reply]) -> Callable[[], Reply]:
        if kind.endswith("-done-later"):
            return lambda: self._later(kind, obey)
        if kind in _DONE_ALL_THE_SAME:
            return lambda: (obey(), _around(_DONE_ALL_THE_SAME[kind], obey))[1]
        if kind == "arm-429-until-a-date":
            until = self._process.world.azure_clock() + timedelta(seconds=95)
            return lambda: _around(spoil.throttle(until), obey)
        return lambda: _around(_ANSWERS[kind], obey)

    def _later(self, kind: str, obey: Callable[[], Reply]) -> Reply:
        """Obey after the client has gone, but while its invocation could still live."""
        world = self._process.world
        latest = min(world.scheduler.now + 60, self._process.deadline())
        world.scheduler.at(
            world.latency.uniform(world.scheduler.now, latest), lambda: _ignore(obey)
        )
        if kind == "arm-504-done-later":
            return _instead("arm-504-undone")
        raise requests.ReadTimeout("no answer within 30 s")

    def _as_shown(self, asked: Request, answer: Answer) -> Answer:
        """Let Resource Graph hide what may not be read, and lie."""
        world = self._process.world
        if world.rows_are_wrong():
            answer = _posing(asked, answer)
        if world.wants.hidden and world.faults.has("graph-hides"):
            world.faults.count("graph-hides")
            answer = _without(answer, lambda row: not _tells_of(row, world.wants.hidden))
        kind = world.faults.strikes("lies") if _ALL_ROWS.search(asked.body) else None
        if kind is None or not json.loads(answer.body)["data"]:
            return answer
        world.faults.count(kind)
        return _lying(kind, answer)

    def _obey(self, asked: Request) -> Callable[[], Reply]:
        world, concerned = self._process.world, self._process.concerned

        def obey() -> Reply:
            if _LIST_OF_JOBS.search(asked.path):
                world.let_the_list_lag()
            if _GRAPH.search(asked.path):
                world.let_the_graph_lag()
            known = len(world.simulator.world.jobs)
            reply = world.simulator.answer(asked, lambda _seconds: None)
            if _GRAPH.search(asked.path) and isinstance(reply, Answer) and reply.status == _OK:
                reply = self._as_shown(asked, reply)
            elif isinstance(reply, Answer):
                world.heard(reply)
            world.obeyed(asked)
            if len(world.simulator.world.jobs) > known:
                world.caused(next(reversed(world.simulator.world.jobs.values())), concerned, asked)
            return reply

        return obey


def _asked(request: requests.PreparedRequest, url: str) -> Request:
    parts = urlsplit(url)
    body = request.body or b""
    headers = {name.lower(): value for name, value in request.headers.items()} | {"host": HOST}
    return _OverHttps(
        str(request.method),
        f"{parts.path}?{parts.query}" if parts.query else parts.path,
        headers,
        body.encode() if isinstance(body, str) else body,
    )


def _response(reply: Reply, request: requests.PreparedRequest) -> requests.Response:
    if isinstance(reply, Cut):
        reason = ConnectionResetError(104, "reset") if reply.reset else None
        raise requests.ConnectionError(ProtocolError("Connection aborted.", reason))
    if reply.announced is not None and reply.announced > len(reply.body):
        raise requests.exceptions.ChunkedEncodingError("Connection broken: IncompleteRead")
    response: Any = requests.Response()
    response.status_code = reply.status
    response.headers = CaseInsensitiveDict(reply.headers)
    response.url = request.url
    response.request = request
    response._content = reply.body
    response._content_consumed = True
    return response


def _fits(kind: str, asked: Request) -> bool:
    """Tell whether this kind can meet this call."""
    is_query = _GRAPH.search(asked.path) is not None
    if kind.startswith("graph-"):
        return is_query
    if kind.endswith("-on-poll"):
        return _POLLED.search(asked.path) is not None
    if kind.endswith("-on-post") or kind.startswith(("arm-202", "arm-locked", "arm-unreg")):
        return asked.method == "POST" and not is_query
    return True


def _posing(asked: Request, answer: Answer) -> Answer:
    """Let the jobs of others pose as the one that is asked for."""
    mark, body = _MARK.search(asked.body), json.loads(answer.body)
    for row in body.get("data", []):
        if mark and "activityID" in row["properties"]:
            row["properties"]["activityID"] = mark[1].decode()
    return replace(answer, body=json.dumps(body).encode())


def _tells_of(row: dict[str, Any], disks: set[str]) -> bool:
    """Tell whether a row is one of these disks, or of what protects one."""
    source = (row.get("properties", {}).get("dataSourceInfo") or {}).get("resourceID", "")
    return row.get("id", "").lower() in disks or source.lower() in disks


def _without(answer: Answer, keeps: Callable[[dict[str, Any]], bool]) -> Answer:
    """Return an answer as one sees it who may not read some rows: nobody says that they are."""
    body = json.loads(answer.body)
    body["data"] = [row for row in body["data"] if keeps(row)]
    body["count"] = body["totalRecords"] = len(body["data"])
    return replace(answer, body=json.dumps(body).encode())


def _lying(kind: str, answer: Answer) -> Answer:
    """Return an answer of which a row is missing: cut short, or counted wrongly."""
    body = json.loads(answer.body)
    body["data"] = body["data"][:-1]
    if kind == "graph-truncated":
        body |= {"count": len(body["data"]), "resultTruncated": "true"}
    return replace(answer, body=json.dumps(body).encode())


def _around(fault: Fault, obey: Callable[[], Reply]) -> Reply:
    """Let a fault have its way; a call that is cut off by itself is not spoilt further."""

    def answer() -> Answer:
        reply = obey()
        return replace(reply) if isinstance(reply, Answer) else Answer(502)

    return fault.around(answer, lambda _seconds: None)


def _instead(kind: str) -> Reply:
    return _around(_ANSWERS[kind], lambda: Answer(500))


def _outage(draw: float) -> Reply:
    if draw < 0.4:
        _refuse()
    if draw < 0.6:
        raise requests.ReadTimeout("no answer within 30 s")
    return _instead("arm-503-undone" if draw < 0.9 else "arm-error-page")


def _refuse() -> Reply:
    nobody: Any = None
    reason = NewConnectionError(nobody, "Connection refused")
    raise requests.ConnectionError(MaxRetryError(nobody, "", reason))


def _ignore(obey: Callable[[], Reply]) -> None:
    obey()
