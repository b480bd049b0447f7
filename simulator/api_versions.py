"""The api-versions the service knows, and what ARM says to a call without a good one."""

import re
from typing import Final

from simulator.accusations import Accusations, shown
from simulator.errors import by_arm
from simulator.exchange import Request

KNOWN: Final = (
    "2021-01-01",
    "2021-07-01",
    "2022-01-01",
    "2022-03-01",
    "2022-04-01",
    "2022-05-01",
    "2022-12-01",
    "2023-01-01",
    "2023-05-01",
    "2023-11-01",
    "2023-12-01",
    "2024-03-01",
    "2024-04-01",
    "2025-01-01",
    "2025-02-01",
    "2025-07-01",
    "2025-09-01",
    "2026-03-01",
    "2026-06-01",
    "2026-04-01-preview",
    "2026-08-31-preview",
)
OF_GRAPH: Final = ("2019-04-01", "2021-03-01", "2022-10-01", "2024-04-01")
_SHAPE: Final = re.compile(r"^\d{4}-\d{2}-\d{2}(-preview)?$")


def check(request: Request, accusations: Accusations) -> None:
    """Raise what ARM answers unless the call names an api-version that exists."""
    _check(request, accusations, KNOWN)


def check_of_graph(request: Request, accusations: Accusations) -> None:
    """Raise what ARM answers unless the call names an api-version of Resource Graph."""
    _check(request, accusations, OF_GRAPH)


def _check(request: Request, accusations: Accusations, known: tuple[str, ...]) -> None:
    version = request.query.get("api-version")
    if version in known:
        return
    accusations.accuse(f"{shown(request)}: came without a known api-version")
    if not version:
        raise by_arm(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    text = (
        f"The api-version '{version}' is invalid. The supported versions are '{','.join(known)}'."
    )
    code = "NoRegisteredProviderFound" if _SHAPE.match(version) else "InvalidApiVersionParameter"
    raise by_arm(400, code, text)
