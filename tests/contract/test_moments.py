"""The forms of a time: what the page shows is read as it says, and the schema agrees."""

import re
from datetime import UTC, datetime

import pytest

from restore_core.contract import moments
from tests.builders import a_request, fields
from tests.published_schemas import assert_agreement
from tests.senders_page import PAGE

SECTION = PAGE.read_text("utf-8").partition("### How a time is written\n")[2].partition("\n## ")[0]
READ = re.findall(r"^\| [^|]+ \| `([^`]+)` \| `([^`]+)` \|$", SECTION, re.MULTILINE)
REFUSED = re.findall(r"^\| [^|]+ \| `([^`]+)` \|$", SECTION, re.MULTILINE)


def test_the_page_has_both_tables() -> None:
    assert len(READ) == 10
    assert len(REFUSED) == 7


@pytest.mark.parametrize(("written", "is_"), READ)
def test_each_form_of_the_page_is_read_as_it_says(written: str, is_: str) -> None:
    request = a_request(pointInTime=written, notAfter=written)

    assert request.point_in_time == request.not_after == datetime.fromisoformat(is_)
    assert assert_agreement(fields(pointInTime=written, notAfter=written)) == request


@pytest.mark.parametrize("written", REFUSED)
def test_each_form_that_the_page_refuses_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"no ISO 8601 time|no time zone"):
        moments.moment_of(written)

    assert assert_agreement(fields(pointInTime=written)) is None
    assert assert_agreement(fields(notAfter=written)) is None


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-21T02:00Z",
        "2026-11-21t02:00:00z",
        "2026-11-21T02:00:00.000Z",
        "2026-11-21T02:00:00,0Z",
        "2026-11-21T02:00:00.0000000000001Z",
        "2026-11-21T02:00:00+00:00",
        "2026-11-21T02:00:00-00:00",
        "2026-11-21T02:00:00+0000",
        "2026-11-21T02:00:00+00",
        "2026-11-20T21:00:00-05",
        "2026-11-20T20:30:00-0530",
        "2026-11-22T01:59:00+23:59",
        "20261121T0200Z",
        "20261121T02Z",
        "20261121T020000,0+0000",
        "20261121T02:00:00Z",
        "2026-11-21T020000Z",
        "2026325T020000Z",
        "2026W476T020000Z",
        "2026-W47-6t02z",
        "2026-11-21T24:00:00+22:00",
        "2026-11-21T24+22",
        "2026-11-21T2400+2200",
        "2026-11-21T240000.000+22:00",
    ],
)
def test_other_ways_to_write_one_moment(written: str) -> None:
    assert moments.moment_of(written) == datetime(2026, 11, 21, 2, tzinfo=UTC)
    assert assert_agreement(fields(pointInTime=written, notAfter=written))


@pytest.mark.parametrize(
    "written",
    [
        "",
        "T02:00:00Z",
        "2026-11-21T",
        "2026-11-21Z",
        "2026-11-21x02:00:00Z",
        "2026-11-21  02:00:00Z",
        " 2026-11-21T02:00:00Z",
        "2026-11-21T02:00:00Z\n",
        "2026-11-21T02:00:00 Z",
        "2026-11-21T02:00:00UTC",
        "2026-11-21T02:00:00[Europe/Berlin]",
        "2026-11-21T02:00:00+00:00:30",
        "2026-11-21T02:00:00+1:30",
        "2026-11-21T02:00:00\u221205:00",
        "2026-11-21T02:00:00.Z",
        "2026-11-21T02:0000Z",
        "2026-11-21T25:00:00Z",
        "2026-11-21T24:00:01Z",
        "2026-11-21T24:30Z",
        "2026-11-21T24:00:00.5Z",
        "2026-11-21T02:60:00Z",
        "2026-11-21T02:00:61Z",
        "2026-11-21T02:00:60Z",
        "2026-11-21T23:59:60+01:00",
        "2026-13-01T00:00:00Z",
        "2026-00-10T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-366T00:00:00Z",
        "2026-000T00:00:00Z",
        "9999-366T00:00:00Z",
        "2025-W53-1T00:00:00Z",
        "2026-W47-8T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "+2026-11-21T02:00:00Z",
        "26-11-21T02:00:00Z",
        "\u0662026-11-21T02:00:00Z",
        "1763690400",
    ],
)
def test_what_is_in_no_form_or_in_no_calendar_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="it is no ISO 8601 time; an example is"):
        moments.moment_of(written)
    if written:  # An empty notAfter is an absent one.
        assert assert_agreement(fields(notAfter=written)) is None


@pytest.mark.parametrize(
    "written",
    [
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T24:00:00Z",
        "9999-12-31T23:59:60Z",
        "9999-W52-5T23:59:00-01",
    ],
)
def test_a_moment_outside_the_years_1_to_9999_is_out_of_range(written: str) -> None:
    with pytest.raises(ValueError, match="it is out of range"):
        moments.moment_of(written)
    assert assert_agreement(fields(pointInTime=written)) is None


def test_a_leap_second_may_have_a_fraction_and_an_offset() -> None:
    midnight = datetime(2027, 1, 1, tzinfo=UTC)

    assert moments.moment_of("2027-01-01T00:59:60+01:00") == midnight
    assert moments.moment_of("20261231T235960,5Z") == midnight.replace(microsecond=500_000)
    assert moments.moment_of("2024-366T00:00:00Z") == datetime(2024, 12, 31, tzinfo=UTC)


def test_a_long_fraction_takes_one_pass() -> None:
    long = f"2026-11-21T02:00:00.{'1' * 60_000}"

    assert moments.moment_of(f"{long}Z").microsecond == 111_111
    with pytest.raises(ValueError, match="no time zone"):
        moments.moment_of(long)
