"""Which account is meant: by option, variable, config file or azd's environment, in this order.

No key is ever taken, save that of an emulator on this machine: who asks is who is logged in.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from restore_core.connection import StorageConnection
from restore_core.text import quoted
from restorectl.exits import Exit, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT: Final = "RESTORECTL_ACCOUNT"
CONNECTION: Final = "RESTORECTL_CONNECTION_STRING"
CONFIG: Final = "RESTORECTL_CONFIG"
ENDPOINT: Final = "ARM_ENDPOINT"
AZURE: Final = "https://management.azure.com"

_NAME: Final = re.compile(r"[a-z0-9]{3,24}")
_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_OF_AZD: Final = "storageaccountname"
_KEYS: Final = ("account", "tables", "queues", "arm_endpoint", "vault")


@dataclass(frozen=True)
class Account:
    """Where the app's tables and queues are, and what goes with them."""

    name: str
    connection: StorageConnection
    source: str
    """Where it was said, as a person would look for it."""
    arm_endpoint: str = AZURE
    vault: str = ""
    """The ARM id of the vault that is looked in where none is named."""


def chosen(option: str, environment: Mapping[str, str], folder: Path) -> Account:
    """Return the account that is meant; raise Trouble where nothing names one."""
    config = _config(environment)
    endpoint = environment.get(ENDPOINT) or config.get("arm_endpoint", AZURE)
    name, connection, source = _storage(option, environment, config, folder)
    return Account(name, connection, source, endpoint, config.get("vault", ""))


def _storage(
    option: str, environment: Mapping[str, str], config: Mapping[str, str], folder: Path
) -> tuple[str, StorageConnection, str]:
    if option:
        return *_named(option), "--account"
    if text := environment.get(ACCOUNT):
        return *_named(text), ACCOUNT
    if text := environment.get(CONNECTION):
        return *_emulated(text), CONNECTION
    if text := config.get("account"):
        return *_named(text), str(config_file(environment))
    if tables := config.get("tables"):
        queues = config.get("queues") or tables.replace(".table.", ".queue.")
        made = StorageConnection(queue_uri=_https(queues), table_uri=_https(tables))
        return urlsplit(tables).hostname or tables, made, str(config_file(environment))
    if found := _of_azd(folder):
        return *_named(found[0]), str(found[1])
    raise Trouble(
        "No storage account is named.",
        f"Name the app's account with --account, in the variable {ACCOUNT}, as account = '…' in "
        f"{config_file(environment)}, or work in a folder with azd's environment (.azure).",
        Exit.USAGE,
    )


def _named(account: str) -> tuple[str, StorageConnection]:
    """Return the account of a name, or of the address of its tables in another cloud."""
    if "://" in account:
        host = urlsplit(account).hostname or ""
        uri = _https(account)
        queues = uri.replace(".table.", ".queue.")
        tables = uri.replace(".queue.", ".table.")
        return host.partition(".")[0], StorageConnection(queue_uri=queues, table_uri=tables)
    if not _NAME.fullmatch(account):
        raise Trouble(
            f"{quoted(account)} is no name of a storage account.",
            "It has 3 to 24 of a-z and 0-9. Of another cloud, give the address of its tables: "
            "https://<account>.table.core.usgovcloudapi.net",
            Exit.USAGE,
        )
    queues, tables = (f"https://{account}.{kind}.core.windows.net" for kind in ("queue", "table"))
    return account, StorageConnection(queue_uri=queues, table_uri=tables)


def _https(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.scheme != "https" or not parts.hostname or parts.username:
        raise Trouble(
            f"{quoted(uri)} is no address of storage.",
            "It is https://<account>.table.core.windows.net, or that of a private endpoint.",
            Exit.USAGE,
        )
    return uri.rstrip("/")


def _emulated(text: str) -> tuple[str, StorageConnection]:
    """Return an emulator of this machine: whatever else has a key is refused."""
    parts = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    lower = {name.lower(): value for name, value in parts.items()}
    hosts = {urlsplit(v).hostname for n, v in lower.items() if n.endswith("endpoint")}
    if lower.get("usedevelopmentstorage") != "true" and (not hosts or not hosts <= _HERE):
        raise Trouble(
            f"{CONNECTION} names an account that is not on this machine.",
            "A connection string holds a key, and restorectl takes none but an emulator's. Use "
            f"--account or {ACCOUNT}, and log in: az login.",
            Exit.USAGE,
        )
    return "the emulator on this machine", StorageConnection(connection_string=text)


def config_file(environment: Mapping[str, str]) -> Path:
    """Return where the config file is, or would be."""
    if named := environment.get(CONFIG):
        return Path(named)
    home = environment.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    return Path(home) / "restorectl.toml"


def _config(environment: Mapping[str, str]) -> dict[str, str]:
    file = config_file(environment)
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Trouble(
            f"{file} cannot be read: {error}", "Correct it, or take it away.", Exit.USAGE
        ) from None
    wrong = [key for key, value in found.items() if key not in _KEYS or not isinstance(value, str)]
    if wrong:
        raise Trouble(
            f"{file} has {', '.join(map(quoted, wrong))}, which is nothing restorectl knows.",
            f"It may hold, as text: {', '.join(_KEYS)}.",
            Exit.USAGE,
        )
    return found


def _of_azd(folder: Path) -> tuple[str, Path] | None:
    """Return the account that azd's environment names, of this folder or of one above it."""
    for place in (folder, *folder.parents):
        file = _azd_environment(place / ".azure")
        if file is None:
            continue
        lines = (line.partition("=") for line in file.read_text("utf-8", "replace").splitlines())
        for name, _, value in lines:
            if name.strip().replace("_", "").lower() == _OF_AZD:
                return value.strip().strip("'\""), file
    return None


def _azd_environment(azure: Path) -> Path | None:
    try:
        config = json.loads((azure / "config.json").read_text("utf-8"))
        name = os.environ.get("AZURE_ENV_NAME") or config["defaultEnvironment"]
        file = azure / str(name) / ".env"
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return file if file.is_file() else None
