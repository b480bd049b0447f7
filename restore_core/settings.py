"""The environment, read once into a frozen `Settings`; what is missing or wrong is named at once.

Names are matched as the Functions host matches them (`environment`); what is no setting but a
reference to one, which the platform should have resolved, is named as that.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from restore_core import connection
from restore_core.connection import StorageConnection
from restore_core.contract.resource_ids import BackupVaultId
from restore_core.environment import Environment
from restore_core.errors import SettingsError
from restore_core.lifecycle.outbox import FINAL, Stage
from restore_core.lifecycle.policy import SETTING, Policy
from restore_core.lifecycle.quota import DOCUMENTED, Bucket, Quota
from restore_core.lifecycle.rules import Rules
from restore_core.text import MAX_ADVICE, MAX_QUOTE, one_line

DEFAULT_ENDPOINT: Final = "https://management.azure.com"
DEFAULT_API_VERSION: Final = "2025-07-01"
"""The newest version with a recorded disk restore."""

OF_THE_HOST: Final = "RESTORE_POLL_SCHEDULE"
"""The host reads this one, and says less of a reference that was not resolved."""
MOST_ACTIVE: Final = 2_000
"""Whether a turn is free is a look at as many rows: up to three pages of a table."""
MOST_IN_SET: Final = 2_000

_ENDPOINT: Final = re.compile(
    r"(?:https://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|http://(?:127\.0\.0\.1|localhost|\[::1\]))"
    r"(?::[0-9]{1,5})?"
)
"""A scheme and a host, perhaps a port: what else a URL can hold would lead elsewhere."""
_SECRET: Final = re.compile(r"(?:key|secret|password|pwd|signature|sig)\s*=", re.IGNORECASE)
_NOT_SHOWN: Final = "(not shown: it looks like a secret)"
_OURS: Final = "restore_"
_API_VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:-preview)?", re.ASCII)
"""It becomes part of each URL as it stands."""


@dataclass(frozen=True)
class Settings:
    """Everything the app is told from outside."""

    storage: StorageConnection
    arm_endpoint: str
    arm_client_id: str
    api_version: str
    uses_graph: bool
    rules: Rules

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """Return the settings; raise SettingsError naming everything that is missing or wrong."""
        found = examine(environment)
        if found.faults:
            raise SettingsError("The app's settings are wrong. " + " ".join(found.faults))
        return found.settings


@dataclass(frozen=True)
class Told:
    """A setting as the app took it. No secret is in it."""

    name: str
    value: str
    source: str
    """The name that it has in the environment; "" where it is not there and has its default."""


@dataclass(frozen=True)
class Examined:
    """Settings, whether they are right or not: for whoever asks what the app was told."""

    settings: Settings
    """Of use only where there are no faults."""
    told: Sequence[Told]
    faults: Sequence[str]
    unknown: Sequence[str]
    """Names that begin like those of the app's settings, and are none."""


def examine(environment: Mapping[str, str]) -> Examined:
    """Return the settings, each with where it came from, and what is wrong with them."""
    reader = _Reader(environment)
    settings = Settings(
        storage=reader.storage(),
        arm_endpoint=reader.endpoint(),
        arm_client_id=reader.text("AZURE_CLIENT_ID"),
        api_version=reader.api_version(),
        uses_graph=reader.flag("RESTORE_RESOURCE_GRAPH", default=True),
        rules=reader.rules(),
    )
    reader.text(OF_THE_HOST)
    names = {told.name.lower() for told in reader.told}
    unknown = [
        one_line(name, MAX_QUOTE)
        for name in environment
        if name.lower().startswith(_OURS) and name.lower() not in names
    ]
    return Examined(settings, reader.told, reader.faults, unknown)


