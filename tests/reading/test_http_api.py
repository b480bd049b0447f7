"""What receivers are told over HTTP, from rows that are given."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from restore_core.azure.tables.row_codec import restore_row
from restore_core.engine.columns import PUBLIC, public, refused_row, result_row
from restore_core.engine.ports import Readable
from restore_core.errors import Problem, SettingsError, Unavailable
from restore_core.lifecycle.states import Ending
from restore_core.lifecycle.status import Status
from restore_core.reading.exchange import Query, Reply
from restore_core.reading.http_api import HttpApi
from restore_core.version import VERSION
from tests.builders import (
    A_PROBLEM,
    a_claimed_plan,
    a_refused_message,
    a_restore,
    an_outcome,
    every_state,
)
from tests.fakes import NOON, ManualClock
from tests.given_rows import GivenRows, Row

HOST = "https://app.azurewebsites.net"


def api(results: Readable) -> HttpApi:
    return HttpApi(lambda: results, ManualClock(NOON))


def one(results: Readable, request_id: str = "r1") -> Reply:
    url = f"{HOST}/api/restores/{request_id}?code=the-key"
    return api(results).restore(Query(url, {"code": "the-key"}, request_id))


def many(results: Readable, url: str = f"{HOST}/api/restores?code=k", **parameters: str) -> Reply:
    return api(results).results(Query(url, parameters))


def told(reply: Reply) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(reply.body)
    return document


def refusal(at_minute: int) -> Row:
    body, at = f"no request {at_minute}".encode(), NOON + timedelta(minutes=at_minute)
    return refused_row(a_refused_message(body, request_id="r1", at=at))


STATES = every_state()
COMPLETED = a_restore(STATES["Ended"])
RESULT = result_row(COMPLETED, an_outcome())

# -------------------------------------------------------------------------------- what is shown


def test_every_column_of_a_result_is_public() -> None:
    outcome = an_outcome(problem=A_PROBLEM, job_status="Completed")
    result = result_row(a_restore(Ending(outcome, a_claimed_plan())), outcome)

    assert (result.keys() | refusal(1).keys()) - {"PartitionKey", "RowKey"} <= set(PUBLIC)


@pytest.mark.parametrize("state", STATES)
def test_no_other_column_of_a_restore_is_shown(state: str) -> None:
    row = restore_row(a_restore(STATES[state]))

    hidden = row.keys() - public(row).keys()

    assert hidden <= {"PartitionKey", "RowKey", "document", "operationUrl"}


@pytest.mark.parametrize("state", STATES)
def test_a_restore_is_shown_without_the_url_of_its_operation(state: str) -> None:
    reply = one(GivenRows(restore_row(a_restore(STATES[state]))))

    assert b"signed" not in reply.body
    assert b"management.azure.com" not in reply.body


def test_a_restore_that_has_ended_shows_what_its_result_shows() -> None:
    ended = told(one(GivenRows(restore_row(COMPLETED))))

    assert ended.items() >= told(many(GivenRows(of_the_day=[RESULT])))["value"][0].items()
    assert ended["durationSeconds"] == 0


def test_times_are_utc_and_numbers_are_numbers() -> None:
    document = told(one(GivenRows(restore_row(COMPLETED))))

    assert document["acceptedAt"] == "2026-11-21T12:00:00Z"
    assert document["recoveryPointAgeSeconds"] == 36_000


def test_what_only_a_forged_row_holds_is_shown_as_text() -> None:
    forged = {"status": UUID(int=1), "reason": float("nan"), "errorMessage": "<b>\r\n" * 1_000}

    document = told(one(GivenRows(forged)))

    assert document["status"] == str(UUID(int=1))
    assert document["reason"] == "nan"
    assert len(document["errorMessage"]) == 1_500
    assert "\n" not in document["errorMessage"]


# -------------------------------------------------------------------------------------- one


@pytest.mark.parametrize("state", [name for name in STATES if name not in ("Ending", "Ended")])
def test_a_restore_under_way_tells_its_state_and_when_to_ask_again(state: str) -> None:
    reply = one(GivenRows(restore_row(a_restore(STATES[state]))))

    has_ended = state == "Guarding"  # Its outcome is decided, whatever its job still does.
    assert reply.status == 200
    assert told(reply)["ended"] is has_ended
    assert told(reply)["status"] == ("TimedOut" if has_ended else state)
    assert reply.headers.get("Retry-After") == (None if has_ended else "30")


def test_a_state_that_is_called_like_an_outcome_has_not_ended() -> None:
    on_the_way = told(one(GivenRows(restore_row(a_restore(STATES["Validated"])))))
    outcome = an_outcome(Status.VALIDATED)
    at_the_end = told(one(GivenRows(restore_row(a_restore(Ending(outcome, None))))))

    assert on_the_way["status"] == at_the_end["status"] == "Validated"
    assert (on_the_way["ended"], at_the_end["ended"]) == (False, True)


def test_no_reply_is_kept_by_a_cache_or_guessed_at_by_a_browser() -> None:
    for reply in (one(GivenRows(restore_row(COMPLETED))), one(GivenRows()), many(GivenRows())):
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["X-Azure-Disk-Restore-Version"] == VERSION
        assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_the_newest_refused_message_of_today_tells_why_there_is_no_restore() -> None:
    rows = GivenRows(refused_on={"2026-11-21": [refusal(1), refusal(3), refusal(2)]})

    reply = one(rows)

    assert reply.status == 200
    assert told(reply)["messageText"] == "no request 3"
    assert (told(reply)["status"], told(reply)["ended"]) == ("Rejected", True)
    assert "Retry-After" not in reply.headers
    assert rows.asked == ["r1", ("2026-11-21", "r1")]


def test_a_message_that_was_refused_yesterday_is_found() -> None:
    rows = GivenRows(refused_on={"2026-11-20": [refusal(1)]})

    assert told(one(rows))["errorCode"] == "SomeCode"


def test_a_refused_message_is_found_by_the_row_id_that_a_list_shows() -> None:
    row = refusal(1)
    rows = GivenRows(refused_on={"2026-09-01": [row]})

    assert told(one(rows, row["RowKey"]))["rowId"] == row["RowKey"]


def test_a_restore_comes_before_a_message_that_used_its_id_again() -> None:
    rows = GivenRows(restore_row(COMPLETED), refused_on={"2026-11-21": [refusal(1)]})

    assert told(one(rows))["status"] == "Completed"


def test_an_id_that_nobody_used_is_not_found() -> None:
    rows = GivenRows()

    reply = one(rows)

    assert reply.status == 404
    assert reply.headers["Content-Type"] == "application/problem+json"
    document = told(reply)
    assert document.pop("detail").startswith("No restore has the requestId 'r1'")
    assert document == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "instance": "/api/restores/r1",
        "code": "NoSuchRestore",
    }
    assert rows.asked == ["r1", ("2026-11-21", "r1"), ("2026-11-20", "r1")]


@pytest.mark.parametrize(
    "request_id",
    ["", "-r1", "r 1", "r1~", "a/b", "r" * 129, "<script>", "r1\r\nX: y", "é", "\ud800"],
)
def test_an_id_that_no_message_can_have_is_refused_without_a_look(request_id: str) -> None:
    rows = GivenRows()

    reply = one(rows, request_id)

    assert reply.status == 400
    assert told(reply)["code"] == "InvalidParameter"
    assert told(reply)["detail"].startswith("requestId is '")
    assert rows.asked == []


def test_what_is_quoted_back_is_one_line_and_no_tag() -> None:
    reply = one(GivenRows(), "<script>\r\nalert(1)</script>" + "x" * 5_000)

    assert b"<" not in reply.body
    assert len(reply.body) < 2_500
    assert "\r" not in told(reply)["detail"] + told(reply)["instance"]


def test_the_function_key_is_never_repeated() -> None:
    page = many(GivenRows(of_the_day=[RESULT, RESULT]), top="1", code="the-key")

    assert b"the-key" not in one(GivenRows()).body + page.body + many(GivenRows(), x="1").body


# ------------------------------------------------------------------------------------- many


def test_a_day_without_results_is_an_empty_list() -> None:
    reply = many(GivenRows())

    assert (reply.status, told(reply)) == (200, {"value": []})
    assert reply.headers["Content-Type"] == "application/json"


def test_without_parameters_the_first_hundred_results_of_today_are_listed() -> None:
    rows = GivenRows()

    many(rows, day="", code="k", clientId="default")

    assert rows.asked == [("2026-11-21", None, "", 101)]


def test_today_is_a_day_in_utc() -> None:
    rows = GivenRows()
    late = ManualClock(NOON.replace(hour=23).astimezone(UTC) + timedelta(hours=2))

    HttpApi(lambda: rows, late).results(Query(HOST))

    assert rows.asked[0][0] == "2026-11-22"


def test_a_status_is_matched_without_case() -> None:
    rows = GivenRows()

    many(rows, day="2026-11-20", status="timedout", top="7", after="r7")

    assert rows.asked == [("2026-11-20", Status.TIMED_OUT, "r7", 8)]


def test_a_full_page_leads_to_the_next_and_the_last_one_nowhere() -> None:
    results = [{**RESULT, "RowKey": f"r&{number}"} for number in range(3)]

    page = told(many(GivenRows(of_the_day=results), top="2", status="completed"))
    last = told(many(GivenRows(of_the_day=results), top="3"))

    assert len(page["value"]) == 2
    following = urlsplit(page["nextLink"])
    assert following._replace(query="").geturl() == f"{HOST}/api/restores"
    assert parse_qs(following.query) == {
        "day": ["2026-11-21"],
        "status": ["Completed"],
        "top": ["2"],
        "after": ["r&1"],
    }
    assert len(last["value"]) == 3
    assert "nextLink" not in last


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"day": "yesterday"}, "day is 'yesterday': it must be a day (UTC) such as 2026-11-21."),
        ({"day": "2026-11-31"}, "day is '2026-11-31'"),
        ({"day": "20261121"}, "day is '20261121'"),
        ({"day": "2026-11-21,2026-11-22"}, "it must be a day"),
        (
            {"status": "Running"},
            "it must be one of Completed, CompletedWithWarnings, PartlyCompleted",
        ),
        ({"top": "0"}, "top is '0': it must be a whole number from 1 to 1000."),
        ({"top": "1001"}, "top is '1001'"),
        ({"top": "-1"}, "top is '-1'"),
        ({"top": "٣"}, "top is '٣'"),
        ({"top": "9" * 5_000}, "from 1 to 1000"),
        ({"after": "a\x00"}, "after is 'a': take it from a nextLink, as it stands there."),
        ({"after": "\u202ea"}, "take it from a nextLink"),
        ({"after": "a" * 1_025}, "take it from a nextLink"),
        ({"$filter": "1 eq 1"}, "'$filter' is no parameter: the parameters are day, status, top"),
        ({"Day": "2026-11-21"}, "'Day' is no parameter"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_by_name(
    parameters: dict[str, str], reason: str
) -> None:
    rows = GivenRows()

    reply = many(rows, **parameters)

    assert reply.status == 400
    assert reason in told(reply)["detail"]
    assert told(reply)["code"] == "InvalidParameter"
    assert rows.asked == []


# --------------------------------------------------------------------------- what goes wrong


def failing(error: Exception) -> Callable[[], Readable]:
    def results() -> Readable:
        raise error

    return results


FAILURES: dict[Exception, tuple[int, str, str]] = {
    Unavailable(Problem("StorageUnavailable", "Storage did not answer: ServerBusy")): (
        503,
        "StorageUnavailable",
        "Storage did not answer: ServerBusy",
    ),
    SettingsError("RestoreStorage is missing."): (
        500,
        "SettingsError",
        "RestoreStorage is missing.",
    ),
    KeyError("a secret"): (500, "InternalError", "The app failed; its log says where."),
}


@pytest.mark.parametrize(("error", "expected"), FAILURES.items())
@pytest.mark.parametrize("of", ["one", "many"])
def test_a_failure_is_a_problem_and_one_line_of_the_log(
    caplog: pytest.LogCaptureFixture, of: str, error: Exception, expected: tuple[int, str, str]
) -> None:
    asked = HttpApi(failing(error), ManualClock(NOON))
    query = Query(f"{HOST}/api/restores/r1", {}, "r1" if of == "one" else "")

    with caplog.at_level(logging.INFO):
        reply: Reply = getattr(asked, "restore" if of == "one" else "results")(query)

    assert (reply.status, told(reply)["code"], told(reply)["detail"]) == expected
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers.get("Retry-After") == ("30" if reply.status == 503 else None)
    (line,) = caplog.messages
    assert line.startswith(f"step.failed requestId={'r1' if of == 'one' else '-'} error=")


def test_a_caller_s_mistake_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        one(GivenRows(), "no id")
        one(GivenRows())
        many(GivenRows(), day="never")

    assert caplog.messages == []


@pytest.mark.parametrize("url", ["", "/api/restores", "http://[", "https://h", "x" * 9_000])
def test_whatever_the_url_of_a_request_is_it_is_answered(url: str) -> None:
    assert many(GivenRows(), url).status == 200
    assert many(GivenRows(), url, top="none").status == 400
