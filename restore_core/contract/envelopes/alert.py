"""An alert of Azure Monitor in the common alert schema. Pure.

The custom properties of the alert rule are the fields of the request; the firing gives the id, and
the source where the alert is about one disk, or about one machine all of whose disks are wanted.
"""

from typing import Any, Final

from restore_core.contract.envelopes.activity_log import (
    is_on_activity_log,
    require_that_it_came_about,
)
from restore_core.contract.envelopes.alert_source import disks_among, only_disk, only_machine
from restore_core.contract.envelopes.custom_properties import properties_in
from restore_core.contract.envelopes.defaults import completed, derived_id
from restore_core.contract.request import RestoreRequest
from restore_core.errors import MalformedRequest, NothingAsked
from restore_core.loose_json import array_of, object_of, text_of
from restore_core.text import quoted, shown

_SCHEMA: Final = "azuremonitorcommonalertschema"


def is_alert(envelope: dict[str, Any]) -> bool:
    """Tell whether this is an alert in the common schema, by its mark."""
    return text_of(envelope.get("schemaId")).lower() == _SCHEMA


def request_of(envelope: dict[str, Any]) -> RestoreRequest:
    """Return what an alert asks; raise MalformedRequest, or NothingAsked where it is resolved."""
    data = object_of(envelope.get("data"))
    essentials, context = (object_of(data.get(name)) for name in ("essentials", "alertContext"))
    request_id = _request_id(essentials)
    try:
        _require_fired(essentials)
        if is_on_activity_log(essentials, context):
            require_that_it_came_about(essentials, context)
        fields = completed(
            _fields(essentials, context, data.get("customProperties")),
            requestId=request_id,
            requestedBy=f"alert rule {text_of(essentials.get('alertRule'))}",
            correlationId=text_of(essentials["alertId"]),
        )
        return RestoreRequest.from_fields(fields, they="The custom properties of the alert are")
    except (MalformedRequest, NothingAsked) as error:
        raise type(error)(error.reason, request_id) from None


def _request_id(essentials: dict[str, Any]) -> str:
    """Return the id of this firing: its alert is told again when it is resolved, or redelivered."""
    for name in ("alertId", "firedDateTime"):
        if not text_of(essentials.get(name)).strip():
            raise MalformedRequest(
                f"The alert has no data.essentials.{name}, without which one firing cannot be "
                "told from another. Send the alert whole, as Azure Monitor wrote it."
            )
    return derived_id("alert", essentials["alertId"].lower(), essentials["firedDateTime"])


def _require_fired(essentials: dict[str, Any]) -> None:
    condition = essentials.get("monitorCondition")
    match text_of(condition).lower():
        case "fired":
            return
        case "resolved":
            rule = quoted(text_of(essentials.get("alertRule")))
            raise NothingAsked(f"The alert of rule {rule} is resolved: only Fired asks.")
        case _:
            raise MalformedRequest(
                f"monitorCondition of the alert is {shown(condition)}: it must be Fired or "
                "Resolved. Send the alert whole, as Azure Monitor wrote it."
            )


def _fields(essentials: dict[str, Any], context: dict[str, Any], custom: Any) -> dict[str, Any]:
    """Return the fields of the request: the custom properties, and the source without one."""
    places = {"data.customProperties": custom}
    if not is_on_activity_log(essentials, context):
        places["data.alertContext.properties"] = context.get("properties")
    properties = properties_in(places)
    targets = _targets(essentials, context)
    is_known = properties.whole_machine or len(disks_among(targets)) == 1
    properties.refuse_misspelt(source_is_known=is_known)
    if properties.whole_machine:
        properties.refuse_source()
        return {**properties.fields, "sourceVirtualMachineId": str(only_machine(targets))}
    if properties.names_source:
        return properties.fields
    return {**properties.fields, "sourceDiskId": str(only_disk(targets))}


def _targets(essentials: dict[str, Any], context: dict[str, Any]) -> list[str]:
    """Return what the alert is about; an alert on a vault names what it protects as linked."""
    named = (*array_of(essentials.get("alertTargetIDs")), context.get("linkedResourceId"))
    return [target for target in map(text_of, named) if target.strip()]