class _Reader:
    """Reads one setting after the other and keeps what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._variables = environment
        self._environment = Environment(environment)
        self.faults: list[str] = []
        self.told: list[Told] = []

    def rules(self) -> Rules:
        cooldown = self.count("RESTORE_COOLDOWN_MINUTES", 60, least=0, most=10_080)
        lag = self.number("RESTORE_JOB_LIST_LAG_SECONDS", 600, most=86_400)
        return Rules(
            policy=self.policy(),
            default_vault=self.vault("RESTORE_DEFAULT_VAULT"),
            restores_deleted_disks=self.flag("RESTORE_DELETED_DISKS"),
            cooldown=timedelta(minutes=cooldown),
            max_active=self.count("RESTORE_MAX_ACTIVE", 200, least=1, most=MOST_ACTIVE),
            max_set=self.count("RESTORE_MAX_SET", 500, least=1, most=MOST_IN_SET),
            quota=self.quota(),
            max_age=timedelta(hours=self.number("RESTORE_MAX_AGE_HOURS", 48, least=1, most=720)),
            job_list_lag=timedelta(seconds=lag),
            notices=self.stages("RESTORE_EVENTS"),
        )

    def text(self, name: str, default: str = "") -> str:
        setting = self._environment.get(name)
        if setting and setting.unresolved:
            self.faults.append(setting.unresolved)
        value = setting.value if setting and not setting.unresolved else default
        self._tell(name, value, setting.name if setting else "")
        return value

    def _tell(self, name: str, value: str, source: str) -> None:
        shown = _NOT_SHOWN if _SECRET.search(value) else one_line(value, MAX_ADVICE)
        self.told.append(Told(name, shown, source))

    def number(self, name: str, default: int, *, least: int = 0, most: int) -> float:
        number = self._number(name, default)
        if not (least or 1e-9) <= number <= most:
            low = f"from {least} to" if least else "above 0 and at most"
            self.faults.append(f"{name} must be a number {low} {most}.")
            return default
        return number

    def count(self, name: str, default: int, *, least: int, most: int) -> int:
        number = self._number(name, default)
        if not least <= number <= most or number != int(number):
            self.faults.append(f"{name} must be a whole number from {least} to {most}.")
            return default
        return int(number)

    def _number(self, name: str, default: int) -> float:
        try:
            return float(self.text(name, str(default)))
        except ValueError:
            return -1

    def quota(self) -> Quota:
        return Quota(
            reads=self.bucket("RESTORE_ARM_READS", DOCUMENTED.reads),
            writes=self.bucket("RESTORE_ARM_WRITES", DOCUMENTED.writes),
        )

    def bucket(self, name: str, default: Bucket) -> Bucket:
        try:
            return Bucket.parse(self.text(name, str(default)))
        except ValueError as error:
            self.faults.append(f"{name} {error}.")
            return default

    def flag(self, name: str, *, default: bool = False) -> bool:
        text = self.text(name, str(default).lower()).lower()
        if text not in ("true", "false"):
            self.faults.append(f"{name} must be true or false.")
        return text == "true"

    def vault(self, name: str) -> BackupVaultId | None:
        text = self.text(name)
        try:
            return BackupVaultId.parse(text) if text else None
        except ValueError as error:
            self.faults.append(f"{name}: {error}.")
            return None

    def stages(self, name: str) -> frozenset[Stage]:
        """Read of which stages a notice is sent: their names, or all, none or the final ones."""
        words = [word.strip().lower() for word in self.text(name, "final").split(",")]
        known = {stage.lower(): frozenset({stage}) for stage in Stage}
        known |= {"all": frozenset(Stage), "none": frozenset(), "final": FINAL}
        if not set(words) <= set(known):
            names = ", ".join(("all", "none", "final", *Stage))
            self.faults.append(f"{name} must be some of {names}, separated by commas.")
            return FINAL
        return frozenset().union(*(known[word] for word in words))

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
        reading = connection.read(self._variables)
        self.faults += reading.faults
        read = reading.connection
        whole = read.connection_string or (read.queue_uri and read.table_uri)
        if not whole and not reading.faults:
            name = reading.name
            self.faults.append(
                f"{name} is missing: set it to a connection string, or set {name}__accountName, or "
                f"{name}__queueServiceUri and {name}__tableServiceUri."
            )
        self._tell(connection.STORAGE, read.described, reading.name if whole else "")
        return read


def _has_possible_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False
