"""The plan of a set: which disks, under which ids, to which targets. Pure.

Whoever makes it of the same disks makes the same plan. Each member has an id that a repetition
makes again, and a target that no other member has.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from restore_core.contract.request import DERIVED_SUFFIX, MAX_DISK_NAME, RestoreRequest
from restore_core.contract.request_rules import MAX_SET_ID
from restore_core.contract.resource_ids import DiskId, ResourceGroupId
from restore_core.errors import Problem
from restore_core.lifecycle.outbox import Outbox, Stage
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.sets import NOT_PROTECTED, End, FoundDisk, FoundSet, Member, PlannedDisk
from restore_core.lifecycle.states import Enrolled, Wait

MAX_NAMES: Final = 40
"""Disks that a reason names."""
_ID_DIGITS: Final = 16
_DIGITS: Final = re.compile(rf"[0-9a-f]{{{_ID_DIGITS}}}")
_NAME_IN_ID: Final = 46
"""Characters of a disk's name in a member's id: 64 of the set's, two dots and 16 digits beside."""


def refusal(request: RestoreRequest, found: FoundSet, most: int) -> Problem | None:
    """Return why these disks are no set that is restored, or None."""
    count, expected = len(found.disks), request.expected_disks
    if not count:
        return Problem("NothingFound", f"No disk was found for {_meant(request)}.", _NAME_OTHERS)
    if count > most:
        return Problem(
            "SetTooLarge",
            f"{count} disks were found for {_meant(request)}, and RESTORE_MAX_SET allows {most}.",
            "Raise RESTORE_MAX_SET (at most 2000), or send several sets, each with its own "
            "requestId.",
        )
    if expected is not None and expected != count:
        return Problem(
            "UnexpectedDisks",
            f"{count} disks were found, not the {expected} that were expected: "
            f"{_names(found.disks)}.",
            "If these are the right disks, send the request again with a new requestId and "
            f"expectedDisks {count}.",
        )
    if all(disk.instance is None for disk in found.disks):
        first: Problem = next(disk.missing for disk in found.disks if disk.missing is not None)
        reason = f"None of the {count} disks can be restored; of the first: {first.message}"
        return replace(first, message=reason)
    return None


def planned(
    request: RestoreRequest, found: FoundSet, attempt: str, now: datetime
) -> list[PlannedDisk]:
    """Return the rows of an attempt's plan, in the order of their keys.

    What is missing has its end from the beginning.
    """
    disks = sorted(found.disks, key=lambda disk: disk.source.key)
    targets = _targets(request, [disk.source for disk in disks])
    return [
        PlannedDisk(
            row=f"{attempt}~{place:05}",
            member_id=member_id(request.request_id, disk.source),
            found=disk,
            target=target,
            end=_missing(disk, now),
        )
        for place, (disk, target) in enumerate(zip(disks, targets, strict=True))
    ]


def member(of: Restore, disk: PlannedDisk, notices: Collection[Stage]) -> Restore | None:
    """Return the restore of a disk of the set `of`, to be recorded; None where it is missing."""
    instance = disk.found.instance
    if instance is None:
        return None
    return Restore(
        request=RestoreRequest.from_fields(_fields(of, disk)),
        requested_at=of.requested_at,
        accepted_at=of.accepted_at,
        deadline=of.deadline,
        state=Enrolled(Wait(of.accepted_at)),
        outbox=Outbox.opened(of.accepted_at, notices),
        origin=of.origin,
        moments={Enrolled.__name__: of.accepted_at},
        member=Member(of.id, disk.row, instance, disk.found.size_gib, disk.found.attachment),
    )


def member_id(set_id: str, source: DiskId) -> str:
    """Return the request id of the restore of `source` in a set."""
    digest = hashlib.sha256(source.key.encode()).hexdigest()[:_ID_DIGITS]
    return f"{set_id}.{source.name[:_NAME_IN_ID]}.{digest}"


def sets_of(member_id: str) -> Iterator[str]:
    """Yield the ids that the set of such a member may have, "" never.

    Both the set's id and the disk's name may hold dots, so more than one may fit: who asks looks.
    """
    head, _, digits = member_id.rpartition(".")
    if not _DIGITS.fullmatch(digits):
        return
    for place in (at for at, sign in enumerate(head) if sign == "."):
        set_id, name = head[:place], head[place + 1 :]
        if 0 < len(set_id) <= MAX_SET_ID and 0 < len(name) <= _NAME_IN_ID:
            yield set_id


def _missing(disk: FoundDisk, now: datetime) -> End | None:
    """Return the end of a disk that cannot be restored."""
    if disk.missing is None:
        return None
    return End(NOT_PROTECTED, now, disk.missing.code, disk.missing.message)


def _fields(of: Restore, disk: PlannedDisk) -> dict[str, Any]:
    """Return what a member is asked for: one cut-off time holds for all of the set."""
    request = of.request
    inherited = request.model_dump(
        by_alias=True,
        include={
            "not_after",
            "force",
            "validate_only",
            "requested_by",
            "reason",
            "correlation_id",
        },
        exclude_defaults=True,
    )
    cut_off = request.point_in_time or of.accepted_at
    return {
        **inherited,
        "requestId": disk.member_id,
        "backupInstanceId": str(disk.found.instance and disk.found.instance.id),
        "targetDiskId": str(disk.target),
        "pointInTime": cut_off if isinstance(cut_off, str) else cut_off.isoformat(),
    }


def _targets(request: RestoreRequest, sources: Sequence[DiskId]) -> list[DiskId]:
    """Return a target for each source; those that would be equal get the digits of their disk."""
    group, suffix = request.group_of_targets, request.target_disk_suffix
    if suffix is None:
        suffix = "-" + hashlib.sha256(request.request_id.encode()).hexdigest()[:DERIVED_SUFFIX]
    first = [_named(group, source, suffix) for source in sources]
    count = Counter(first)
    return [
        target if count[target] == 1 else _named(group, source, f"{suffix}-{_digits(source)}")
        for source, target in zip(sources, first, strict=True)
    ]


def _named(group: ResourceGroupId, source: DiskId, suffix: str) -> DiskId:
    return DiskId(group, f"{source.name[: MAX_DISK_NAME - len(suffix)]}{suffix}")


def _digits(source: DiskId) -> str:
    return hashlib.sha256(source.key.encode()).hexdigest()[:DERIVED_SUFFIX]


def _meant(request: RestoreRequest) -> str:
    return str(request.group_of_disks or "the disks that the request names")


def _names(disks: Sequence[FoundDisk]) -> str:
    names = ", ".join(sorted(disk.source.name for disk in disks)[:MAX_NAMES])
    return names if len(disks) <= MAX_NAMES else f"{names}, …"


_NAME_OTHERS: Final = (
    "Look whether the id is right and whether its disks are protected in the vaults that the "
    "request or the rules name. Of a machine that is gone, name the resource group "
    "(sourceResourceGroupId) or the disks (sourceDiskIds), with a new requestId."
)
