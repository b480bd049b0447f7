"""What a person reads of a set: how its disks came out together. Pure."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from restore_core.engine.column import Column, Row, present, seconds_of
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.sets import Count, Tally
from restore_core.lifecycle.states import Enrolling, Gathering

SET_COLUMNS: Final = {
    "targetResourceGroupId": Column(str, "Of a set: the group of the new disks."),
    "cutOffTime": Column(datetime, "Of a set: no disk is from after it, unless latest was asked."),
    "withdrawn": Column(str, "Of a set: that it was taken back; what Azure had taken goes on."),
    "disks": Column(int, "Of a set: the disks that were meant."),
    "members": Column(int, "Of a set: those of them that are restored, each as a restore."),
    "counts": Column(str, "Of a set: how many disks ended how, by status."),
    "alreadyBack": Column(int, "Of a set: disks that another restore had brought back before."),
    "reasons": Column(str, "Of a set: how many disks ended for which reason, by code."),
    "oldestPointTime": Column(datetime, "Of a set: the oldest recovery point of what is back."),
    "newestPointTime": Column(datetime, "Of a set: the newest recovery point of what is back."),
    "pointSpreadSeconds": Column(int, "Of a set: how far those two lie apart."),
    "lastDiskAt": Column(datetime, "Of a set: when its last disk was back."),
    "slowestMember": Column(str, "Of a set: the restore that took longest."),
    "slowestSeconds": Column(int, "Of a set: how long that took, from the set's acceptance on."),
    "sizeGib": Column(int, "Of a set: what came back, or would, where sizes are known."),
    "expectedSeconds": Column(int, "Of a rehearsed set: how long it would take."),
    "confirmedBy": Column(str, "Of a machine's set: who said which disks the machine has."),
}

OF_NUMBERS: Final = frozenset({"counts", "reasons"})
"""Columns that hold numbers by name: JSON as text in a table, an object where JSON is answered."""


def set_columns(restore: Restore) -> Row:
    """Return the columns of a set; nothing of another restore."""
    if not restore.request.is_set:
        return {}
    state, outcome = restore.state, restore.outcome
    if isinstance(state, Enrolling | Gathering):
        return present({**_of_request(restore), **_of_plan(state)})
    tally = outcome.tally if outcome else None
    return {**present(_of_request(restore)), **(_of_tally(restore, tally) if tally else {})}


def _of_request(restore: Restore) -> Row:
    cut_off = restore.request.point_in_time or restore.accepted_at
    return {
        "targetResourceGroupId": str(restore.request.group_of_targets),
        "cutOffTime": cut_off if isinstance(cut_off, datetime) else None,
    }


def _of_plan(state: Enrolling | Gathering) -> Row:
    return {
        "disks": state.header.disks,
        "members": state.header.members,
        "withdrawn": state.withdrawn.message if state.withdrawn else None,
    }


def _of_tally(restore: Restore, tally: Tally) -> Row:
    oldest, newest = tally.oldest_point, tally.newest_point
    return present(
        {
            "disks": tally.disks,
            "members": tally.members,
            "counts": _by_name(tally.counts),
            "alreadyBack": tally.already_back,
            "reasons": _by_name(tally.reasons) if tally.reasons else None,
            "oldestPointTime": oldest,
            "newestPointTime": newest,
            "pointSpreadSeconds": seconds_of(oldest, newest) if oldest and newest else None,
            "lastDiskAt": tally.last_disk_at,
            "slowestMember": tally.slowest or None,
            "slowestSeconds": tally.slowest_seconds if tally.slowest else None,
            "withdrawn": tally.withdrawn or None,
            "sizeGib": tally.size_gib or None,
            "expectedSeconds": tally.expected_seconds,
            "confirmedBy": _confirmed(restore, tally),
        }
    )


def _by_name(counts: Sequence[Count]) -> str:
    return json.dumps({count.name: count.count for count in counts}, separators=(",", ":"))


def _confirmed(restore: Restore, tally: Tally) -> str | None:
    if restore.request.source_virtual_machine_id is None:
        return None
    return "as Resource Graph showed it" if tally.as_graph_showed else "the machine itself"
