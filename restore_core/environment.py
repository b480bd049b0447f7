"""The environment as the Functions host reads it: names without case, `:` and `__` the same.

App Service puts a connection string under a prefix of its kind; the host reads it, as it reads what
`local.settings.json` holds, under `ConnectionStrings`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_OF_APP_SERVICE: Final = re.compile(r"(?:custom|mysql|sql|sqlazure)connstr_", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"@Microsoft\.(?:KeyVault|AppConfiguration)\s*\(", re.IGNORECASE)


@dataclass(frozen=True)
class Setting:
    """A setting under the name that it has in the environment."""

    name: str
    value: str

    @property
    def unresolved(self) -> str:
        """Return what is wrong where it still is a reference, to Key Vault or App Configuration."""
        if not _REFERENCE.match(self.value):
            return ""
        return (
            f"{self.name} was not resolved: the app was given the reference itself, not what it "
            "points to. Look up its status beside it in the function app's settings; the app's "
            "identity must be allowed to read what it points to."
        )


class Environment:
    """Settings by name. A blank one is an absent one."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._settings = {
            _key(name): Setting(name, value.strip())
            for name, value in variables.items()
            if value.strip()
        }

    def get(self, name: str) -> Setting | None:
        """Return the setting of this name."""
        return self._settings.get(_key(name))

    def below(self, name: str) -> dict[str, Setting]:
        """Return the parts of a setting, `NAME__part`, by their lower-cased names."""
        start = f"{_key(name)}:"
        return {
            key.removeprefix(start): setting
            for key, setting in self._settings.items()
            if key.startswith(start)
        }


def _key(name: str) -> str:
    return _OF_APP_SERVICE.sub("ConnectionStrings:", name, count=1).replace("__", ":").lower()
