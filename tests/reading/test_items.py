"""What is shown of one restore, and where it stands."""

from dataclasses import replace
from datetime import timedelta

import pytest

from restore_core.azure.tables.row_codec import restore_row
from restore_core.contract.resource_ids import BackupVaultId
from restore_core.engine.columns import refused_row
from restore_core.errors import Problem, Unavailable
from restore_core.reading.expectation import RECORDED
from restore_core.reading.items import PORTAL, portal_of
from restore_core.reading.reading import Reading
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
from tests.reading.rows import VAULT, ended, page, running

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


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
