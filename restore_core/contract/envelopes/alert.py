"""An alert of Azure Monitor in the common alert schema. Pure.

The custom properties of the alert rule are the fields of the request; the firing gives the id, and
the source where the alert is about one disk. Which disk of a machine is meant is never guessed.
"""

import re
from typing import Any, Final

from restore_core.contract.envelopes.defaults import completed, derived_id, is_absent
from restore_core.contract.request import FIELDS, RestoreRequest, nearest_field
from restore_core.contract.resource_ids import DiskId, InvalidId
from restore_core.errors import MalformedRequest, NothingAsked
from restore_core.loose_json import array_of, object_of, text_of
from restore_core.text import json_type, quoted, shown

MAX_DISKS_TOLD: Final = 3

_SCHEMA: Final = "azuremonitorcommonalertschema"
_MISSPELT: Final = 0.7
"""How near a property must be to a field of ours to be that field, misspelt."""

# The properties of a rule are the same each time it fires, so a requestId among them would make
# every firing after the first a repetition of it, and nothing would be restored.
_NOT_TAKEN: Final = "requestId"

# Left out, these change nothing (requestId) or make the app more careful (force), so whatever is
# nearly one is somebody else's: `source` is nearly `force`.
_MAY_BE_MISSPELT: Final = (_NOT_TAKEN, "force")

_MACHINE: Final = re.compile(r"/providers/microsoft\.compute/virtualmachines/", re.IGNORECASE)
_PROVIDERS: Final = re.compile(r"/providers/", re.IGNORECASE)
_WHAT_TO_ADD: Final = (
    "Add to the custom properties of the alert rule targetResourceGroupId and either "
    "backupInstanceId or sourceDiskId, the latter with vaultId where RESTORE_DEFAULT_VAULT is "
    "not set."
)


def is_alert(envelope: dict[str, Any]) -> bool:
    """Tell whether this is an alert in the common schema, by its mark."""
    return text_of(envelope.get("schemaId")).lower() == _SCHEMA


def request_of(envelope: dict[str, Any]) -> RestoreRequest:
    """Return what an alert asks; raise MalformedRequest, or NothingAsked where it is resolved."""
    data = object_of(envelope.get("data"))
    essentials = object_of(data.get("essentials"))
    request_id = _request_id(essentials)
    try:
        _require_fired(essentials)
        fields = completed(
            _fields(data, essentials),
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


def _fields(data: dict[str, Any], essentials: dict[str, Any]) -> dict[str, Any]:
    context = object_of(data.get("alertContext"))
    fields = _properties(data, context)
    if all(is_absent(fields.get(name)) for name in ("backupInstanceId", "sourceDiskId")):
        fields["sourceDiskId"] = str(_only_disk(_targets(essentials, context)))
    return fields


# ------------------------------------------------------------------------ custom properties


def _properties(data: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a request among the properties, in both places where they can stand."""
    places = {
        "data.customProperties": data.get("customProperties"),
        "data.alertContext.properties": context.get("properties"),
    }
    fields: dict[str, Any] = {}
    for place, properties in places.items():
        for name, value in _told_in(place, properties).items():
            if _is_field(name):
                _add(fields, name, value)
    return fields


def _told_in(place: str, properties: Any) -> dict[str, Any]:
    if is_absent(properties):
        return {}
    if not isinstance(properties, dict):
        # Passed over, a pointInTime in it would be too, and the newest would be restored.
        raise MalformedRequest(
            f"{place} of the alert is {json_type(properties)}: it must be an object. Send the "
            "alert whole, as Azure Monitor wrote it."
        )
    return properties


def _is_field(name: str) -> bool:
    """Tell whether a property is ours; refuse one that nearly is, and leave others to others."""
    if name in FIELDS.values():
        return name != _NOT_TAKEN
    near = nearest_field(name, cutoff=_MISSPELT)
    if near and near not in _MAY_BE_MISSPELT:
        raise MalformedRequest(
            f"{quoted(name)} among the custom properties of the alert is no field of a restore "
            f"request: perhaps {near} is meant. Rename it in the alert rule."
        )
    return False


def _add(fields: dict[str, Any], name: str, value: Any) -> None:
    """Add a field; refuse another value of one that is there."""
    meant = None if text_of(value).lower() == "null" else value
    known = fields.setdefault(name, meant)
    # Of what is no text, two are never taken for the same: deep enough, they cannot be compared.
    if known is not meant and (not isinstance(known, str) or known != meant):
        raise MalformedRequest(
            f"{name} stands twice among the custom properties of the alert, with two values: "
            f"{shown(known)} and {shown(meant)}. Leave one of them in the alert rule."
        )


# ------------------------------------------------------------------------------- the source


def _targets(essentials: dict[str, Any], context: dict[str, Any]) -> list[str]:
    """Return what the alert is about; an alert on a vault names what it protects as linked."""
    named = (*array_of(essentials.get("alertTargetIDs")), context.get("linkedResourceId"))
    return [target for target in map(text_of, named) if target.strip()]


def _only_disk(targets: list[str]) -> DiskId:
    """Return the one disk that an alert is about; raise MalformedRequest where there is not one."""
    disks = [*dict.fromkeys(disk for disk in map(_disk, targets) if disk is not None)]
    if not disks:
        raise MalformedRequest(f"{_without_disk(targets)} {_WHAT_TO_ADD}")
    if len(disks) > 1:
        names = ", ".join(f"{disk.name} in {disk.group.name}" for disk in disks[:MAX_DISKS_TOLD])
        more = ", …" if len(disks) > MAX_DISKS_TOLD else ""
        raise MalformedRequest(
            f"The alert is about {len(disks)} disks ({names}{more}), and which of them is meant is "
            "never guessed. Add sourceDiskId to the custom properties of the alert rule."
        )
    return disks[0]


def _disk(target: str) -> DiskId | None:
    try:
        return DiskId.parse(target)
    except InvalidId:
        return None


def _without_disk(targets: list[str]) -> str:
    for target in targets:
        machine = _MACHINE.split(target)[1:]
        if machine:
            return (
                f"The alert is about the virtual machine {quoted(machine[0])}, which may have "
                "several disks, and which of them is meant is never guessed."
            )
    if not targets:
        return "The alert names no disk: it has no target at all."
    return f"The alert names no disk: its target is {quoted(_PROVIDERS.split(targets[0])[-1])}."
