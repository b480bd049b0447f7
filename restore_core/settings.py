"""The environment, read once into a frozen `Settings`; what is missing or wrong is named at once.

Names are matched without case, as the Functions host matches them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self
from urllib.parse import urlsplit

from restore_core.errors import SettingsError
from restore_core.policy import SETTING, Policy

STORAGE: Final = "RestoreStorage"
DEFAULT_ENDPOINT: Final = "https://management.azure.com"
DEFAULT_API_VERSION: Final = "2025-07-01"
"""The newest version with a recorded disk restore."""

_ENDPOINT: Final = re.compile(
    r"(?:https://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|http://(?:127\.0\.0\.1|localhost|\[::1\]))"
    r"(?::[0-9]{1,5})?"
)
"""A scheme and a host, perhaps a port: what else a URL can hold would lead elsewhere."""
_API_VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:-preview)?", re.ASCII)
"""It becomes part of each URL as it stands."""


@dataclass(frozen=True)
class StorageConnection:
    """The queue and table account: a connection string, or URIs and an identity."""

    connection_string: str = ""
    queue_uri: str = ""
    table_uri: str = ""
    client_id: str = ""
    """Of a user-assigned identity; "" for the system-assigned one."""


@dataclass(frozen=True)
class Settings:
    """Everything the app is told from outside."""

    storage: StorageConnection
    arm_endpoint: str
    arm_client_id: str
    policy: Policy
    api_version: str
    max_age: timedelta
    job_list_lag: timedelta

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings; raise SettingsError naming everything that is missing or wrong."""
        reader = _Reader(environment)
        settings = cls(
            storage=reader.storage(),
            arm_endpoint=reader.endpoint(),
            arm_client_id=reader.text("AZURE_CLIENT_ID"),
            policy=reader.policy(),
            api_version=reader.api_version(),
            max_age=timedelta(hours=reader.number("RESTORE_MAX_AGE_HOURS", 48, most=720)),
            job_list_lag=timedelta(
                seconds=reader.number("RESTORE_JOB_LIST_LAG_SECONDS", 600, most=86_400)
            ),
        )
        if reader.faults:
            raise SettingsError("The app's settings are wrong. " + " ".join(reader.faults))
        return settings


class _Reader:
    """Reads one setting after the other and keeps what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._values = {name.lower(): value.strip() for name, value in environment.items()}
        self.faults: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self._values.get(name.lower(), "") or default

    def number(self, name: str, default: int, *, most: int) -> float:
        text = self.text(name, str(default))
        try:
            number = float(text)
        except ValueError:
            number = -1
        if not 0 < number <= most:
            self.faults.append(f"{name} must be a number above 0 and at most {most}.")
            return default
        return number

    def endpoint(self) -> str:
        text = self.text("ARM_ENDPOINT", DEFAULT_ENDPOINT).rstrip("/")
        if not _ENDPOINT.fullmatch(text) or not _has_possible_port(text):
            self.faults.append(
                "ARM_ENDPOINT must be an https URL of a host alone (http only to this machine)."
            )
        return text

    def api_version(self) -> str:
        text = self.text("RESTORE_API_VERSION", DEFAULT_API_VERSION)
        if not _API_VERSION.fullmatch(text):
            self.faults.append("RESTORE_API_VERSION must be a date such as 2025-07-01.")
        return text

    def policy(self) -> Policy:
        try:
            return Policy.parse(self.text(SETTING))
        except ValueError as error:
            self.faults.append(f"{SETTING}: {error}.")
            return Policy()

    def storage(self) -> StorageConnection:
        """Read the connection as the host does: the whole setting wins over its parts."""
        if whole := self.text(STORAGE):
            return StorageConnection(connection_string=whole)
        service = self.text(f"{STORAGE}__serviceUri")
        connection = StorageConnection(
            queue_uri=self.text(f"{STORAGE}__queueServiceUri", service),
            table_uri=self.text(f"{STORAGE}__tableServiceUri"),
            client_id=self.text(f"{STORAGE}__clientId"),
        )
        if not connection.queue_uri or not connection.table_uri:
            self.faults.append(
                f"{STORAGE} is missing: set it to a connection string, or set "
                f"{STORAGE}__queueServiceUri and {STORAGE}__tableServiceUri."
            )
        if self.text(f"{STORAGE}__credential", "managedidentity").lower() != "managedidentity":
            self.faults.append(f"{STORAGE}__credential must be managedidentity.")
        return connection


def _has_possible_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False
