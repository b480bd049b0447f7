"""The one way in: the bytes of a message to what is asked or withdrawn, and by whom. Pure."""

from typing import Any

from restore_core.contract.envelopes import alert, cloud_event, event_grid, native
from restore_core.contract.envelopes.message import decode
from restore_core.contract.origin import Asked, Origin
from restore_core.contract.withdrawal import Withdrawal
from restore_core.errors import MalformedRequest
from restore_core.loose_json import object_of


def read(body: bytes) -> Asked | Withdrawal:
    """Return what a message asks or withdraws, in whichever envelope.

    Raise MalformedRequest or NothingAsked.
    """
    decoded = decode(body)
    return _opened(_only_event(decoded) if isinstance(decoded, list) else decoded)


def _only_event(messages: list[Any]) -> dict[str, Any]:
    """Return the one event of a batch; raise MalformedRequest where there is another, or none.

    A queue receives one event a message, as an object; both forms of events know lists of them.
    """
    only = object_of(messages[0]) if len(messages) == 1 else {}
    if not (cloud_event.is_event(only) or event_grid.is_event(only)):
        raise MalformedRequest(
            f"The message must be a JSON object, but it is a list of {len(messages)}: a list is "
            "read only where it holds one event, of CloudEvents or Event Grid, and nothing else. "
            "Send each in a message of its own, without the list."
        )
    return only


def _opened(envelope: dict[str, Any]) -> Asked | Withdrawal:
    if alert.is_alert(envelope):
        return Asked(alert.request_of(envelope), Origin.ALERT)
    if cloud_event.is_event(envelope):
        return cloud_event.event_of(envelope).asked(Origin.CLOUD_EVENT)
    if event_grid.is_event(envelope):
        return event_grid.event_of(envelope).asked(Origin.EVENT_GRID)
    return native.asked_by(envelope)
