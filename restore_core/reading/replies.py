"""Answers over HTTP: JSON, or a problem (RFC 9457). Never a token, a signed URL, a stack trace."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from restore_core.contract.values import REQUEST_ID
from restore_core.engine.log import log_failure
from restore_core.errors import Problem, Rejected, SettingsError, Unavailable
from restore_core.reading.exchange import Query, Reply
from restore_core.text import one_line
from restore_core.version import VERSION

LOOK_AGAIN: Final = 30
"""Seconds until a restore that is under way is worth another look: about a tick of the timer."""

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Azure-Disk-Restore-Version": VERSION,
}


def answered(query: Query, answer: Callable[[Query], Reply]) -> Reply:
    """Return the answer, or the problem that stands in its way; log what is not the caller's."""
    try:
        return answer(query)
    except Rejected as error:
        return _problem(query, HTTPStatus(error.status), error.problem)
    except Unavailable as error:
        log_failure(_logged_id(query), error)
        again = {"Retry-After": str(LOOK_AGAIN)}
        return _problem(query, HTTPStatus.SERVICE_UNAVAILABLE, error.problem, again)
    except SettingsError as error:
        log_failure(_logged_id(query), error)
        problem = Problem("SettingsError", str(error))
    except Exception as error:  # noqa: BLE001  no caller is shown where a fault of ours arose
        log_failure(_logged_id(query), error)
        problem = Problem("InternalError", "The app failed; its log says where.")
    return _problem(query, HTTPStatus.INTERNAL_SERVER_ERROR, problem)


def _logged_id(query: Query) -> str:
    """Return the id as a log line may hold it."""
    return query.request_id if REQUEST_ID.fullmatch(query.request_id) else "-"


def _problem(
    query: Query, status: HTTPStatus, problem: Problem, headers: Mapping[str, str] | None = None
) -> Reply:
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": one_line(f"{problem.message} {problem.action}"),
        "instance": query.path,
        "code": problem.code,
    }
    return json_reply(body, status=status, media="application/problem+json", headers=headers or {})


def json_reply(
    body: Mapping[str, Any],
    *,
    status: HTTPStatus = HTTPStatus.OK,
    media: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Return a body as JSON that no browser takes for a page."""
    # No browser may take what somebody wrote for a tag, whatever it makes of the media type.
    text = json.dumps(body, ensure_ascii=False, indent=1).replace("<", r"\u003c")
    return Reply(status, {"Content-Type": media, **_HEADERS, **(headers or {})}, text.encode())
