"""The test recordings of the Azure CLI, as its recorder writes them: calls and answers in YAML.

Only what a recording of ours may hold is read: calls of Data Protection. A cassette that was
recorded anew in parts may hold calls that never followed one another.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

_PROVIDER = "/providers/Microsoft.DataProtection/"
# The parser in C where the machine has it: ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Exchange:
    """One call of Data Protection and its answer."""

    number: int
    """Its place among all calls of the cassette."""
    method: str
    url: str
    asked: Any
    http: int
    reason: str
    headers: dict[str, list[str]]
    answer: Any

    @property
    def date(self) -> str:
        """When it was answered, in the answer's own words."""
        return self.headers.get("date", [""])[0]

    @property
    def path(self) -> str:
        """What was asked, from the provider's name on."""
        return urlsplit(self.url).path.partition(_PROVIDER)[2]

    @property
    def api_version(self) -> str:
        """The api-version it was asked in."""
        return parse_qs(urlsplit(self.url).query).get("api-version", [""])[0]

    def asks(self, method: str, path: str) -> bool:
        """Say whether it is this call."""
        return (self.method, self.path) == (method, path)


def read(cassette: bytes) -> list[Exchange]:
    """Return the calls of Data Protection in a cassette, in its order."""
    interactions = yaml.load(cassette, _LOADER)["interactions"]  # noqa: S506 - both are safe.
    return [
        _exchange(number, one["request"], one["response"])
        for number, one in enumerate(interactions)
        if _PROVIDER in one["request"]["uri"]
    ]


def _exchange(number: int, request: dict[str, Any], response: dict[str, Any]) -> Exchange:
    return Exchange(
        number,
        request["method"],
        request["uri"],
        asked=_parsed(request["body"]),
        http=response["status"]["code"],
        reason=response["status"]["message"] or "",
        headers={name.lower(): values for name, values in response["headers"].items()},
        answer=_parsed(response["body"]["string"]),
    )


def _parsed(body: str | bytes | None) -> Any:
    """Return a body's JSON; None where it is empty, and the body itself where it is no JSON."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body
