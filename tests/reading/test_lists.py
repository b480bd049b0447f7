"""What a list shows, and what is asked of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from restore_core.engine.columns import refused_row
from restore_core.errors import Rejected
from restore_core.lifecycle.status import Status
from restore_core.reading.days import newest_first
from restore_core.reading.wanted import Wanted, Which, moment_of, until_now
from tests.builders import a_refused_message
from tests.fakes import NOON
from tests.given_rows import GivenRows
from tests.reading.rows import OTHER, VAULT, ended, ids, page, running

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


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
