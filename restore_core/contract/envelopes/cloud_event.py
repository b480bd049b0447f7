"""An event in the CloudEvents 1.0 form, whose data hold the fields of a request. Pure.

Extension attributes are passed over: the form allows any, and none of them asks for anything.
"""

from typing import Any, Final

from restore_core.contract.envelopes.event import Event, required_text
from restore_core.errors import MalformedRequest
from restore_core.loose_json import text_of
from restore_core.text import shown

_WHAT: Final = "CloudEvent"


def is_event(envelope: dict[str, Any]) -> bool:
    """Tell whether this is a CloudEvent, by its mark."""
    return "specversion" in envelope


def event_of(envelope: dict[str, Any]) -> Event:
    """Return the event; raise MalformedRequest."""
    version = envelope["specversion"]
    if version != "1.0":
        raise MalformedRequest(
            f"specversion of the CloudEvent is {shown(version)}: only the text '1.0' is read. "
            "Send CloudEvents 1.0."
        )
    return Event(
        source=required_text(envelope, "source", _WHAT),
        id=required_text(envelope, "id", _WHAT),
        type=required_text(envelope, "type", _WHAT),
        subject=text_of(envelope.get("subject")),
        data=_data(envelope),
    )


def _data(envelope: dict[str, Any]) -> Any:
    data, binary = envelope.get("data"), envelope.get("data_base64")
    if data is not None and binary is not None:
        raise MalformedRequest(
            "The CloudEvent has both data and data_base64, which exclude each other: send one."
        )
    return data if binary is None else binary
