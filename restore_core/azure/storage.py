"""What tables and queues have in common: every failure may be tried again, and what is missing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError

from restore_core.errors import Problem, Unavailable
from restore_core.text import one_line

_FORBIDDEN: Final = 403


@contextmanager
def answering() -> Iterator[None]:
    """Turn every failure of the account into Unavailable: done or not, nobody knows."""
    try:
        yield
    except AzureError as error:
        code = getattr(error, "error_code", None) or type(error).__name__
        code = getattr(code, "value", code)  # The SDK's code is an enum, or text.
        problem = Problem("StorageUnavailable", one_line(f"Storage did not answer: {code}", 300))
        raise Unavailable(problem) from None


def create(call: Callable[[], Any]) -> None:
    """Create a table or a queue; where that is not allowed, it must exist."""
    with answering():
        try:
            call()
        except ResourceExistsError:
            return
        except HttpResponseError as error:
            if error.status_code != _FORBIDDEN:
                raise
