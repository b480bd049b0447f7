"""What lists, one restore and a summary tell, from rows that are given."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from restore_core.azure.tables.row_codec import restore_row
from restore_core.contract.resource_ids import BackupVaultId
from restore_core.engine.columns import refused_row
from restore_core.errors import Problem, Rejected, Unavailable
from restore_core.lifecycle.status import Status
from restore_core.reading.days import newest_first
from restore_core.reading.expectation import RECORDED
from restore_core.reading.items import PORTAL, portal_of
from restore_core.reading.reading import Page, Reading
from restore_core.reading.spread import spread
from restore_core.reading.wanted import Wanted, Which, moment_of, until_now
from tests.builders import (
    INSTANCE,
    a_refused_message,
    a_restore,
    a_set_of,
    disk,
    every_state,
    fields,
)
from tests.fakes import NOON
from tests.given_rows import GivenRows, Row

VAULT = INSTANCE.partition("/backupInstances/")[0]
OTHER = INSTANCE.replace("vault-1", "vault-2")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ended(key: str, ago: timedelta = HOUR, status: str = "Completed", **columns: Any) -> Row:
    """Return a result of a restore that was accepted so long before noon."""
    accepted = NOON - ago
    return {
        "PartitionKey": f"{accepted:%Y-%m-%d}",
        "RowKey": key,
        "requestId": key,
        "status": status,
        "backupInstanceId": INSTANCE,
        "acceptedAt": accepted,
        "completedAt": accepted + timedelta(seconds=300),
        "durationSeconds": 300,
        **columns,
    }


def running(key: str, ago: timedelta = HOUR, status: str = "Running", **columns: Any) -> Row:
    """Return what the outstanding row of a restore shows."""
    return {
        "RowKey": key,
        "requestId": key,
        "status": status,
        "backupInstanceId": INSTANCE,
        "acceptedAt": NOON - ago,
        **columns,
    }


def page(rows: GivenRows, now: datetime = NOON, **asked: Any) -> Page:
    wanted = Wanted(**{"since": NOON - 30 * DAY, "until": NOON + HOUR, **asked})
    return Reading(lambda: rows).restores(wanted, now)


def ids(found: Page) -> list[str]:
    return [item["rowId"] for item in found.items]


def summary(rows: GivenRows, **asked: Any) -> dict[str, Any]:
    return Reading(lambda: rows).summary(NOON - 30 * DAY, NOON + HOUR, NOON, **asked)


# ------------------------------------------------------------------------------------- a list

SOME = GivenRows(
    results=[
        ended("b", 2 * HOUR),
        ended("old", 40 * DAY),
        ended("a", 3 * HOUR, "Failed"),
        ended("c", 3 * DAY, backupInstanceId=OTHER),
    ],
    under_way=[running("d", HOUR), running("long", 50 * DAY, "Queued")],
)


def test_what_runs_and_what_has_ended_comes_newest_first() -> None:
    assert ids(page(SOME)) == ["d", "b", "a", "c", "long"]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"state": Which.OPEN}, ["d", "long"]),
        ({"state": Which.ENDED}, ["b", "a", "c"]),
        ({"status": "Failed"}, ["a"]),
        ({"status": "Running"}, ["d"]),
        ({"status": "Running", "state": Which.ENDED}, []),
        ({"vault": "VAULT-2"}, ["c"]),
        ({"vault": VAULT.upper()}, ["d", "b", "a", "long"]),
        ({"since": NOON - DAY}, ["d", "b", "a", "long"]),
        ({"until": NOON - DAY}, ["c", "long"]),
        ({"since": NOON - 99 * DAY, "until": NOON - 10 * DAY}, ["old", "long"]),
    ],
)
def test_a_list_holds_what_is_asked_for(asked: dict[str, Any], wanted: list[str]) -> None:
    assert ids(page(SOME, **asked)) == wanted
    assert ids(page(SOME, top=100, **asked)) == wanted


@pytest.mark.parametrize("top", [1, 2, 3, 4, 5, 6])
def test_pages_tell_each_restore_once(top: int) -> None:
    told, older = list[str](), ""
    while True:
        found = page(SOME, top=top, older=older)
        told += ids(found)
        older = found.older
        if not older:
            break
        assert len(found.items) == top

    assert told == ["d", "b", "a", "c", "long"]


def test_pages_go_through_restores_of_one_moment() -> None:
    rows = GivenRows(results=[ended(key) for key in "abcde"])

    first = page(rows, top=3)

    assert ids(first) + ids(page(rows, top=3, older=first.older)) == list("edcba")


def test_no_more_rows_are_read_than_the_days_hold_that_are_shown() -> None:
    rows = GivenRows(
        results=[ended(f"{day}-{n}", day * DAY, "Completed") for day in range(30) for n in range(9)]
    )

    page(rows, top=20)

    days_shown = 3
    probes = rows.read - 9 * days_shown
    assert 0 <= probes <= 3


def test_a_page_of_some_restores_in_ten_years_is_few_questions() -> None:
    rows = GivenRows(results=[ended("a", 900 * DAY), ended("b", 1800 * DAY)])

    assert ids(page(rows, top=10, since=NOON - 3650 * DAY)) == ["a", "b"]
    assert len(rows.asked) < 60


def test_the_days_of_a_short_span_are_read_one_by_one() -> None:
    asked = list[tuple[date, date]]()

    days = list(newest_first(date(2026, 2, 26), date(2026, 3, 2), lambda *a: bool(asked.append(a))))

    assert [str(day) for day in days][::4] == ["2026-03-02", "2026-02-26"]
    assert asked == []


@pytest.mark.parametrize("older", ["x", "2026-11-21T02:00:00Z", "2026-11-21T02:00:00,a", ",a"])
def test_a_place_that_no_page_named_is_refused(older: str) -> None:
    with pytest.raises(Rejected, match="older is"):
        page(SOME, older=older)


def test_what_has_just_ended_is_told_once_by_its_result() -> None:
    rows = GivenRows(results=[ended("r")], under_way=[running("r"), running("s")])

    assert [(item["rowId"], item["status"]) for item in page(rows).items] == [
        ("s", "Running"),
        ("r", "Completed"),
    ]


def test_what_has_ended_and_has_no_result_yet_is_no_more_under_way() -> None:
    at_an_end = running("r", HOUR, "TimedOut", completedAt=NOON)
    rows = GivenRows(under_way=[at_an_end])

    assert ids(page(rows, state=Which.OPEN)) == []
    assert ids(page(rows, state=Which.ENDED)) == ["r"]
    assert ids(page(rows, state=Which.ENDED, since=NOON)) == []


def test_messages_that_became_no_restore_are_told_among_the_others() -> None:
    refused = refused_row(a_refused_message(b"secret stuff", request_id="x", at=NOON))
    rows = GivenRows(results=[ended("a"), refused])

    first, second = page(rows).items

    assert first["rowId"].startswith("x~")
    assert "elapsedSeconds" not in first
    assert "messageText" not in first
    assert second["rowId"] == "a"


def test_a_row_without_any_time_comes_last() -> None:
    rows = GivenRows(under_way=[{"RowKey": "odd", "requestId": "odd", "status": "Running"}])

    (item,) = page(rows).items

    assert item == {"ended": False, "status": "Running", "requestId": "odd", "rowId": "odd"}


# ----------------------------------------------------------------------------------- one item


def test_an_item_tells_where_it_leads_and_for_how_long_it_runs() -> None:
    (item,) = page(GivenRows(under_way=[running("r", HOUR, jobId="job-1")])).items

    assert item["elapsedSeconds"] == 3600
    assert item["vaultId"] == VAULT
    assert item["jobLink"] == f"https://portal.azure.com/#resource{VAULT}/overview"


@pytest.mark.parametrize(
    ("endpoint", "portal"),
    [
        ("https://management.azure.com", PORTAL),
        ("https://management.usgovcloudapi.net:443", "https://portal.azure.us"),
        ("https://Management.chinacloudapi.cn/", "https://portal.azure.cn"),
    ],
)
def test_the_portal_is_that_of_the_cloud(endpoint: str, portal: str) -> None:
    assert portal_of(endpoint) == portal


def test_the_end_is_expected_by_what_the_vault_took() -> None:
    row = running("r", HOUR, readyAt=NOON - timedelta(minutes=2))

    (item,) = page(GivenRows(under_way=[row], took=[100, 400, 200])).items

    assert item["expectedEnd"] == "2026-11-21T12:01:20Z"
    assert (item["expectedSeconds"], item["expectedBy"]) == (200, "vault")


def test_without_a_past_the_end_is_expected_by_recorded_restores() -> None:
    rows = GivenRows(under_way=[running("r"), running("s")])

    items = page(rows).items

    assert {item["expectedBy"] for item in items} == {"recordedMedian"}
    assert items[0]["expectedSeconds"] == RECORDED
    assert len([asked for asked in rows.asked if str(asked) == VAULT]) == 1


def test_a_past_that_cannot_be_read_is_none() -> None:
    class Unreadable(GivenRows):
        def durations_of(self, vault: BackupVaultId) -> list[int]:
            raise Unavailable(Problem("StorageUnavailable", f"no right to read of {vault}"))

    (item,) = page(Unreadable(under_way=[running("r")])).items

    assert item["expectedBy"] == "recordedMedian"


@pytest.mark.parametrize("state", ["Queued", "Enrolled"])
def test_what_waits_for_its_turn_ends_so_long_after_now(state: str) -> None:
    (item,) = page(GivenRows(under_way=[running("r", HOUR, state)], took=[60])).items

    assert item["expectedEnd"] == "2026-11-21T12:01:00Z"


def test_what_follows_another_ends_when_that_one_should() -> None:
    leader = running("leader", readyAt=NOON - timedelta(minutes=9))
    follower = running("r", HOUR, "Following", follows="leader", sourceDiskId=disk("disk-1"))

    (item,) = page(GivenRows(leader, under_way=[follower], took=[60])).items

    assert item["expectedEnd"] == "2026-11-21T11:52:00Z"
    assert "expectedSeconds" not in item


@pytest.mark.parametrize(
    "leader",
    [
        None,
        ended("leader"),
        running("leader", status="Following", follows="r"),
        running("leader", status="Gathering", members=2),
    ],
)
def test_what_follows_what_has_no_end_to_be_expected_has_none(leader: Row | None) -> None:
    follower = running("r", HOUR, "Following", follows="leader")

    (item,) = page(GivenRows(leader, under_way=[follower])).items

    assert item.keys().isdisjoint({"expectedEnd", "expectedSeconds", "lateFrom"})


def test_a_leader_is_read_once_for_all_that_follow_it() -> None:
    followers = [running(f"r{n}", HOUR, "Following", follows="leader") for n in range(5)]
    rows = GivenRows(running("leader"), under_way=followers)

    page(rows)

    assert rows.asked.count("leader") == 1


def test_what_tries_again_later_ends_so_long_after_then() -> None:
    row = running("r", HOUR, "Retrying", readyAt=NOON - HOUR, dueAt=NOON + HOUR)

    (item,) = page(GivenRows(under_way=[row], took=[60])).items

    assert item["expectedEnd"] == "2026-11-21T13:01:00Z"
    assert item["dueAt"] == "2026-11-21T13:00:00Z"


@pytest.mark.parametrize(
    ("took", "late_from"),
    [
        ([], "2026-11-21T12:09:36Z"),
        ([100, 100, 900, 100], "2026-11-21T12:03:20Z"),
        ([*range(1, 20), 900], "2026-11-21T12:00:19Z"),
    ],
)
def test_late_is_what_is_slower_than_nearly_all_others(took: list[int], late_from: str) -> None:
    row = running("r", HOUR, readyAt=NOON)

    (item,) = page(GivenRows(under_way=[row], took=took)).items

    assert item["lateFrom"] == late_from


def test_what_has_ended_is_expected_no_more() -> None:
    (item,) = page(GivenRows(results=[ended("r")])).items

    assert item.keys().isdisjoint({"expectedEnd", "lateFrom", "expectedSeconds"})


def test_a_request_that_names_no_vault_yet_has_none() -> None:
    (item,) = page(GivenRows(under_way=[running("r", backupInstanceId="odd", jobId="j")])).items

    assert item.keys().isdisjoint({"vaultId", "jobLink"})
    assert item["expectedBy"] == "recordedMedian"


# ------------------------------------------------------------------------------------ a restore


def test_a_restore_has_a_timeline() -> None:
    restore = a_restore(every_state()["Running"])
    moments = {
        "Running": NOON + timedelta(seconds=80),
        "Triggering": NOON + timedelta(seconds=50),
        "Validated": NOON + timedelta(seconds=50),
        "Validating": NOON + timedelta(seconds=2),
    }
    row = restore_row(replace(restore, moments=moments))

    found = Reading(lambda: GivenRows(row)).restore("r1", NOON + timedelta(seconds=100))

    assert found is not None
    assert [(step["state"], step["seconds"]) for step in found["timeline"]] == [
        ("Accepted", 2),
        ("Validating", 48),
        ("Validated", 0),
        ("Triggering", 30),
        ("Running", 20),
    ]
    assert found["stateSince"] == "2026-11-21T12:01:20Z"


def test_the_timeline_of_what_has_ended_ends_with_how() -> None:
    restore = replace(a_restore(every_state()["Ended"]), moments={"Ended": NOON, "Ready": NOON})

    found = Reading(lambda: GivenRows(restore_row(restore))).restore("r1", NOON + DAY)

    assert found is not None
    assert [(step["state"], step.get("seconds")) for step in found["timeline"]] == [
        ("Accepted", 0),
        ("Ready", 0),
        ("Completed", None),
    ]
    assert found["readyAt"] == "2026-11-21T12:00:00Z"


def test_a_restore_tells_what_it_was_asked_for() -> None:
    restore = a_restore(pointInTime="2026-11-20T00:00:00Z", force=True, reason="the night")

    found = Reading(lambda: GivenRows(restore_row(restore))).restore("r1", NOON)

    assert found is not None
    assert found["asked"] == {
        "backupInstanceId": INSTANCE,
        "targetDiskId": disk("disk-1-restored"),
        "pointInTime": "2026-11-20T00:00:00+00:00",
        "force": True,
    }


def test_what_was_asked_under_an_id_is_told_as_it_was_sent() -> None:
    row = restore_row(a_restore(reason="the night"))

    assert Reading(lambda: GivenRows(row)).request("r1") == fields(reason="the night")
    assert Reading(lambda: GivenRows({**row, "document": "{}"})).request("r1") == {}
    assert Reading(GivenRows).request("r1") is None


@pytest.mark.parametrize(("disks", "told"), [(20, True), (21, False)])
def test_of_a_long_list_of_disks_none_is_told(disks: int, *, told: bool) -> None:
    row = restore_row(a_set_of(disks))

    found = Reading(lambda: GivenRows(row)).restore("r1", NOON)

    assert found is not None
    assert ("sourceDiskIds" in found["asked"]) is told


def test_a_state_that_it_came_into_again_is_the_last_of_the_timeline() -> None:
    restore = a_restore(every_state()["Retrying"])
    moments = {
        "Queued": NOON + timedelta(seconds=80),
        "Retrying": NOON + timedelta(seconds=20),
        "Ready": NOON + timedelta(seconds=10),
    }
    row = restore_row(replace(restore, moments=moments))

    found = Reading(lambda: GivenRows(row)).restore("r1", NOON + timedelta(seconds=100))

    assert found is not None
    told = [(step["state"], step.get("seconds"), "again" in step) for step in found["timeline"]]
    assert told == [
        ("Accepted", 10, False),
        ("Ready", 10, False),
        ("Retrying", 60, False),
        ("Queued", None, False),
        ("Retrying", 20, True),
    ]


def test_a_state_whose_moment_an_earlier_version_did_not_note_is_the_last_all_the_same() -> None:
    row = {**restore_row(a_restore(every_state()["Running"])), "stateSince": NOON + HOUR}

    found = Reading(lambda: GivenRows(row)).restore("r1", NOON + 2 * HOUR)

    assert found is not None
    assert [step["seconds"] for step in found["timeline"]] == [3600, 3600]


def test_a_refused_message_is_told_with_its_text_and_has_no_timeline() -> None:
    refused = refused_row(a_refused_message(b"no\nrequest", request_id="r1", at=NOON))
    rows = GivenRows(refused_on={"2026-11-20": [refused]})

    found = Reading(lambda: rows).restore("r1", NOON)

    assert found is not None
    assert found["messageText"] == "no request"
    assert found["timeline"] == []


def test_a_refused_message_is_found_by_its_row_however_long_ago_it_came() -> None:
    for ago in (0, 20, 200, 2_000):
        at = NOON - ago * DAY
        refused = refused_row(a_refused_message(b"x", request_id="r1", inserted_at=at, at=at))
        rows = GivenRows(refused_on={f"{at:%Y-%m-%d}": [refused]})

        told = Reading(lambda rows=rows: rows).restore(refused["RowKey"], NOON)

        assert told is not None
        assert told["rowId"] == refused["RowKey"]
        assert len(rows.asked) <= 3
    assert Reading(GivenRows).restore("unreadable~0123456789abcdef", NOON) is None


def test_what_nobody_knows_is_none() -> None:
    assert Reading(GivenRows).restore("r1", NOON) is None


def test_a_row_that_cannot_be_read_has_the_timeline_of_its_columns() -> None:
    row = {**restore_row(a_restore()), "document": "{}"}

    found = Reading(lambda: GivenRows(row)).restore("r1", NOON)

    assert found is not None
    assert [step["state"] for step in found["timeline"]] == ["Accepted"]


# ---------------------------------------------------------------------------------------- a set


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


# ------------------------------------------------------------------------------------ a summary


def test_a_summary_counts_by_status_and_tells_what_runs() -> None:
    told = summary(SOME)

    assert told["counts"] == {"Completed": 2, "Failed": 1}
    assert (told["total"], told["open"], told["sets"]) == (3, 2, 0)
    assert (told["since"], told["asOf"]) == ("2026-10-22T12:00:00Z", "2026-11-21T12:00:00Z")
    assert [day["day"] for day in told["days"]] == ["2026-11-18", "2026-11-21"]


def test_a_summary_reads_no_day_that_is_not_asked_for() -> None:
    rows = GivenRows(results=[ended(str(n), n * DAY) for n in range(100)])

    Reading(lambda: rows).summary(NOON - 2 * DAY, NOON + HOUR, NOON)

    assert rows.read == 3


def test_durations_are_those_of_disks_that_came_back() -> None:
    rows = [ended(str(n), durationSeconds=n, recoveryPointAgeSeconds=10 * n) for n in range(1, 101)]
    rows += [ended("x", status="Failed", durationSeconds=9_999)]

    told = summary(GivenRows(results=rows))

    assert told["durationSeconds"] == {"count": 100, "p50": 50, "p95": 95, "longest": 100}
    assert told["recoveryPointAgeSeconds"]["p95"] == 950
    assert [one["requestId"] for one in told["slowest"]] == ["100", "99", "98", "97", "96"]
    assert told["slowest"][0]["vaultId"] == VAULT


@pytest.mark.parametrize(
    ("values", "p50", "p95"), [([7], 7, 7), ([1, 2], 1, 2), (range(1, 21), 10, 19)]
)
def test_a_percentile_is_a_value_that_occurred(values: Any, p50: int, p95: int) -> None:
    told = spread(values)

    assert (told["p50"], told["p95"]) == (p50, p95)
    assert spread([]) == {"count": 0}


def test_phases_add_up_to_the_duration() -> None:
    rows = GivenRows(
        results=[
            ended("a", queuedSeconds=100, validatingSeconds=40, jobSeconds=150),
            ended("b", validatingSeconds=60, jobSeconds=200),
            ended("c", durationSeconds=None),
        ]
    )

    told = summary(rows)

    assert told["days"][0]["phases"] == {"queued": 50, "validating": 50, "job": 175, "other": 25}
    assert told["phases"]["queued"] == {"count": 1, "p50": 100, "p95": 100, "longest": 100}
    assert told["phases"]["other"] == {"count": 2, "p50": 10, "p95": 40, "longest": 40}


def test_a_day_without_a_disk_that_came_back_has_no_duration() -> None:
    (day,) = summary(GivenRows(results=[ended("a", status="Failed")]))["days"]

    assert day["durationSeconds"] == {"count": 0}
    assert set(day["phases"].values()) == {0}


def test_reasons_come_by_their_number_each_as_it_was_told_last() -> None:
    rows = GivenRows(
        results=[
            ended("a", 3 * HOUR, "Failed", errorCode="E1", errorMessage="first"),
            ended("b", 1 * HOUR, "Failed", errorCode="E1", errorMessage="last"),
            ended("c", 2 * HOUR, "Rejected", errorCode="E2", errorMessage="other"),
        ]
    )

    first, second = summary(rows)["reasons"]

    assert (first["errorCode"], first["count"], first["errorMessage"]) == ("E1", 2, "last")
    assert (second["errorCode"], second["count"], second["requestId"]) == ("E2", 1, "c")


def test_vaults_are_told_apart_whatever_their_case() -> None:
    rows = GivenRows(
        results=[
            ended("a", backupInstanceId=OTHER),
            ended("b"),
            ended("c", backupInstanceId=INSTANCE.upper().replace("UPPER", "")),
            ended("d", backupInstanceId=None),
        ]
    )

    counts = [(one["vaultId"].lower(), one["count"]) for one in summary(rows)["vaults"]]

    assert counts == [(VAULT.lower(), 2), (VAULT.lower().replace("vault-1", "vault-2"), 1)]
    assert summary(rows, vault="vault-2")["total"] == 1


def test_a_set_is_counted_apart_from_its_members() -> None:
    told = summary(GivenRows(results=[ended("set", members=2), ended("a", partOf="set")]))

    assert (told["sets"], told["total"]) == (1, 1)


# --------------------------------------------------------------------------------- what is asked


@pytest.mark.parametrize(
    ("text", "ago"),
    [("30m", timedelta(minutes=30)), ("24h", DAY), ("7d", 7 * DAY), ("2w", 14 * DAY)],
)
def test_a_span_is_counted_from_now(text: str, ago: timedelta) -> None:
    assert moment_of(text, NOON) == NOON - ago


def test_a_time_may_be_a_day_and_is_utc_where_it_says_nothing_else() -> None:
    assert moment_of("2026-11-01", NOON) == datetime(2026, 11, 1, tzinfo=UTC)
    assert moment_of("2026-11-01T02:00:00+02:00", NOON) == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "x", "24", "99999w", "0001-01-01T00:00:00+14:00", "1999-01-01"]
)
def test_what_is_no_time_of_the_last_years_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="since is"):
        moment_of(text, NOON)


def test_everything_until_now_is_also_what_a_faster_clock_accepted() -> None:
    assert until_now(NOON, NOON).until > NOON + timedelta(minutes=5)


def test_every_status_may_be_asked_for() -> None:
    for status in Status:
        assert Wanted.of({"status": status.lower()}, NOON).outcome is status
    assert Wanted.of({"status": "running"}, NOON).outcome is None
