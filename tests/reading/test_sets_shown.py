"""What is shown of a set and its members."""

from datetime import timedelta
from typing import Any

import pytest

from restore_core.reading.reading import Reading
from restore_core.reading.wanted import Which
from tests.builders import disk
from tests.fakes import NOON
from tests.given_rows import GivenRows, Row
from tests.reading.rows import ended, ids, page, running

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_member(key: str, **columns: Any) -> Row:
    return {
        "PartitionKey": "set",
        "RowKey": key,
        "memberId": key,
        "sourceDiskId": disk(key),
        "targetDiskId": disk(f"{key}-back"),
        **columns,
    }


A_SET = GivenRows(
    of_sets=[
        a_member("set.a", status="Completed", completedAt=NOON, pointTime=NOON - DAY),
        a_member("set.b", status="Failed", completedAt=NOON, errorCode="E", errorMessage="why"),
        a_member("set.c"),
        a_member("set.d"),
        {**a_member("other.e"), "PartitionKey": "other"},
    ],
    under_way=[running("set.c", HOUR, "Running")],
)


def test_the_members_of_a_set_are_told_as_they_ended_or_as_they_stand() -> None:
    told = {item["rowId"]: item for item in page(A_SET, part_of="set").items}

    assert {key: item["status"] for key, item in told.items()} == {
        "set.a": "Completed",
        "set.b": "Failed",
        "set.c": "Running",
        "set.d": "Accepted",
    }
    assert told["set.a"]["recoveryPointTime"] == "2026-11-20T12:00:00Z"
    assert told["set.b"]["errorMessage"] == "why"
    assert told["set.c"]["targetDiskId"] == disk("set.c-back")


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        (Which.OPEN, {"set.c", "set.d"}),
        (Which.ENDED, {"set.a", "set.b"}),
        (Which.ALL, {"set.a", "set.b", "set.c", "set.d"}),
    ],
)
def test_of_the_members_those_are_told_that_are_asked_for(state: Which, wanted: set[str]) -> None:
    assert set(ids(page(A_SET, part_of="set", state=state))) == wanted


def many_members(count: int) -> GivenRows:
    """Return a set of which all but each fifth disk are back, with their results."""
    keys = [f"set.d{n:03}.{n:016x}" for n in range(count)]
    ends = [{"status": "Completed", "completedAt": NOON} if n % 5 else {} for n in range(count)]
    results = [
        ended(key, partOf="set", followUp="attach it", recoveryPointAgeSeconds=60, jobId="j")
        for key, end in zip(keys, ends, strict=True)
        if end
    ]
    return GivenRows(
        restore={"RowKey": "restore", "requestId": "set", "acceptedAt": NOON - HOUR},
        of_sets=[a_member(key, **end) for key, end in zip(keys, ends, strict=True)],
        of_the_day=sorted(results, key=lambda row: str(row["RowKey"])),
    )


@pytest.mark.parametrize("top", [1, 7, 100, None])
def test_members_that_have_ended_keep_what_their_results_tell(top: int | None) -> None:
    rows = many_members(50)

    items = page(rows, part_of="set", top=top).items

    assert len(items) == min(top or 50, 50)
    told = [item for item in items if item["ended"]]
    assert {item["followUp"] for item in told} <= {"attach it"}
    assert {item["durationSeconds"] for item in told} <= {300}
    assert all(item["recoveryPointAgeSeconds"] == 60 for item in told)
    assert all(item["elapsedSeconds"] == 3600 for item in told)


def test_a_page_of_members_reads_no_more_results_than_it_has_rows() -> None:
    rows = many_members(400)

    first = page(rows, part_of="set", top=20)
    read_at_first = rows.read
    page(rows, part_of="set", top=20, older=first.older)

    assert 0 < read_at_first <= 20
    assert rows.read <= 40


def test_pages_of_members_tell_each_once() -> None:
    rows, told, older = many_members(50), list[str](), ""
    while True:
        found = page(rows, part_of="set", top=8, older=older)
        told += ids(found)
        if not (older := found.older):
            break

    assert len(told) == len(set(told)) == 50


BACK_BEFORE = a_member(
    "set.a",
    status="AlreadyBack",
    completedAt=NOON,
    errorCode="RestoredAlready",
    backAs=disk("the-one-of-yesterday"),
)


def test_a_disk_that_was_back_before_names_the_disk_that_is_there() -> None:
    refused = ended("set.a", HOUR, "Rejected", partOf="set", errorCode="RestoredAlready")
    rows = GivenRows(refused, of_sets=[BACK_BEFORE], of_the_day=[refused])

    (listed,) = page(rows, part_of="set").items
    found = Reading(lambda: rows).restore("set.a", NOON)

    assert found is not None
    for item in (listed, found):
        assert item["targetDiskId"] == item["backAs"] == disk("the-one-of-yesterday")
    assert (listed["status"], found["status"]) == ("AlreadyBack", "Rejected")


def test_a_disk_that_is_back_from_after_the_cut_off_is_not_taken_for_the_one_that_is_wanted() -> (
    None
):
    refused = ended("set.a", HOUR, "Rejected", partOf="set", errorCode="RestoredAlready")
    rows = GivenRows(refused, of_sets=[{**BACK_BEFORE, "status": "Rejected"}], of_the_day=[refused])

    (listed,) = page(rows, part_of="set").items
    found = Reading(lambda: rows).restore("set.a", NOON)

    assert found is not None
    for item in (listed, found):
        assert (item["status"], item["backAs"]) == ("Rejected", disk("the-one-of-yesterday"))
        assert item["targetDiskId"] == disk("set.a-back")


def test_a_set_that_is_under_way_tells_how_far_it_is() -> None:
    states = [{"status": "Completed", "completedAt": NOON}] * 3 + [{}] * 2
    plan = [a_member(f"set.{n}", **state) for n, state in enumerate(states)]
    of_set = running("set", status="Gathering", members=6, disks=6)
    rows = GivenRows(of_set, of_sets=[*plan, BACK_BEFORE])

    found = Reading(lambda: rows).restore("set", NOON)

    assert found is not None
    assert found["counts"] == {"Completed": 3, "AlreadyBack": 1}
    assert (found["underWay"], found["alreadyBack"]) == (2, 1)
    unplanned = Reading(lambda: GivenRows(of_set)).restore("set", NOON)
    assert unplanned is not None
    assert "counts" not in unplanned


@pytest.mark.parametrize("set_id", ["set", "INC.1.set"])
@pytest.mark.parametrize("name", ["disk-1", "disk.of.vm"])
def test_a_disk_that_is_in_the_plan_alone_is_told_by_the_id_that_the_list_shows(
    set_id: str, name: str
) -> None:
    key = f"{set_id}.{name}.0123456789abcdef"
    row = a_member(key, status="NotProtected", completedAt=NOON, errorCode="DiskNotProtected")
    rows = GivenRows(of_sets=[{**row, "PartitionKey": set_id}])

    told = Reading(lambda: rows).restore(key, NOON)

    assert told is not None
    assert (told["rowId"], told["status"], told["partOf"]) == (key, "NotProtected", set_id)
    assert Reading(lambda: rows).restore(f"{set_id}.other.0123456789abcdef", NOON) is None
    assert Reading(lambda: rows).restore(f"{'s' * 65}.other.0123456789abcdef", NOON) is None
