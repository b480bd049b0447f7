"""How the storage SDK fails: data, put before the calls of the storage in memory."""

from collections.abc import Callable
from typing import Any

from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from tests.fakes import Io


def http_error(status: int, code: str | None = None) -> HttpResponseError:
    error: Any = HttpResponseError(message="secret=sig\r\nmore")
    error.status_code = status
    if code:
        error.error_code = code
    return error  # type: ignore[no-any-return]


OUTAGES: dict[str, Exception] = {
    "not connected": ServiceRequestError("secret=sig"),
    "no answer": ServiceResponseError("secret=sig"),
    "no token": ClientAuthenticationError("secret=sig"),
    "500": http_error(500, "InternalError"),
    "503": http_error(503, "ServerBusy"),
    "403": http_error(403, "AuthorizationPermissionMismatch"),
    "400": http_error(400),
}


def failing(io: Io, error: Exception, only: Callable[[str], bool] = lambda _: True) -> None:
    """Let the calls that `only` picks fail from now on."""

    def fail(what: str) -> None:
        if only(what):
            raise error

    io.before = fail
