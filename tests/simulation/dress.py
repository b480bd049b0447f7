"""How the senders of a world write what they ask: plain or in an envelope, and under which id.

The id of what comes in an envelope is worked out here once more, from the facts and not from the
app, so that a result is looked for where it must be.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from tests import envelopes
from tests.builders import SUBSCRIPTION

ENVELOPES: Final = ("native", "alert", "cloud event", "grid event", "grid event in a list")
FIRED: Final = "2026-11-21T11:58:24.3713213Z"
SOMETHING: Final = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod/providers/Microsoft.Network"
    "/virtualNetworks/net-1"
)


@dataclass(frozen=True)
class Dressed:
    """What is asked, as it is sent."""

    request_id: str
    write: Callable[[dict[str, Any]], bytes]
    """Writes the fields, or others under the same id."""


def dress(rng: Random, fields: dict[str, Any], number: int) -> Dressed:
    """Choose how the fields of a request are sent."""
    envelope = "native" if rng.random() < 0.6 else rng.choice(ENVELOPES[1:])
    in_base64 = rng.random() < 0.15
    own_id = rng.random() < 0.3
    leaves_the_disk_out = rng.random() < 0.5

    def write(fields: dict[str, Any]) -> bytes:
        asked = {name: value for name, value in fields.items() if value is not ...}
        match envelope:
            case "native":
                whole: Any = asked
            case "alert":
                whole = fired(asked, number, leaves_the_disk_out=leaves_the_disk_out)
            case "cloud event":
                whole = envelopes.a_cloud_event(id=f"event-{number}", data=_data(asked, own_id))
            case _:
                whole = envelopes.a_grid_event(id=f"event-{number}", data=_data(asked, own_id))
        whole = [whole] if envelope.endswith("list") else whole
        return base64.b64encode(envelopes.sent(whole)) if in_base64 else envelopes.sent(whole)

    return Dressed(_id(envelope, fields, number, own_id=own_id), write)


def _data(asked: dict[str, Any], own_id: bool) -> dict[str, Any]:  # noqa: FBT001
    return asked if own_id else {k: v for k, v in asked.items() if k != "requestId"}


def _id(envelope: str, fields: dict[str, Any], number: int, *, own_id: bool) -> str:
    match envelope:
        case "native":
            return str(fields["requestId"])
        case "alert":
            return id_of_alert(number)
        case _ if own_id:
            return str(fields["requestId"])
        case "cloud event":
            return _derived("event", "/contoso/servicenow", f"event-{number}")
        case _:
            return _derived("event", envelopes.a_grid_event()["topic"], f"event-{number}")


def fired(
    asked: dict[str, Any], number: int, *, leaves_the_disk_out: bool = False
) -> dict[str, Any]:
    """Return an alert whose rule asks for a restore; the alert may say alone which disk it is."""
    targets = [asked.get("sourceDiskId") or envelopes.DISK]
    out = {"requestId", "sourceDiskId"} if leaves_the_disk_out else {"requestId"}
    properties = {name: value for name, value in asked.items() if name not in out}
    essentials = {"alertId": _alert(number), "firedDateTime": FIRED, "alertTargetIDs": targets}
    return envelopes.an_alert(properties, **essentials)


def resolved(number: int) -> bytes:
    """Return the alert of a number once more, resolved: it asks for nothing."""
    essentials = {"alertId": _alert(number), "firedDateTime": FIRED}
    return envelopes.sent(envelopes.an_alert(monitorCondition="Resolved", **essentials))


def id_of_alert(number: int) -> str:
    """Return the request id of what an alert asks."""
    return _derived("alert", _alert(number).lower(), FIRED)


def deleted(resource: str, number: int, *, as_cloud_event: bool) -> Dressed:
    """Return Azure's event that a resource was deleted."""
    make = envelopes.a_deletion_as_cloud_event if as_cloud_event else envelopes.a_deletion
    event = {**make(resource), "id": f"deletion-{number}"}
    request_id = _derived("event", envelopes.GROUP, f"deletion-{number}")
    return Dressed(request_id, lambda _: envelopes.sent(event))


def unknown(number: int) -> bytes:
    """Return a message of a sender that nobody knows."""
    return envelopes.sent({**envelopes.ZABBIX, "alert_uid": str(number)})


def digest(body: bytes) -> str:
    """Return what tells the row of a message that became no restore from another's."""
    return hashlib.sha256(body).hexdigest()[:16]


def _alert(number: int) -> str:
    return f"{envelopes.ALERT_ID}-{number}"


def _derived(prefix: str, *parts: str) -> str:
    return f"{prefix}-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:32]}"
