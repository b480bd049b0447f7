"""What a summary counts."""

from datetime import timedelta
from typing import Any

import pytest

from restore_core.reading.reading import Reading
from restore_core.reading.spread import spread
from tests.builders import INSTANCE
from tests.fakes import NOON
from tests.given_rows import GivenRows
from tests.reading.rows import OTHER, VAULT, ended, running, summary

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOME = GivenRows(
    results=[
        ended("b", 2 * HOUR),
        ended("old", 40 * DAY),
        ended("a", 3 * HOUR, "Failed"),
        ended("c", 3 * DAY, backupInstanceId=OTHER),
    ],
    under_way=[running("d", HOUR), running("long", 50 * DAY, "Queued")],
)


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
