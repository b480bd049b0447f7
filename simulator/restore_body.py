"""The body of validateRestore and restore for a disk: what must stand in it, and where."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from simulator import arm_ids

_DISKS: Final = "microsoft.compute/disks"
_ABSENT: Final = (None, "")


@dataclass(frozen=True)
class Wish:
    """What a good body asks for; `identity` "" means under the vault's own."""

    target_id: str
    point_id: str
    identity: str = ""


@dataclass(frozen=True)
class Mistake:
    """The first thing that is wrong with a body, in words."""

    text: str


def read_validation(body: Any, region: str) -> Wish | Mistake:
    """Read the body of validateRestore."""
    if not isinstance(body, dict):
        return Mistake("the body is no JSON object")
    if not isinstance(body.get("restoreRequestObject"), dict):
        return Mistake("restoreRequestObject is missing")
    if "recoveryPointId" in body:
        return Mistake("recoveryPointId stands beside restoreRequestObject, not inside it")
    if "identityDetails" in body:
        return Mistake("identityDetails stands beside restoreRequestObject, not inside it")
    return read_restore(body["restoreRequestObject"], region)


def read_restore(body: Any, region: str) -> Wish | Mistake:
    """Read the body of restore, which is validateRestore's inner object."""
    if not isinstance(body, dict):
        return Mistake("the body is no JSON object")
    for text in _mistakes(body, region):
        return Mistake(text)
    source = _without_case(body["restoreTargetInfo"]["datasourceInfo"])
    details = body.get("identityDetails") or {}
    return Wish(
        target_id=source["resourceid"],
        point_id=body["recoveryPointId"],
        identity=details.get("userAssignedIdentityArmUrl") or "",
    )


def _mistakes(body: dict[str, Any], region: str) -> Iterator[str]:
    if "restoreRequestObject" in body:
        yield "restore takes the inner object alone, without restoreRequestObject"
    yield from _unlike(body, "objectType", "AzureBackupRecoveryPointBasedRestoreRequest")
    yield from _unlike(body, "sourceDataStoreType", "OperationalStore")
    if not isinstance(body.get("recoveryPointId"), str) or not body["recoveryPointId"]:
        yield "recoveryPointId is missing"
    yield from _mistakes_of_identity(body.get("identityDetails"))
    target = body.get("restoreTargetInfo")
    if not isinstance(target, dict):
        yield "restoreTargetInfo is missing"
    else:
        yield from _mistakes_of_target(target, region)


def _mistakes_of_identity(details: Any) -> Iterator[str]:
    if details is None:
        return
    if not isinstance(details, dict):
        yield "identityDetails is no object"
    elif not isinstance(details.get("useSystemAssignedIdentity"), bool):
        yield "identityDetails.useSystemAssignedIdentity is no boolean"
    elif bool(details.get("userAssignedIdentityArmUrl")) is details["useSystemAssignedIdentity"]:
        yield "identityDetails names either no identity or two"


def _mistakes_of_target(target: dict[str, Any], region: str) -> Iterator[str]:
    yield from _unlike(target, "objectType", "RestoreTargetInfo")
    yield from _unlike(target, "recoveryOption", "FailIfExists")
    location = target.get("restoreLocation")
    if location not in _ABSENT and _plain(location) != _plain(region):
        yield f"restoreLocation {location} is not the region of the snapshot, {region}"
    source = target.get("datasourceInfo")
    if not isinstance(source, dict):
        yield "restoreTargetInfo.datasourceInfo is missing"
    else:
        yield from _mistakes_of_source(_without_case(source))


def _mistakes_of_source(source: dict[str, Any]) -> Iterator[str]:
    disk = source.get("resourceid")
    if not isinstance(disk, str) or not arm_ids.is_disk(disk):
        yield f"datasourceInfo.resourceID {disk!r} is no id of a managed disk"
        return
    if source.get("objecttype") not in (None, "Datasource"):
        yield "datasourceInfo.objectType is not Datasource"
    for name in ("datasourcetype", "resourcetype"):
        if source.get(name) not in _ABSENT and str(source[name]).lower() != _DISKS:
            yield f"datasourceInfo.{name} is not Microsoft.Compute/disks"
    if source.get("resourceuri") not in _ABSENT and not _same(source["resourceuri"], disk):
        yield "datasourceInfo.resourceUri is not the disk's id"
    if source.get("resourcename") not in (*_ABSENT, arm_ids.name_of(disk)):
        yield "datasourceInfo.resourceName is not the disk's name"


def _unlike(body: dict[str, Any], name: str, wanted: str) -> Iterator[str]:
    if body.get(name) != wanted:
        yield f"{name} is {body.get(name)!r} and not {wanted}"


def _without_case(body: dict[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in body.items()}


def _same(one: Any, other: str) -> bool:
    return isinstance(one, str) and arm_ids.key(one) == arm_ids.key(other)


def _plain(region: Any) -> str:
    return str(region).replace(" ", "").lower()
