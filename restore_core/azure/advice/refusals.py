"""What ARM says in a refusal: who lacks which action where, or what no role can mend. Pure.

The sentences are ARM's, as public reports quote them. `LinkedAuthorizationFailed` first says what
the caller *has*; what it lacks comes after.
"""

import re
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Final

from restore_core.errors import Problem

_LACKS: Final = re.compile(
    r"not have (?:permission|authorization) to perform action(?:\(s\))? '(?P<actions>[^']+)'"
    r"(?: (?:over scope|on the (?:'\d+' )?linked scope\(s\)) '(?P<scopes>[^']*)')?",
    re.IGNORECASE,
)
_PRINCIPAL: Final = re.compile(r"object id '(?P<id>[0-9a-fA-F-]{36})'")


@dataclass(frozen=True)
class _Obstacle:
    """Something that no role mends: parts of codes and of messages, in lower case, that tell it."""

    codes: tuple[str, ...]
    texts: tuple[str, ...]
    told: str


_OBSTACLES: Final = (
    _Obstacle(
        codes=("denyassignment",),
        texts=("deny assignment",),
        told="a deny assignment forbids it, whatever the roles. The message names it: whoever made "
        "it (a managed application, a deployment stack, a cluster) must except this identity, or "
        "the restore must go to another resource group",
    ),
    _Obstacle(
        codes=("disallowedbypolicy", "disallowedbyazure"),
        texts=("disallowed by policy", "disallowed by azure"),
        told="a policy forbids it. The message names it: its owner must exempt the scope, or the "
        "restore must go where the policy does not hold",
    ),
    _Obstacle(
        codes=("resourceguard",),
        texts=("microsoft.dataprotection/resourceguards/",),
        told="a resource guard protects restores of this vault (multi-user authorisation), and the "
        "app asks no guard. Its owner must take restores out of what it protects, or somebody "
        "whom the guard lets through must restore by hand",
    ),
    _Obstacle(
        codes=("scopelocked",),
        texts=("following scope(s) are locked",),
        told="a lock stands on the scope that the message names. Its owner must lift it, or the "
        "restore must go to another resource group",
    ),
    _Obstacle(
        codes=(),
        texts=("is not authorized to access linked subscription",),
        told="the subscription that the message names belongs to another tenant than the identity. "
        "Restore within one tenant",
    ),
)


@dataclass(frozen=True)
class Lack:
    """An action that is missing, and where; "" where ARM does not say."""

    action: str
    scope: str


def obstacle(problem: Problem) -> str:
    """Return what stands against the call that no role mends, or ""."""
    code, message = problem.code.lower(), problem.message.lower()
    by_code = (one.told for one in _OBSTACLES if any(part in code for part in one.codes))
    by_text = (one.told for one in _OBSTACLES if any(part in message for part in one.texts))
    return next(chain(by_code, by_text), "")


def lacks(problem: Problem) -> list[Lack]:
    """Return every action that ARM says is missing, with its scope."""
    return [lack for found in _LACKS.finditer(problem.message) for lack in _paired(found)]


def named_principal(problem: Problem) -> str:
    """Return the object id of the identity that ARM refused, or ""."""
    named = _PRINCIPAL.search(problem.message)
    return named["id"] if named else ""


def _paired(found: re.Match[str]) -> list[Lack]:
    """Pair actions with scopes: as many of each ("respectively"), or one action for all scopes."""
    actions, scopes = found["actions"].split(","), (found["scopes"] or "").split(",")
    if len(actions) == 1:
        return [Lack(actions[0].strip(), scope.strip()) for scope in scopes]
    pairs = zip_longest(actions, scopes[: len(actions)], fillvalue="")
    return [Lack(action.strip(), scope.strip()) for action, scope in pairs]
