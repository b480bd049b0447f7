"""One exchange over HTTP, as the app sees it: what is asked and what is answered.

It stands apart from the answering so that the functions can be indexed without all that answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from restore_core.text import one_line

MAX_PATH: Final = 1_024


@dataclass(frozen=True)
class Query:
    """What matters of a GET."""

    url: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""

    @property
    def address(self) -> str:
        """The URL without its query, which may hold the function key."""
        return one_line(self.url.partition("?")[0], MAX_PATH)

    @property
    def path(self) -> str:
        """The URL without scheme, host and query."""
        _, slash, path = self.address.partition("://")[2].partition("/")
        return slash + path


@dataclass(frozen=True)
class Reply:
    """An answer of HTTP."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes
