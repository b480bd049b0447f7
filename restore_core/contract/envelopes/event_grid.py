"""An event in Event Grid's own form, whose data hold the fields of a request. Pure.

A queue receives one event a message, as an object; the documentation shows it in a list of one.
"""

from typing import Any, Final

from restore_core.contract.envelopes.event import Event, required_text
from restore_core.errors import MalformedRequest
from restore_core.loose_json import object_of, text_of

_WHAT: Final = "Event Grid event"


def is_event(envelope: dict[str, Any]) -> bool:
    """Tell whether this is an event of Event Grid, by its marks."""
    return "eventType" in envelope and ("eventTime" in envelope or "dataVersion" in envelope)


def only_event(messages: list[Any]) -> dict[str, Any]:
    """Return the one event of a list; raise MalformedRequest where there is another, or none."""
    only = object_of(messages[0]) if len(messages) == 1 else {}
    if not is_event(only):
        raise MalformedRequest(
            f"The message must be a JSON object, but it is a list of {len(messages)}: a list is "
            "read only where it holds one Event Grid event and nothing else. Send each request "
            "in a message of its own."
        )
    return only


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
