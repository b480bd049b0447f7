"""The one way in: the bytes of a message to what is asked and by whom. Pure."""

from typing import Any

from restore_core.contract.envelopes import alert, cloud_event, event_grid, native
from restore_core.contract.envelopes.message import decode
from restore_core.contract.origin import Asked, Origin


def read(body: bytes) -> Asked:
    """Return what a message asks, in whichever envelope; raise MalformedRequest or NothingAsked."""
    decoded = decode(body)
    return _opened(event_grid.only_event(decoded) if isinstance(decoded, list) else decoded)


def _opened(envelope: dict[str, Any]) -> Asked:
    if alert.is_alert(envelope):
        return Asked(alert.request_of(envelope), Origin.ALERT)
    if cloud_event.is_event(envelope):
        return cloud_event.event_of(envelope).asked(Origin.CLOUD_EVENT)
    if event_grid.is_event(envelope):
        return event_grid.event_of(envelope).asked(Origin.EVENT_GRID)
    return Asked(native.request_of(envelope), Origin.NATIVE)
