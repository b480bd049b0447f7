"""The connection to the account of queues and tables, as the Functions host reads it. Pure.

A connection is a setting that holds a connection string, or its parts, `NAME__part`, that name the
account and an identity. As at the host, the whole setting wins over its parts, `accountName` over
the addresses, and of the four names that it may have the first one counts, alone. What the host
would take and the app does not, is named.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from restore_core.environment import Environment, Setting
from restore_core.text import one_line

STORAGE: Final = "RestoreStorage"

_NAMES: Final = (
    "ConnectionStrings__AzureWebJobs{}",
    "AzureWebJobs{}",
    "ConnectionStrings__{}",
    "{}",
)
_PARTS: Final = (
    "accountName",
    "queueServiceUri",
    "serviceUri",
    "tableServiceUri",
    "credential",
    "clientId",
    "managedIdentityResourceId",
)
_NO_MATTER: Final = "blobserviceuri"
"""A part that the host's own connection has; no blob is read through this one."""
_ACCOUNT: Final = re.compile(r"[a-z0-9]{3,24}", re.IGNORECASE)
_MANAGED: Final = "managedidentity"
_ANY_IDENTITY: Final = Setting("", _MANAGED)
_SERVICES: Final = ("queue", "table")
_SUFFIX: Final = "core.windows.net"
"""Of an account that is named alone, at the host too: another cloud's needs its addresses."""
_PRIVATE: Final = "privatelink"
_MACHINE: Final = re.compile(r"[0-9.]+|[^.]*")
_TWO_ACCOUNTS: Final = "names two accounts: the queues and the tables must be in one."


@dataclass(frozen=True)
class StorageConnection:
    """The queue and table account: a connection string, or URIs and an identity."""

    connection_string: str = ""
    queue_uri: str = ""
    table_uri: str = ""
    client_id: str = ""
    """Of a user-assigned identity; "" where `resource_id` names it, or for the system-assigned."""
    resource_id: str = ""
    managed: bool = False
    """Whether no other identity than a managed one will do, such as a developer's own."""

    @property
    def described(self) -> str:
        """Return where it leads and who opens it; of a connection string, only that it is one."""
        if self.connection_string:
            return "a connection string, which is not shown"
        who = self.resource_id or self.client_id or "the app's own identity"
        where = " and ".join(one_line(uri) for uri in (self.queue_uri, self.table_uri) if uri)
        return f"{where}, opened by {who}" if where else ""


@dataclass
class Reading:
    """A connection that was looked for, and what is wrong with it."""

    name: str
    """The first of its names that something stands under."""
    connection: StorageConnection = field(default_factory=StorageConnection)
    faults: list[str] = field(default_factory=list)


def read(variables: Mapping[str, str], name: str = STORAGE) -> Reading:
    """Return the connection `name`, empty where there is none."""
    environment = Environment(variables)
    names = [pattern.format(name) for pattern in _NAMES]
    found = next((at for at in names if environment.get(at) or environment.below(at)), name)
    whole, parts = environment.get(found), environment.below(found)
    counted = [whole] if whole else list(parts.values())  # The parts of a whole one do not count.
    if unresolved := [setting.unresolved for setting in counted if setting.unresolved]:
        return Reading(found, faults=unresolved)
    if whole:
        return _of_text(whole)
    return _of_parts(found, parts, environment.get("AZURE_CLIENT_ID"))


def _of_text(whole: Setting) -> Reading:
    pairs = [pair.strip().partition("=") for pair in whole.value.split(";")]
    held = {key.lower(): value for key, _, value in pairs}
    names = {value.lower() for key, _, value in pairs if key.lower() == "accountname"}
    suffix = held.get("endpointsuffix", _SUFFIX)
    addresses = [
        (service, held.get(f"{service}endpoint") or _address(name, service, suffix))
        for service in _SERVICES
        for name in names or {""}
    ]
    reading = Reading(whole.name, StorageConnection(connection_string=whole.value))
    if not _are_of_one_account(addresses, names):
        reading.faults.append(f"{whole.name} {_TWO_ACCOUNTS}")
    return reading


def _of_parts(name: str, parts: Mapping[str, Setting], default: Setting | None) -> Reading:
    held = {part: setting.value for part, setting in parts.items()}
    account = held.get("accountname", "")
    queue_uri = held.get("queueserviceuri") or held.get("serviceuri", "")
    given = (queue_uri, held.get("tableserviceuri", ""))
    made = (_address(account, "queue"), _address(account, "table"))
    faults = list(_faults_of(name, parts))
    if not _are_of_one_account(
        [*zip(_SERVICES, given, strict=True), *zip(_SERVICES, made, strict=True)], set()
    ):
        faults.append(f"{name} {_TWO_ACCOUNTS}")
    return Reading(name, _identified(*(made if account else given), held, default), faults)


def _identified(
    queue_uri: str, table_uri: str, held: Mapping[str, str], default: Setting | None
) -> StorageConnection:
    """Return the connection to these addresses, with the identity that opens it."""
    managed, resource_id = "credential" in held, held.get("managedidentityresourceid", "")
    # What the host's DefaultAzureCredential takes where the connection names no identity.
    by_default = "" if managed or resource_id or not default else default.value
    return StorageConnection(
        queue_uri=queue_uri,
        table_uri=table_uri,
        client_id=held.get("clientid", by_default),
        resource_id=resource_id,
        managed=managed,
    )


def _faults_of(name: str, parts: Mapping[str, Setting]) -> Iterator[str]:
    """Yield what is wrong with the parts, each by itself, and the identity that two name."""
    taken = {part.lower() for part in _PARTS} | {_NO_MATTER}
    for part, setting in parts.items():
        if part not in taken:
            names = ", ".join(f"{name}__{each}" for each in _PARTS)
            yield f"{setting.name} is nothing that the app takes; it takes {names}."
    if parts.get("credential", _ANY_IDENTITY).value.lower() != _MANAGED:
        yield f"{parts['credential'].name} must be {_MANAGED}."
    if "accountname" in parts and not _ACCOUNT.fullmatch(parts["accountname"].value):
        yield f"{parts['accountname'].name} must be a storage account's name, and nothing else."
    if {"clientid", "managedidentityresourceid"} <= set(parts):
        yield f"{name}__clientId and {name}__managedIdentityResourceId exclude each other."


def _address(account: str, service: str, suffix: str = _SUFFIX) -> str:
    return f"https://{account}.{service}.{suffix}" if account else ""


def _are_of_one_account(addresses: Iterable[tuple[str, str]], names: set[str]) -> bool:
    """Tell whether services' addresses, and the account's names, can be of one account."""
    accounts = {_account_at(address, service) for service, address in addresses} - {""}
    return len(accounts) <= 1 and len({each.split(".")[0] for each in accounts} | names) <= 1


def _account_at(address: str, service: str) -> str:
    """Return account and cloud as the address of a service tells them; "" where it does not."""
    try:
        url = urlsplit(address)
        host = url.hostname or ""
    except ValueError:
        return ""  # The SDK has a word for it.
    account, *cloud = host.split(".")
    if service in cloud:
        return ".".join((account, *(each for each in cloud if each not in (service, _PRIVATE))))
    # An emulator has no name in the DNS: there the account is the path.
    return url.path.strip("/").lower() if _MACHINE.fullmatch(host) else ""
