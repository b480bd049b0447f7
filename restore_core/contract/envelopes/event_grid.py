"""An event in Event Grid's own form, whose data hold the fields of a request. Pure."""

from typing import Any, Final

from restore_core.contract.envelopes.event import Event, required_text
from restore_core.loose_json import text_of

_WHAT: Final = "Event Grid event"


def is_event(envelope: dict[str, Any]) -> bool:
    """Tell whether this is an event of Event Grid, by its marks."""
    return "eventType" in envelope and ("eventTime" in envelope or "dataVersion" in envelope)


def event_of(envelope: dict[str, Any]) -> Event:
    """Return the event; raise MalformedRequest."""
    return Event(
        source=_source(envelope),
        id=required_text(envelope, "id", _WHAT),
        type=required_text(envelope, "eventType", _WHAT),
        subject=text_of(envelope.get("subject")),
        data=envelope.get("data"),
    )


def _source(envelope: dict[str, Any]) -> str:
    """Return the topic, or the subject of an event that was published without one.

    An id is unique for its source alone, so an event that names neither is refused.
    """
    topic = text_of(envelope.get("topic"))
    return topic if topic.strip() else required_text(envelope, "subject", _WHAT)
