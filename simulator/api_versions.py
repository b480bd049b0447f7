"""The api-versions that each provider knows, and what ARM says to a call without a good one."""

import re
from typing import Final, Literal

from simulator.accusations import Accusations, shown
from simulator.errors import by_arm
from simulator.exchange import Request

Provider = Literal["dataprotection", "disks", "machines", "graph"]

_OF_DATA_PROTECTION: Final = (
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
_OF_GRAPH: Final = ("2019-04-01", "2021-03-01", "2022-10-01", "2024-04-01")
_OF_DISKS: Final = (
    "2022-07-02",
    "2023-01-02",
    "2023-04-02",
    "2023-10-02",
    "2024-03-02",
    "2025-01-02",
    "2026-03-02",
)
_OF_MACHINES: Final = (
    "2022-11-01",
    "2023-03-01",
    "2023-07-01",
    "2023-09-01",
    "2024-03-01",
    "2024-07-01",
    "2024-11-01",
    "2025-04-01",
    "2026-04-01",
)
_KNOWN: Final[dict[Provider | None, tuple[str, ...]]] = {
    "dataprotection": _OF_DATA_PROTECTION,
    "disks": _OF_DISKS,
    "machines": _OF_MACHINES,
    "graph": _OF_GRAPH,
    None: (*_OF_DATA_PROTECTION, *_OF_DISKS, *_OF_MACHINES),
}
_SHAPE: Final = re.compile(r"^\d{4}-\d{2}-\d{2}(-preview)?$")


def check(request: Request, accusations: Accusations, provider: Provider | None) -> None:
    """Raise what ARM answers unless the call names an api-version that its provider knows."""
    version, known = request.query.get("api-version"), _KNOWN[provider]
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
