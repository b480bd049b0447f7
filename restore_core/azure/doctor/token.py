"""The look at the token for ARM: that there is one, and whose it is."""

import base64
import json
from typing import Final

from restore_core.azure.bearer import Bearer
from restore_core.contract.resource_ids import valid_segment
from restore_core.engine.checks import Check, Findings, Look, Verdict
from restore_core.errors import Unavailable
from restore_core.loose_json import object_of, text_of

NAME: Final = "token for ARM"
_GUID: Final = "subscription"
"""The kind of id that each of these is, too."""
_CLAIMS: Final = {"oid": "object id", "appid": "client id", "tid": "tenant"}


def token_look(bearer: Bearer, endpoint: str) -> Look:
    """Return a look at what `bearer` is given for the ARM at `endpoint`."""

    def take() -> Findings:
        try:
            token = bearer.current()
        except Unavailable as error:
            problem = error.problem
            return Findings([Check(NAME, Verdict.FAILED, problem.message, problem.action)])
        found = f"The app's identity has a token for {endpoint}{_whose(token)}."
        return Findings([Check(NAME, Verdict.OK, found)])

    return Look(NAME, take)


def _whose(token: str) -> str:
    """Tell whose token it is, by its own claims, which nobody has to believe."""
    claims = _claims(token)
    named = {word: text_of(claims.get(name)) for name, word in _CLAIMS.items()}
    told = [f"{word} {value}" for word, value in named.items() if valid_segment(_GUID, value)]
    return f": {', '.join(told)}" if told else ""


def _claims(token: str) -> dict[str, object]:
    _, _, rest = token.partition(".")
    payload = rest.partition(".")[0]
    try:
        return object_of(json.loads(base64.urlsafe_b64decode(payload + "==")))
    except (ValueError, RecursionError):
        return {}
