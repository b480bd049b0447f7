"""What the doctor tells of the settings: each with its source, and what is wrong. Pure."""

import difflib
from collections.abc import Sequence
from typing import Any, Final

from restore_core.engine.checks import Check, Verdict
from restore_core.lifecycle.policy import SETTING
from restore_core.settings import Examined, Told

NAME: Final = "settings"
_RULES: Final = "rules"
_VAULTS: Final = "vaults"


def checks(examined: Examined) -> list[Check]:
    """Return what is right and wrong with the settings, and with what they allow."""
    faults = [wrong(fault) for fault in examined.faults]
    faults += [_unknown(name, examined.told) for name in examined.unknown]
    fine = Check(NAME, Verdict.OK, f"All {len(examined.told)} can be read.")
    return [*(faults or [fine]), *([] if examined.faults else _of_rules(examined))]


def wrong(fault: str) -> Check:
    """Return the check of a setting that is missing or wrong."""
    action = "Correct the app setting; the app starts anew with it by itself."
    return Check(NAME, Verdict.FAILED, fault, action)


def shown(told: Told) -> dict[str, Any]:
    """Return a setting as the answer shows it."""
    return {
        "name": told.name,
        "value": told.value,
        "source": f"app setting {told.source}" if told.source else "default",
        "isDefault": not told.source,
    }


def _unknown(name: str, told: Sequence[Told]) -> Check:
    near = difflib.get_close_matches(name.upper(), [one.name for one in told], 1)
    meant = f": perhaps {near[0]} is meant" if near else ""
    return Check(
        NAME,
        Verdict.FAILED,
        f"{name} is no setting of the app{meant}.",
        "Correct its name, or take it away: it has no effect.",
    )


def _of_rules(examined: Examined) -> list[Check]:
    rules = examined.settings.rules
    count = len(rules.policy.rules)
    if not count:
        found = f"{SETTING} is not set, so every request is refused."
        action = (
            f"Set {SETTING} to rules 'source => target', such as '/subscriptions/…/backupVaults/…"
            " => /subscriptions/…/resourceGroups/…'."
        )
        return [Check(_RULES, Verdict.FAILED, found, action)]
    fine = Check(_RULES, Verdict.OK, f"{SETTING} has {count} rule{'s' if count > 1 else ''}.")
    if rules.policy.vaults or rules.default_vault:
        return [fine]
    return [fine, Check(_VAULTS, Verdict.SKIPPED, _NO_VAULT, _NAME_ONE)]


_NO_VAULT: Final = (
    f"Not looked at: no source of {SETTING} names a vault, and RESTORE_DEFAULT_VAULT is not set."
)
_NAME_ONE: Final = (
    "Set RESTORE_DEFAULT_VAULT to have it looked at; or validate an instance: python -m "
    "local.doctor --instance."
)
