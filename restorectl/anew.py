"""The command that asks again for what one restore did not bring, mended as its end demands. Pure.

It is made of what the row knows. Where a part of it is not known, it is left to the person, in
angle brackets as in an advice; without a source or a target there is no command.
"""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

from restore_core.contract.request import MAX_DISK_NAME
from restore_core.contract.request_rules import MAX_SET_ID
from restore_core.engine.reservation import RESTORED_ALREADY
from restore_core.lifecycle.endings import DISK_EXISTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restore_core.reading.items import Item

VAULT: Final = "<vault id>"
TIME: Final = "<time of a point>"
TAKEN: Final = frozenset({"Triggering", "Confirming", "Restoring", "Running", "Guarding"})
"""States in which Azure has taken the restore, or may have."""

_OTHER_VAULT: Final = frozenset({"DiskNotProtected", "NoVault", "UserErrorGenericResourceNotFound"})
"""Codes after which the vault, or the instance in it, must be another."""
_OTHER_POINT: Final = frozenset({"NoRecoveryPoint", "TooLate", "RecoveryPointNotUsable"})
_MOST_OF_AN_ID: Final = MAX_SET_ID - len("-retry-99")
"""Characters of an id that leave room for what is added to it, in a set's."""
_RETRIED: Final = re.compile(r"(.*)-retry(?:-([1-9][0-9]?))?")
_NUMBERED: Final = re.compile(r"(.*)-([1-9][0-9]?)")


def sent_anew(item: Item, *, force: bool = False) -> str:
    """Return the command; "" where too little is known. `force` goes ahead of another restore."""
    source, target = list(_source(item)), list(_target(item, fresh=force))
    if not source or not target:
        return ""
    more = _more(item, force=force)
    return " ".join(["restorectl send", *_id(item), *source, *target, *more])


def points_of(item: Item) -> str:
    """Return the command that shows which points there are; "" where no disk is known."""
    if "backupInstanceId" in item and not _needs_vault(item):
        return f"restorectl points --instance {quote(item['backupInstanceId'])}"
    if "sourceDiskId" not in item:
        return ""
    return f"restorectl points --disk {quote(item['sourceDiskId'])} {_vault(item)}".rstrip()


def retried(request_id: str) -> str:
    """Return the id of the next try: who looks for the incident finds it beside the first.

    A number alone would not do: `INC-13` after `INC-12` is another incident. "" where an id is so
    long that a set's next one would be too long: then one is made.
    """
    if len(request_id) > _MOST_OF_AN_ID:
        return ""
    found = _RETRIED.fullmatch(request_id)
    if found is None:
        return f"{request_id}-retry"
    return f"{found[1]}-retry-{int(found[2] or 1) + 1}"


def _id(item: Item) -> Iterator[str]:
    request_id = str(item.get("requestId", ""))
    if request_id and "partOf" not in item and (next_one := retried(request_id)):
        yield f"--id {quote(next_one)}"


def _source(item: Item) -> Iterator[str]:
    asked = item.get("asked", {})
    if machine := item.get("sourceVirtualMachineId"):
        yield f"--machine {quote(machine)}"
    elif group := item.get("sourceResourceGroupId"):
        yield f"--group {quote(group)}"
    elif disks := asked.get("sourceDiskIds"):
        yield from (f"--disk {quote(disk)}" for disk in disks)
    elif "backupInstanceId" in item and not _needs_vault(item):
        yield f"--instance {quote(item['backupInstanceId'])}"
        return
    elif "sourceDiskId" in item:
        yield f"--disk {quote(item['sourceDiskId'])}"
    else:
        return
    if vault := _vault(item):
        yield vault


def _needs_vault(item: Item) -> bool:
    return item.get("errorCode") in _OTHER_VAULT


def _vault(item: Item) -> str:
    if _needs_vault(item):
        return f"--vault '{VAULT}'"
    named = item.get("asked", {}).get("vaultId")
    return f"--vault {quote(named)}" if named else ""


def _target(item: Item, *, fresh: bool) -> Iterator[str]:
    """Yield where to: under a name of its own, where the one that was asked for is taken."""
    asked, target = item.get("asked", {}), str(item.get("targetDiskId", ""))
    group, _, name = target.partition("/providers/Microsoft.Compute/disks/")
    if name and (fresh or _is_taken(item)):
        yield f"--to {quote(group)} --name {quote(numbered(name))}"
    elif name:
        yield f"--to {quote(target)}"
    elif group := asked.get("targetResourceGroupId"):
        yield f"--to {quote(group)}"
        if "targetDiskName" in asked:
            given = asked["targetDiskName"]
            yield f"--name {quote(numbered(given) if fresh else given)}"
        if "targetDiskSuffix" in asked:
            yield f"--suffix {quote(asked['targetDiskSuffix'])}"


def _is_taken(item: Item) -> bool:
    """Tell whether a disk of the target's name is there, or may be: a job may have begun it."""
    code = str(item.get("errorCode", ""))
    is_known = DISK_EXISTS in code.lower() or code in ("TargetInUse", RESTORED_ALREADY)
    return is_known or item.get("status") in TAKEN or (item["ended"] and "jobId" in item)


def numbered(name: str) -> str:
    """Return the next name after one: `disk-2` after `disk`, `disk-3` after `disk-2`."""
    found = _NUMBERED.fullmatch(name)
    base, number = (found[1], int(found[2]) + 1) if found else (name, 2)
    return f"{base[: MAX_DISK_NAME - len(f'-{number}')]}-{number}"


def _more(item: Item, *, force: bool) -> Iterator[str]:
    asked, code = item.get("asked", {}), item.get("errorCode")
    yield from _point(item, asked)
    if "expectedDisks" in asked and code != "UnexpectedDisks":
        yield f"--expected {asked['expectedDisks']}"
    if force or asked.get("force") or code == RESTORED_ALREADY:
        yield "--force"
    if asked.get("validateOnly") and item.get("status") != "Validated":
        yield "--validate-only"


def _point(item: Item, asked: dict[str, Any]) -> Iterator[str]:
    """Yield which point: the one that was asked for, unless it is none that comes back.

    What is lacking, and what was rehearsed, is from its own cut-off, of one disk its acceptance:
    after an attack a newer point may be lost as well. So whoever named a time before the first
    point names another.
    """
    code = item.get("errorCode")
    cut_off = item.get("cutOffTime") if "members" in item else item.get("acceptedAt")
    if code == "NoRecoveryPoint":
        yield f"--at '{TIME}'" if "pointInTime" in asked else "--at latest"
    elif "recoveryPointId" in asked and code not in _OTHER_POINT:
        yield f"--point {quote(asked['recoveryPointId'])}"
    elif at := asked.get("pointInTime") or cut_off:
        yield f"--at {quote(at)}"
