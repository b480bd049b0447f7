"""The list and the summary over HTTP: what may be asked, and how the next page is asked for."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from restore_core.reading.exchange import Query, Reply
from restore_core.reading.http_api import HttpApi
from tests.builders import INSTANCE
from tests.fakes import NOON, ManualClock
from tests.given_rows import GivenRows, Row

LIST, SUMMARY = (f"https://app.azurewebsites.net/api/{path}" for path in ("restores", "summary"))


def a_result(key: str, minutes: int = 1, **columns: Any) -> Row:
    at = NOON - timedelta(minutes=minutes)
    return {
        "PartitionKey": f"{at:%Y-%m-%d}",
        "RowKey": key,
        "requestId": key,
        "status": "Completed",
        "backupInstanceId": INSTANCE,
        "acceptedAt": at,
        "completedAt": NOON,
        **columns,
    }


OLD = NOON - timedelta(minutes=9)
ROWS = GivenRows(
    results=[a_result(f"r{n}", n) for n in range(1, 6)],
    under_way=[
        {
            "RowKey": "open",
            "requestId": "open",
            "status": "Queued",
            "acceptedAt": NOON - timedelta(minutes=9),
        },
    ],
)


def api(**options: Any) -> HttpApi:
    return HttpApi(lambda: ROWS, ManualClock(NOON), **options)


def listed(**parameters: str) -> dict[str, Any]:
    return told(api().results(Query(f"{LIST}?code=k", parameters)))


def told(reply: Reply) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(reply.body)
    return document


def test_all_that_runs_and_has_ended_in_a_day_is_listed_newest_first() -> None:
    document = listed(state="all")

    assert [item["rowId"] for item in document["value"]] == [
        *(f"r{n}" for n in range(1, 6)),
        "open",
    ]
    assert document["asOf"] == "2026-11-21T12:00:00Z"
    assert "nextLink" not in document


def test_the_next_page_is_asked_for_as_the_first_was_from_the_same_time_on() -> None:
    first = listed(top="4", since="2h", vault="vault-1", status="completed", code="k")
    link = urlsplit(first["nextLink"])
    parameters = {name: values[0] for name, values in parse_qs(link.query).items()}

    second = listed(**parameters)

    assert parameters["since"] == "2026-11-21T10:00:00Z"
    assert "code" not in parameters
    assert [item["rowId"] for item in first["value"] + second["value"]] == [
        f"r{n}" for n in range(1, 6)
    ]


@pytest.mark.parametrize("name", ["state", "since", "until", "vault", "partOf", "top", "older"])
def test_an_empty_parameter_is_an_absent_one(name: str) -> None:
    assert listed(**{"vault": "", name: ""}) == listed(state="all")


def test_a_query_of_old_parameters_alone_lists_the_results_of_a_day_as_ever() -> None:
    rows = GivenRows(of_the_day=[a_result("a")])

    document = told(HttpApi(lambda: rows, ManualClock(NOON)).results(Query(LIST, {"top": "5"})))

    assert list(document) == ["value"]
    assert "rowId" not in document["value"][0]


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"state": "some"}, "state is 'some': it must be one of open, ended, all."),
        ({"since": "soon"}, "since is 'soon': it must be a span such as 30m"),
        ({"until": "24h", "since": "x" * 99}, "since is 'xxx"),
        ({"state": "all", "status": "Odd"}, "status is 'Odd': it must be one of Completed"),
        ({"vault": "a b"}, "vault is 'a b': it must be a backup vault's name or ARM id."),
        ({"partOf": "~"}, "partOf is '~': it must be the requestId of a set."),
        ({"state": "all", "top": "0"}, "top is '0': it must be a whole number from 1 to 1000."),
        ({"state": "all", "top": "1001"}, "top is '1001'"),
        ({"older": "x"}, "older is 'x': take it from a nextLink, as it stands there."),
        ({"state": "all", "day": "2026-11-21"}, "'day' is no parameter"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(parameters: dict[str, str], reason: str) -> None:
    reply = api().results(Query(LIST, parameters))

    assert reply.status == 400
    assert reason in told(reply)["detail"]


def test_a_summary_is_of_the_last_day_where_no_other_time_is_asked_for() -> None:
    document = told(api().summary(Query(SUMMARY)))

    assert (document["total"], document["open"]) == (5, 1)
    assert document["since"] == "2026-11-20T12:00:00Z"


def test_a_summary_may_be_of_a_time_and_a_vault() -> None:
    asked = {"since": "2026-11-01", "until": "1m", "vault": "vault-2"}

    document = told(api().summary(Query(SUMMARY, asked)))

    assert (document["total"], document["until"]) == (0, "2026-11-21T11:59:00Z")


def test_a_summary_knows_no_pages() -> None:
    reply = api().summary(Query(SUMMARY, {"top": "5"}))

    assert reply.status == 400
    assert "the parameters are since, until, vault" in told(reply)["detail"]


def test_a_link_leads_to_the_portal_of_the_cloud() -> None:
    rows = GivenRows(results=[a_result("r", jobId="j")])
    there = HttpApi(lambda: rows, ManualClock(NOON), portal=lambda: "https://portal.azure.us")

    (item,) = told(there.results(Query(LIST, {"state": "all"})))["value"]

    assert item["jobLink"].startswith("https://portal.azure.us/#resource/subscriptions/")
