"""Which calls there are, and which right each of them needs."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from simulator.api_versions import Provider
from simulator.exchange import Answer, Request

_SUBSCRIPTION: Final = r"/subscriptions/(?P<subscription>[^/]+)"
_PROVIDER: Final = r"/providers/Microsoft\.DataProtection"
_GROUP: Final = rf"(?P<group_id>{_SUBSCRIPTION}/resourceGroups/[^/]+)"
_VAULT: Final = rf"(?P<vault_id>{_GROUP}{_PROVIDER}/backupVaults/[^/]+)"
_INSTANCES: Final = rf"{_VAULT}/backupInstances"
_INSTANCE: Final = rf"(?P<instance_id>{_INSTANCES}/[^/]+)"
_LOCATION: Final = rf"(?P<scope>{_SUBSCRIPTION}){_PROVIDER}/locations/[^/]+"
_OPERATION: Final = r"(?P<operation>[^/]+)"


@dataclass(frozen=True)
class Route:
    """A kind of call: the name of what it asks for, and the right it needs."""

    method: str
    pattern: re.Pattern[str]
    name: str
    action: str
    provider: Provider


@dataclass(frozen=True)
class Match:
    """A call that was recognised."""

    route: Route
    parts: dict[str, str]

    @property
    def scope(self) -> str:
        """What the caller needs the right over."""
        named = (self.parts.get(one) for one in ("instance_id", "vault_id", "resource_id", "scope"))
        return next(one for one in named if one)


@dataclass
class Asked:
    """A recognised call at a moment."""

    request: Request
    parts: dict[str, str]
    now: datetime


Answering = Callable[[Asked], Answer]


def _route(method: str, path: str, name: str, action: str) -> Route:
    pattern = re.compile(path + "/?$", re.IGNORECASE)
    return Route(method, pattern, name, f"Microsoft.DataProtection/{action}", "dataprotection")


def _compute(kind: str, name: str, provider: Provider) -> Route:
    path = rf"(?P<resource_id>{_GROUP}/providers/Microsoft\.Compute/{kind}/[^/]+)/?$"
    pattern = re.compile(path, re.IGNORECASE)
    return Route("GET", pattern, name, f"Microsoft.Compute/{kind}/read", provider)


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
    _compute("disks", "disk", "disks"),
    _compute("virtualMachines", "machine", "machines"),
)


def find(method: str, path: str) -> Match | None:
    """Return what a call asks for, or None where there is no such thing."""
    for one, parts in _fitting(path):
        if one.method == method:
            return Match(one, parts)
    return None


def is_of_data_protection(path: str) -> bool:
    """Tell whether a path is one of Azure Data Protection's."""
    return bool(re.search(_PROVIDER + "/", path, re.IGNORECASE))


def methods_of(path: str) -> list[str]:
    """Return the methods by which a path may be called."""
    return [one.method for one, _ in _fitting(path)]


def _fitting(path: str) -> Iterator[tuple[Route, dict[str, str]]]:
    for one in ROUTES:
        found = one.pattern.match(path)
        if found:
            yield one, found.groupdict()
