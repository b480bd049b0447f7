"""Our own messages: an object whose fields are a request's, or a withdrawal's. Pure."""

from itertools import islice
from typing import Any, Final

from restore_core.contract.faults import nearest_field, usable_id
from restore_core.contract.origin import Asked, Origin
from restore_core.contract.request import FIELDS, RestoreRequest
from restore_core.contract.withdrawal import WITHDRAW, Withdrawal
from restore_core.errors import MalformedRequest
from restore_core.loose_json import text_of
from restore_core.text import quoted

MAX_NAMES: Final = 5
"""Fields of an unknown message that its reason names: enough to know the sender by."""

_NEAR: Final = 0.7
"""From here on a name is a field of ours, misspelt, and the message one of ours."""

_ENVELOPES: Final = "common alert schema, CloudEvents 1.0, Event Grid"


def asked_by(message: dict[str, Any]) -> Asked | Withdrawal:
    """Return what is asked or withdrawn; raise MalformedRequest."""
    if WITHDRAW in message:
        return Withdrawal.from_fields(message)
    if _is_other_alert(message):
        raise MalformedRequest(
            f"The message is an alert in the schema {quoted(message['schemaId'])}, which is not "
            "read. Switch the action group to the common alert schema."
        )
    if not _is_ours(message):
        raise MalformedRequest(
            "The message is no restore request, and no envelope that is known either "
            f"({_ENVELOPES}): {_names(message)}. Send the fields of a restore request."
        )
    _refuse_misspelt_withdrawal(message)
    return Asked(RestoreRequest.from_fields(message), Origin.NATIVE)


def _is_other_alert(message: dict[str, Any]) -> bool:
    schema = text_of(message.get("schemaId")).lower()
    return schema == "azuremonitormetricalert" or schema.startswith("microsoft.insights/")


def _is_ours(message: dict[str, Any]) -> bool:
    """Tell whether one field is ours, or one of the first few nearly so."""
    if any(name in message for name in FIELDS.values()):
        return True
    return any(_nearest(name) for name in islice(message, MAX_NAMES))


def _refuse_misspelt_withdrawal(message: dict[str, Any]) -> None:
    for name in islice(message, MAX_NAMES):
        if name not in FIELDS.values() and _nearest(name) == WITHDRAW:
            raise MalformedRequest(
                f"The message is no restore request. {quoted(name)} is none of its fields: perhaps "
                f"{WITHDRAW} is meant.",
                usable_id(message),
            )


def _nearest(name: str) -> str:
    return nearest_field(name, cutoff=_NEAR, among={**FIELDS, WITHDRAW: WITHDRAW})


def _names(message: dict[str, Any]) -> str:
    if not message:
        return "it has no fields"
    told = ", ".join(quoted(name) for name in islice(message, MAX_NAMES))
    return f"its fields are {told}" + (", …" if len(message) > MAX_NAMES else "")
