"""Text from outside, made fit to show: no line breaks, no signed queries, no tokens."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from restore_core.text import MAX_TEXT, one_line, quoted, utc_text

URL = "https://management.azure.com/subscriptions/x/operationStatus/OD=="
TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL20ifQ.c2lnbmF0dXJl-_x"


@pytest.mark.parametrize(
    "mark",
    ["\r\n", "\n", "\t", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\u200b"],
)
def test_a_text_is_one_line(mark: str) -> None:
    assert one_line(f"{mark}a{mark}{mark}b{mark}") == "a b"


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\ud800"])
def test_what_turns_or_breaks_a_line_becomes_a_blank(mark: str) -> None:
    cleaned = one_line(f"a{mark}b")

    assert cleaned == "a b"
    assert cleaned.encode()


@pytest.mark.parametrize("end", ["", " and more", '"', "'", ">", "\n"])
def test_the_query_of_a_url_is_cut(end: str) -> None:
    told = one_line(f"see {URL}?api-version=1&t=2&c=cert&s=signature&h=hash{end}")

    assert f"see {URL}?…" in told
    assert "signature" not in told
    assert told.endswith(end.strip() or "…")


@pytest.mark.parametrize("scheme", ["http", "https", "HTTPS"])
def test_the_query_of_every_url_is_cut_whatever_its_scheme(scheme: str) -> None:
    told = one_line(f"{scheme}://a/b?sig=1 {scheme}://c?sig=2")

    assert told == f"{scheme}://a/b?… {scheme}://c?…"


def test_a_url_without_a_query_stays_as_it_is() -> None:
    assert one_line(f"see {URL} there") == f"see {URL} there"


@pytest.mark.parametrize("text", [f"Bearer {TOKEN}", f"bearer  {TOKEN}", TOKEN, f'"{TOKEN}"'])
def test_a_token_is_cut(text: str) -> None:
    told = one_line(f"Authorization: {text}")

    assert "eyJ" not in told
    assert "c2lnbmF0dXJl" not in told


def test_a_bearer_of_another_form_is_cut() -> None:
    assert one_line("Authorization: Bearer abc.def~123+/= then") == "Authorization: Bearer … then"


@pytest.mark.parametrize("split", range(1, len(TOKEN)))
def test_a_cut_never_leaves_a_token_behind(split: str) -> None:
    told = one_line(f"Bearer {TOKEN}", int(split))

    assert "eyJ" not in told
    assert len(told) <= int(split)


def test_a_long_text_is_cut_and_says_so() -> None:
    told = one_line("x" * 10_000)

    assert len(told) == MAX_TEXT
    assert told.endswith("x…")
    assert one_line("x" * MAX_TEXT) == "x" * MAX_TEXT


def test_a_value_is_quoted_in_one_short_line() -> None:
    assert quoted("a\nb") == "'a b'"
    assert quoted(17) == "'17'"
    assert len(quoted("x" * 1_000)) == 82


def test_a_time_is_told_in_utc() -> None:
    east = timezone(timedelta(hours=2))

    assert utc_text(datetime(2026, 11, 21, 4, 0, 0, 999, tzinfo=east)) == "2026-11-21T02:00:00Z"
    assert utc_text(datetime(2026, 11, 21, 2, tzinfo=UTC)) == "2026-11-21T02:00:00Z"
