"""Refusals under a status that says "try later" and that no waiting mends: what a person must do.

ARM answers 409 to a write under a read-only lock, and where the resource provider is not registered
(Microsoft's documentation of Azure Resource Manager's errors). A short list, by code.
"""

import re
from dataclasses import replace
from typing import Final

from restore_core.contract import commands
from restore_core.errors import Problem
from restore_core.text import quoted

_LOCKED: Final = "scopelocked"
_UNREGISTERED: Final = "missingsubscriptionregistration"
_DISABLED: Final = "readonlydisabledsubscription"
_STANDING: Final = frozenset({_LOCKED, _UNREGISTERED, _DISABLED})
_SCOPE: Final = re.compile(
    r"are locked:\s*'(?P<scope>/subscriptions/(?P<subscription>[0-9A-Fa-f-]{1,64})"
    r"(?:/resourceGroups/(?P<group>[\w.()-]{1,90}))?[^']*)'",
    re.IGNORECASE,
)
_NAMESPACE: Final = re.compile(r"namespace '([A-Za-z.]{1,64})'")
_SUBSCRIPTION: Final = re.compile(r"/subscriptions/([0-9A-Fa-f-]{1,64})", re.IGNORECASE)


def is_standing(problem: Problem) -> bool:
    """Tell whether the refusal stands until a person mends what it names."""
    return problem.code.lower() in _STANDING


def with_remedy(problem: Problem, url: str) -> Problem:
    """Return the refusal of a call to `url` with what mends it."""
    match problem.code.lower():
        case "scopelocked":
            what, command = _unlock(problem.message)
        case "missingsubscriptionregistration":
            what, command = _register(problem.message, url)
        case _:
            what, command = "The subscription is disabled: only reading works. Enable it", ""
    action = f"{what}, then send the request again with a new requestId. {command}"
    return replace(problem, action=action.rstrip())


def _unlock(message: str) -> tuple[str, str]:
    found = _SCOPE.search(message)
    if found is None:
        return "A read-only lock forbids the restore: have it lifted for a while", ""
    what = f"A read-only lock on {quoted(found['scope'])} forbids it: lift it for a while"
    return what, commands.line(commands.list_locks(found["subscription"], found["group"]))


def _register(message: str, url: str) -> tuple[str, str]:
    namespace, subscription = _NAMESPACE.search(message), _SUBSCRIPTION.search(url)
    name = namespace[1] if namespace else "Microsoft.DataProtection"
    what = f"Register the resource provider {name}"
    if subscription is None:
        return what, ""
    return what, commands.line(commands.register(name, subscription[1]))
