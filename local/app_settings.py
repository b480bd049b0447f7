"""App settings: what the Functions host finds in the environment and in `local.settings.json`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from pathlib import Path

PLACEHOLDER = re.compile(r"%([^%]+)%")


class SettingMissingError(LookupError):
    """A binding names an app setting that is not there."""


def setting(settings: Mapping[str, str], name: str) -> str | None:
    """Return an app setting; the host matches names without case."""
    return next((value for key, value in settings.items() if key.lower() == name.lower()), None)


def resolve(text: str, settings: Mapping[str, str]) -> str:
    """Put the values of app settings in place of every `%NAME%` in `text`."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if (resolved := setting(settings, name)) is None:
            raise SettingMissingError(f"'%{name}%' does not resolve: set the app setting {name}.")
        return resolved

    return PLACEHOLDER.sub(value, text)


def load_local_settings(file: Path, environment: MutableMapping[str, str]) -> None:
    """Add what `local.settings.json` holds; what the environment has already, it keeps.

    Its connection strings come to the environment as Core Tools name them.
    """
    if not file.exists():
        return
    held = json.loads(file.read_text())
    strings = held.get("ConnectionStrings", {})
    named = {f"ConnectionStrings:{name}": value for name, value in strings.items()}
    for name, value in {**held.get("Values", {}), **named}.items():
        environment.setdefault(name, value)
