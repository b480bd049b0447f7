"""Who asks, as the record tells it: a name, not a proof. Who may ask, the account's roles say."""

from __future__ import annotations

import getpass


def named(given: str = "") -> str:
    """Return the name that was given, else that of this machine's user."""
    try:
        return given or f"restorectl:{getpass.getuser()}"
    except (OSError, KeyError):
        return "restorectl"
