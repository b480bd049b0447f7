"""One conversation with Azure Resource Manager: token, time-outs, host guard, error mapping.

The only room that knows the HTTP library. It never sleeps, never follows a redirect and never
repeats a POST; `Retry-After` is handed on, to become a due time. Errors tell what may be done next:
`NotNow` (not sent, `buckets`), `Unavailable` (not taken), `Rejected` (refused), `AnswerLost`
(perhaps obeyed).
"""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import requests
from azure.core.credentials import TokenCredential
from requests import codes
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError

from restore_core.azure.advice.obstacles import is_standing, with_remedy
from restore_core.azure.arm_errors import problem_in
from restore_core.azure.arm_guard import ArmGuard
from restore_core.azure.bearer import Bearer
from restore_core.azure.buckets import Buckets
from restore_core.azure.retry_after import span_of
from restore_core.errors import AnswerLost, Problem, Rejected, Unavailable
from restore_core.lifecycle.pace import CLOUD_DOS_PAUSE
from restore_core.lifecycle.quota import DOCUMENTED, Quota
from restore_core.text import one_line
from restore_core.version import VERSION

TIMEOUT: Final = (5.0, 30.0)
"""Seconds to connect and between two bytes: ARM's own gateway gives up after 60."""
POOL: Final = 16
"""Connections kept: no fewer than threads that talk at once, so none waits for another's."""
UNREADABLE: Final = "UnreadableAnswer"
"""The code of an answer that is no error of the service: HTML, nothing, cut JSON."""

_SUCCESS: Final = frozenset({200, 201, 202})
_TRY_LATER: Final = frozenset({401, 408, 409, 425, 429})
_NOT_TAKEN: Final = frozenset({401, 429})


@dataclass(frozen=True)
class Answer:
    """A usable answer: `body` is the JSON object, or {} where there was none."""

    status: int
    body: dict[str, Any]
    retry_after: timedelta | None
    operation_url: str
    """`Azure-AsyncOperation` as it came, "" where it is missing or leads elsewhere."""
    correlation_id: str


