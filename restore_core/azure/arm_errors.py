"""The service's error shapes, each turned into one Problem. Pure; never trusts a type.

Recorded 2021 to 2025: A, the `UserFacingError` of Data Protection (also in operations and jobs);
B and C, ARM's and the provider's `{"error": {"code", "message"}}`; D, `{"ErrorCode", "Message"}`.
`isRetryable` and `isUserError` are not read: they were false on errors that a retry mends.
"""

from typing import Any

from restore_core.errors import Problem
from restore_core.loose_json import array_of, object_of
from restore_core.text import one_line


def problem_in(body: dict[str, Any]) -> Problem | None:
    """Return the error that an answer or an operation carries, or None where there is none."""
    if "ErrorCode" in body:
        message = object_of(body.get("Message"))
        return _problem(body["ErrorCode"], message.get("Value"), {})
    error = object_of(body.get("error"))
    if not error:
        return None
    infos = [
        object_of(object_of(item).get("info")) for item in array_of(error.get("additionalInfo"))
    ]
    info = next((info for info in infos if info), {})
    return _problem(error.get("code") or info.get("code"), error.get("message"), info or error)


def problem_of_job(details: Any) -> Problem | None:
    """Return what a job's `errorDetails` say, or None.

    They nest two or three deep with a boilerplate innermost InternalServerError: the outermost
    counts, with the inner error's own detail.
    """
    first = next((object_of(item) for item in array_of(details) if object_of(item)), {})
    return _problem(first.get("code"), first.get("message"), first) if first else None


def warnings_of_job(details: Any) -> Problem | None:
    """Return what a job's `warningDetails` say, or None."""
    warnings = [object_of(object_of(item).get("warning")) for item in array_of(details)]
    first = next((warning for warning in warnings if warning), {})
    return _problem(first.get("code"), first.get("message"), first) if first else None


def _problem(code: Any, message: Any, info: dict[str, Any]) -> Problem:
    return Problem(
        one_line(_text(code) or "UnknownError", 128),
        one_line(" ".join(filter(None, (_text(message or info.get("message")), _detail(info))))),
        one_line(" ".join(_text(action) for action in array_of(info.get("recommendedAction")))),
    )


def _detail(info: dict[str, Any]) -> str:
    """Return the engineers' own words, which hold the missing action or the principal."""
    inner = object_of(info.get("innerError") or info.get("InnerError"))
    detail = _text(object_of(inner.get("additionalInfo")).get("DetailedNonLocalisedMessage"))
    return f"Detail: {detail}" if detail else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
