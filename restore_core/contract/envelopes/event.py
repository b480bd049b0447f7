"""An event, whichever of the two forms it came in: what it asks, if anything. Pure."""

from dataclasses import dataclass
from typing import Any, Final

from restore_core.contract.envelopes import deleted_disk
from restore_core.contract.envelopes.defaults import completed, derived_id
from restore_core.contract.envelopes.message import object_in
from restore_core.contract.origin import Asked, Origin
from restore_core.contract.request import RestoreRequest
from restore_core.contract.withdrawal import WITHDRAW, Withdrawal
from restore_core.errors import MalformedRequest, NothingAsked
from restore_core.loose_json import text_of
from restore_core.text import quoted, shown

_DATA: Final = "data of the event"
_THEY: Final = "The data of the event are"
_OF_AZURE: Final = "microsoft."


@dataclass(frozen=True)
class Event:
    """What both forms of an event say. Source and id together name it, once and for all."""

    source: str
    id: str
    type: str
    subject: str
    data: Any

    @property
    def request_id(self) -> str:
        """Return the id of what this event asks, the same at each delivery."""
        return derived_id("event", self.source, self.id)

    def asked(self, origin: Origin) -> Asked | Withdrawal:
        """Return what is asked or withdrawn; raise MalformedRequest or NothingAsked."""
        try:
            if deleted_disk.is_deletion(self.type):
                return Asked(self._request_of_deletion(), Origin.DELETED_DISK)
            self._refuse_of_azure()
            fields = object_in(self.data, _DATA)
            if WITHDRAW in fields:
                return self._withdrawal(fields)
            return Asked(self._request(fields), origin)
        except (MalformedRequest, NothingAsked) as error:
            raise type(error)(error.reason, error.request_id or self.request_id) from None

    def _refuse_of_azure(self) -> None:
        if self.type.lower().startswith(_OF_AZURE):
            raise NothingAsked(
                f"An event of type {quoted(self.type)} asks for no restore. Leave it out of the "
                "event subscription."
            )

    def _withdrawal(self, fields: dict[str, Any]) -> Withdrawal:
        return Withdrawal.from_fields(completed(fields, requestedBy=self.source), they=_THEY)

    def _request(self, fields: dict[str, Any]) -> RestoreRequest:
        defaults = {
            "requestId": self.request_id,
            "requestedBy": self.source,
            "correlationId": self.id,
        }
        return RestoreRequest.from_fields(completed(fields, **defaults), they=_THEY)

    def _request_of_deletion(self) -> RestoreRequest:
        data = {} if self.data is None else object_in(self.data, _DATA)
        disk = str(deleted_disk.disk_of(data, self.subject))
        return RestoreRequest.from_fields(
            {
                "requestId": self.request_id,
                "sourceDiskId": disk,
                "targetDiskId": disk,
                "requestedBy": "deletion of the disk",
                "correlationId": text_of(data.get("correlationId")) or self.id,
            }
        )


def required_text(envelope: dict[str, Any], name: str, what: str) -> str:
    """Return the text of a field that every event has; raise MalformedRequest without one."""
    text = text_of(envelope.get(name))
    if not text.strip():
        is_ = shown(envelope[name]) if name in envelope else "missing"
        raise MalformedRequest(
            f"{name} of the {what} is {is_}: it must be a text that is not empty. Send the event "
            "whole, as its source wrote it."
        )
    return text