class Arm:
    """ARM at one endpoint, with one identity. Safe for threads."""

    def __init__(
        self,
        endpoint: str,
        credential: TokenCredential,
        *,
        api_version: str,
        clock: Callable[[], datetime],
        quota: Quota = DOCUMENTED,
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._guard = ArmGuard(self._endpoint)
        self.bearer = Bearer(credential, f"{self._endpoint}/.default", clock)
        self._api_version = api_version
        self._clock = clock
        self._buckets = Buckets(quota, clock)
        self._of_thread = threading.local()
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=POOL, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    @property
    def calls(self) -> int:
        """Return how many calls this thread has sent so far: an invocation keeps to one thread."""
        return int(getattr(self._of_thread, "calls", 0))

    def reserve_post(self, path: str) -> None:
        """Make sure that this thread can POST to `path` next; raise NotNow where it cannot."""
        self._buckets.reserve("POST", self._url(path))

    def get(self, path: str, *, api_version: str = "") -> Answer:
        """GET `path`, an ARM id; raise Unavailable or Rejected."""
        return self._repeatable("GET", self._url(path, api_version))

    def follow(self, url: str) -> Answer:
        """GET an operation URL or a nextLink exactly as ARM gave it.

        Raise Unavailable without any call where the URL leads elsewhere; else as `get`.
        """
        if not self._guard.allows(url):
            raise Unavailable(
                Problem("ForeignUrl", "ARM named a URL that is not on the ARM endpoint's host.")
            )
        return self._repeatable("GET", url)

    def post(self, path: str, body: dict[str, Any], *, api_version: str = "") -> Answer:
        """POST what may be asked twice, such as a validation; raise Unavailable or Rejected."""
        return self._repeatable("POST", self._url(path, api_version), body)

    def post_once(self, path: str, body: dict[str, Any], *, request_id: str) -> Answer:
        """POST what must not be obeyed twice; raise Unavailable, Rejected or AnswerLost.

        `request_id` becomes `x-ms-client-request-id`. Unavailable and Rejected mean that nothing
        was taken, and only by a short list: not connected, 401, 403, 429, a 400 that names an
        error, a 409 of ARM's gateway whose code is a standing obstacle. Every other answer than
        success may have been obeyed (azure-core, which repeats a POST after 500, 503 and 504, can
        start a restore twice).
        """
        try:
            response = self._send("POST", self._url(path), body, request_id)
        except (requests.RequestException, OSError) as error:
            lost = Unavailable if _never_sent(error) else AnswerLost
            raise lost(_no_connection(error)) from None
        if response.status_code in _SUCCESS:
            return self._answer(response, _json(response) or {})
        raise self._refusal_once(response)

    def _repeatable(self, method: str, url: str, body: dict[str, Any] | None = None) -> Answer:
        try:
            response = self._send(method, url, body, str(uuid.uuid4()))
        except (requests.RequestException, OSError) as error:
            raise Unavailable(_no_connection(error)) from None
        answered = {} if method == "POST" and not response.content else _json(response)
        if response.status_code in _SUCCESS and answered is not None:
            return self._answer(response, answered)
        raise self._refusal(response)

    def _send(
        self, method: str, url: str, body: dict[str, Any] | None, request_id: str
    ) -> requests.Response:
        """Send with a token; once more with a fresh one after a 401, which takes nothing."""
        response = self._send_once(method, url, body, request_id)
        if response.status_code == codes.unauthorized:
            self.bearer.forget()
            response = self._send_once(method, url, body, request_id)
        return response

    def _send_once(
        self, method: str, url: str, body: dict[str, Any] | None, request_id: str
    ) -> requests.Response:
        headers = {
            "Accept": "application/json",
            "User-Agent": f"azure-disk-restore/{VERSION}",
            "x-ms-client-request-id": request_id,
        }
        request = requests.Request(method, url, headers=headers, json=body, auth=self.bearer)
        prepared = self._session.prepare_request(request)
        self._buckets.take(method, url)
        self._of_thread.calls = self.calls + 1
        prepared.url = url  # Verbatim: a signed URL that is quoted anew loses its signature.
        # Plain http is for this machine: a proxy on the way would read the token.
        proxies = {"no_proxy": "*"} if url.startswith("http://") else {}
        settings = self._session.merge_environment_settings(
            url=url, proxies=proxies, stream=False, verify=None, cert=None
        )
        response = self._session.send(prepared, timeout=TIMEOUT, allow_redirects=False, **settings)
        self._buckets.heard(method, url, response.headers)
        if response.status_code == codes.too_many_requests:
            self._buckets.refused(method, url, self._retry_after(response))
        return response

    def _url(self, path: str, api_version: str = "") -> str:
        return f"{self._endpoint}{path}?api-version={api_version or self._api_version}"

    def _answer(self, response: requests.Response, body: dict[str, Any]) -> Answer:
        url = response.headers.get("Azure-AsyncOperation", "")
        return Answer(
            status=response.status_code,
            body=body,
            retry_after=self._retry_after(response),
            operation_url=url if self._guard.allows(url) else "",
            correlation_id=_correlation(response),
        )

    def _refusal(self, response: requests.Response) -> Unavailable | Rejected:
        """Return what a failed call that may be repeated means.

        A refusal counts only where the service names its error: a page of a proxy on the way
        must not end a restore.
        """
        status, problem = response.status_code, _problem(response)
        understood = 400 <= status < 500 and status not in _TRY_LATER  # noqa: PLR2004
        if understood and problem.code != UNREADABLE and not _cloud_dos(problem):
            return Rejected(problem, status=status)
        if status == codes.conflict and is_standing(problem):
            return Rejected(with_remedy(problem, response.url), status=status)
        return self._unavailable(response, problem)

    def _refusal_once(self, response: requests.Response) -> Unavailable | Rejected | AnswerLost:
        """Return what a failed call that must not be repeated means: the short list."""
        status, problem = response.status_code, _problem(response)
        named = status == codes.bad_request and problem.code != UNREADABLE
        if status in _NOT_TAKEN or (named and _cloud_dos(problem)):
            return self._unavailable(response, problem)
        if status == codes.forbidden or named:
            return Rejected(problem, status=status)
        if status == codes.conflict and is_standing(problem) and _is_the_gateways(response):
            return Rejected(with_remedy(problem, response.url), status=status)
        return AnswerLost(problem, status=status)

    def _unavailable(self, response: requests.Response, problem: Problem) -> Unavailable:
        retry_after = self._retry_after(response)
        if retry_after is None and _cloud_dos(problem):
            retry_after = CLOUD_DOS_PAUSE
        return Unavailable(problem, retry_after=retry_after, status=response.status_code)

    def _retry_after(self, response: requests.Response) -> timedelta | None:
        return span_of(response.headers.get("Retry-After", ""), self._clock())


def _problem(response: requests.Response) -> Problem:
    found = problem_in(_json(response) or {})
    if found is None:
        found = Problem(UNREADABLE, f"ARM answered HTTP {response.status_code} and no error text.")
    return replace(found, correlation_id=_correlation(response))


def _json(response: requests.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _correlation(response: requests.Response) -> str:
    return one_line(response.headers.get("x-ms-correlation-request-id", ""), 64)


def _is_the_gateways(response: requests.Response) -> bool:
    """Tell whether ARM itself refused the call: the provider has not seen it."""
    return response.headers.get("x-ms-failure-cause", "").strip().lower() == "gateway"


def _cloud_dos(problem: Problem) -> bool:
    """Tell whether this is Data Protection's own limit, which comes as HTTP 400."""
    return problem.code.lower().startswith("clouddos")


def _never_sent(error: Exception) -> bool:
    """Tell whether the request cannot have left: no connection came about, or not in time."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, ConnectTimeoutError)


def _no_connection(error: Exception) -> Problem:
    return Problem(
        "NoAnswer",
        f"ARM did not answer: {type(error).__name__}.",
        "This mends itself when ARM can be reached again.",
    )
