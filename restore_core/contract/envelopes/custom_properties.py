"""The custom properties of an alert rule: which of them are fields of a request. Pure.

A rule's properties may be there for other receivers, so a name that is none of ours is passed over.
One that is nearly ours is refused where passing over it could restore something else, or where the
field that it resembles is needed and missing: it may be that field, misspelt.
"""

from dataclasses import dataclass
from typing import Any, Final

from restore_core.contract.envelopes.defaults import is_absent
from restore_core.contract.envelopes.message import list_in
from restore_core.contract.faults import all_of, nearest_field
from restore_core.contract.request import FIELDS
from restore_core.contract.request_rules import OF_MANY, OF_ONE, OF_SETS
from restore_core.contract.values import flag_of
from restore_core.errors import MalformedRequest
from restore_core.loose_json import text_of
from restore_core.text import json_type, quoted, shown

WHOLE_MACHINE: Final = "wholeMachine"
"""The one property of ours that is no field of a request: it makes a source of the machine that the
alert is about."""
_KNOWN: Final = {*FIELDS.values(), WHOLE_MACHINE}
_LIST: Final = "sourceDiskIds"
"""The one field that is no text; Azure Monitor knows no other properties than texts."""

_MISSPELT: Final = 0.7
"""How near a property must be to a field of ours to be that field, misspelt."""
_SEPARATORS: Final = str.maketrans("", "", " _-.")

_DECIDES: Final = ("pointInTime", "recoveryPointId", "notAfter", "validateOnly")
"""What decides whether, when and from which point is restored, though no request needs it."""
_SOURCES: Final = (*OF_ONE, *OF_MANY)
_TARGETS: Final = ("targetDiskId", "targetResourceGroupId")
_CARRIED: Final = ("requestedBy", "reason", "correlationId")

# The properties of a rule are the same each time it fires, so a requestId among them would make
# every firing after the first a repetition of it, and nothing would be restored.
_NOT_TAKEN: Final = "requestId"

_DYNAMIC: Final = "${"
"""How a value begins that Azure Monitor takes from the alert."""


@dataclass(frozen=True)
class CustomProperties:
    """What stands among the properties: fields of ours, and names of others."""

    fields: dict[str, Any]
    others: tuple[str, ...]
    whole_machine: bool
    """Whether all disks of the machine are wanted that the alert is about."""

    def names(self, *fields: str) -> bool:
        """Tell whether one of these fields has a value."""
        return not all(is_absent(self.fields.get(name)) for name in fields)

    @property
    def names_source(self) -> bool:
        """Tell whether the source is among the properties."""
        return self.names(*_SOURCES)

    def refuse_source(self) -> None:
        """Raise MalformedRequest where a source is named beside the machine of the alert."""
        named = [name for name in _SOURCES if self.names(name)]
        if named:
            raise MalformedRequest(
                f"{all_of([WHOLE_MACHINE, *named])} among the custom properties of the alert "
                "exclude each other: leave one of them in the alert rule."
            )

    def refuse_misspelt(self, *, source_is_known: bool) -> None:
        """Raise MalformedRequest where a name is nearly that of a field which is missed.

        `source_is_known` tells that the alert itself names the disk, or the machine.
        """
        near, same = self._missed(source_is_known=source_is_known)
        for name in self.others:
            bare = name.lower().translate(_SEPARATORS)
            meant = same.get(bare) or nearest_field(bare, cutoff=_MISSPELT, among=near)
            if meant:
                raise MalformedRequest(
                    f"{quoted(name)} among the custom properties of the alert is no field of a "
                    f"restore request: perhaps {meant} is meant. Rename it in the "
                    "alert rule."
                )

    def _missed(self, *, source_is_known: bool) -> tuple[dict[str, str], dict[str, str]]:
        """Return the fields that a near name may be, and those that only the same name is.

        The latter are not needed, and many a name is nearly theirs: `source` is nearly `force`.
        """
        near, same = [*_DECIDES], ["force", WHOLE_MACHINE]
        if self.whole_machine or self.names(*OF_MANY):
            near.extend(OF_SETS)
        if not self.names_source:
            (same if source_is_known else near).extend(OF_ONE)
            # Never by a near name: who follows that advice has a whole group restored.
            same.extend(OF_MANY)
        if not self.names("backupInstanceId"):
            near.append("vaultId")
        if not self.names(*_TARGETS):
            near.extend(_TARGETS)
        if not self.names("targetDiskId"):
            same.append("targetDiskName")
        return self._absent(near), self._absent(same)

    def _absent(self, fields: list[str]) -> dict[str, str]:
        return {name.lower(): name for name in fields if not self.names(name)}


def properties_in(places: dict[str, Any]) -> CustomProperties:
    """Return what stands in `places`, by how each is called; raise MalformedRequest."""
    fields: dict[str, Any] = {}
    others: list[str] = []
    for place, properties in places.items():
        for name, value in _told_in(place, properties).items():
            if name not in _KNOWN:
                others.append(name)
            elif name != _NOT_TAKEN:
                _add(fields, name, value)
    whole_machine = _is_true(fields.pop(WHOLE_MACHINE, None))
    if text_of(fields.get(_LIST)):
        fields[_LIST] = list_in(fields[_LIST], f"{_LIST} among the custom properties of the alert")
    return CustomProperties(fields, tuple(others), whole_machine)


def _is_true(value: Any) -> bool:
    if is_absent(value):
        return False
    try:
        return flag_of(value)
    except ValueError as error:
        raise MalformedRequest(
            f"{WHOLE_MACHINE} among the custom properties of the alert is {shown(value)}: {error}. "
            "Correct it in the alert rule."
        ) from None


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


def _add(fields: dict[str, Any], name: str, value: Any) -> None:
    """Add a field; refuse another value of one that is there."""
    if _DYNAMIC in text_of(value) and name not in _CARRIED:
        raise MalformedRequest(
            f"{name} among the custom properties of the alert is {shown(value)}: a dynamic value "
            "that Azure Monitor has not filled in. Correct its path in the alert rule."
        )
    meant = None if text_of(value).lower() == "null" else value
    known = fields.setdefault(name, meant)
    # Of what is no text, two are never taken for the same: deep enough, they cannot be compared.
    if known is not meant and (not isinstance(known, str) or known != meant):
        raise MalformedRequest(
            f"{name} stands twice among the custom properties of the alert, with two values: "
            f"{shown(known)} and {shown(meant)}. Leave one of them in the alert rule."
        )
