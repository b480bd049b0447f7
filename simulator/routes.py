"""Which calls there are, and which right each of them needs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SUBSCRIPTION: Final = r"/subscriptions/(?P<subscription>[^/]+)"
_PROVIDER: Final = r"/providers/Microsoft\.DataProtection"
_VAULT: Final = (
    rf"(?P<vault_id>(?P<group_id>{_SUBSCRIPTION}/resourceGroups/[^/]+){_PROVIDER}"
    r"/backupVaults/[^/]+)"
)
_INSTANCES: Final = rf"{_VAULT}/backupInstances"
_INSTANCE: Final = rf"(?P<instance_id>{_INSTANCES}/[^/]+)"
_LOCATION: Final = rf"(?P<scope>{_SUBSCRIPTION}){_PROVIDER}/locations/[^/]+"
_OPERATION: Final = r"(?P<operation>[^/]+)"
_RIGHT: Final = "Microsoft.DataProtection/"


@dataclass(frozen=True)
class Route:
    """A kind of call: the name of what it asks for, and the right it needs."""

    method: str
    pattern: re.Pattern[str]
    name: str
    action: str


@dataclass(frozen=True)
class Match:
    """A call that was recognised."""

    route: Route
    parts: dict[str, str]

    @property
    def scope(self) -> str:
        """What the caller needs the right over."""
        named = (self.parts.get(one) for one in ("instance_id", "vault_id", "scope"))
        return next(one for one in named if one)


def _route(method: str, path: str, name: str, action: str) -> Route:
    return Route(method, re.compile(path + "/?$", re.IGNORECASE), name, _RIGHT + action)


ROUTES: Final = (
    _route("GET", _INSTANCES, "instances", "backupVaults/backupInstances/read"),
    _route("GET", _INSTANCE, "instance", "backupVaults/backupInstances/read"),
    _route(
        "GET",
        f"{_INSTANCE}/recoveryPoints",
        "points",
        "backupVaults/backupInstances/recoveryPoints/read",
    ),
    _route(
        "GET",
        rf"{_INSTANCE}/recoveryPoints/(?P<point>[^/]+)",
        "point",
        "backupVaults/backupInstances/recoveryPoints/read",
    ),
    _route(
        "POST",
        f"{_INSTANCE}/validateRestore",
        "validate",
        "backupVaults/backupInstances/validateRestore/action",
    ),
    _route(
        "POST", f"{_INSTANCE}/restore", "restore", "backupVaults/backupInstances/restore/action"
    ),
    _route(
        "GET",
        f"{_VAULT}/operationStatus/{_OPERATION}",
        "operation_status",
        "backupVaults/operationStatus/read",
    ),
    _route(
        "GET",
        f"{_LOCATION}/operationStatus/{_OPERATION}",
        "operation_status",
        "locations/operationStatus/read",
    ),
    _route(
        "GET",
        f"{_LOCATION}/operationResults/{_OPERATION}",
        "operation_result",
        "locations/operationResults/read",
    ),
    _route("GET", f"{_VAULT}/backupJobs", "jobs", "backupVaults/backupJobs/read"),
    _route("GET", rf"{_VAULT}/backupJobs/(?P<job>[^/]+)", "job", "backupVaults/backupJobs/read"),
)


def find(method: str, path: str) -> Match | None:
    """Return what a call asks for, or None where there is no such thing."""
    for one, parts in _fitting(path):
        if one.method == method:
            return Match(one, parts)
    return None


def methods_of(path: str) -> list[str]:
    """Return the methods by which a path may be called."""
    return [one.method for one, _ in _fitting(path)]


def _fitting(path: str) -> Iterator[tuple[Route, dict[str, str]]]:
    for one in ROUTES:
        found = one.pattern.match(path)
        if found:
            yield one, found.groupdict()
