"""The ARM client on a real HTTP server: token, guard, Retry-After, what each failure means."""

import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from restore_core.azure.arm import POOL, UNREADABLE, Answer
from restore_core.azure.bearer import TOKEN_MARGIN
from restore_core.azure.restore_body import restore_body
from restore_core.errors import AnswerLost, NotNow, Problem, Rejected, RestoreError, Unavailable
from restore_core.lifecycle.quota import Bucket
from restore_core.version import VERSION
from simulator import faults
from simulator.faults import Fault
from tests.azure.bench import API_VERSION, LASTS, Bench
from tests.azure.listener import Listener
from tests.builders import SUBSCRIPTION

JWT = re.compile(r"eyJ[\w-]+\.")


def get(bench: Bench) -> Answer:
    return bench.arm.get(bench.id)


def validate(bench: Bench) -> Answer:
    body = {"restoreRequestObject": restore_body(bench.plan())}
    return bench.arm.post(f"{bench.id}/validateRestore", body)


def restore(bench: Bench, request_id: str = "claim-1") -> Answer:
    body = restore_body(bench.plan())
    return bench.arm.post_once(f"{bench.id}/restore", body, request_id=request_id)


def follow(bench: Bench) -> Answer:
    url = validate(bench).operation_url
    bench.clock.advance(minutes=1)
    return bench.arm.follow(url)


CALLS: dict[str, Callable[[Bench], Answer]] = {"get": get, "post": validate, "post_once": restore}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
repeatable = pytest.mark.parametrize("call", [get, validate], ids=["get", "post"])


def failure(call: Callable[[Bench], Answer], bench: Bench) -> Any:
    with pytest.raises(RestoreError) as raised:
        call(bench)
    return raised.value


# ----------------------------------------------------------------------- what is answered


def test_a_get_answers_with_status_body_and_arms_correlation_id(bench: Bench) -> None:
    answer = get(bench)

    assert answer.status == 200
    assert answer.body["id"] == bench.id
    assert uuid.UUID(answer.correlation_id)
    assert (answer.operation_url, answer.retry_after) == ("", None)


@pytest.mark.parametrize(("call", "seconds"), [(validate, 10), (restore, 30)])
def test_a_post_that_was_taken_names_its_operation_and_when_to_look(
    bench: Bench, call: Callable[[Bench], Answer], seconds: int
) -> None:
    answer = call(bench)

    assert (answer.status, answer.body) == (202, {})
    assert answer.retry_after == timedelta(seconds=seconds)
    assert answer.operation_url.startswith(bench.server.url)
    assert bench.simulator.accusations == []


def test_every_call_names_the_api_version(bench: Bench) -> None:
    for call in CALLS.values():
        call(bench)

    assert {call.query["api-version"] for call in bench.simulator.calls} == {API_VERSION}


def test_a_signed_url_is_followed_to_the_letter(bench: Bench) -> None:
    answer = follow(bench)

    assert answer.body["status"] == "Succeeded"
    assert bench.simulator.accusations == []


@pytest.mark.parametrize(
    "target",
    ["/a%7Eb/%41;c='d'?s=%2B%2F==&h=(x)!*", "/a//b/../c?t=~&c=-_%20", "/OD==?a=b?c=d&&e"],
)
def test_no_letter_of_a_url_is_written_otherwise(
    bench: Bench, elsewhere: Listener, target: str
) -> None:
    arm = bench.client(elsewhere.url)

    arm.follow(elsewhere.url + target)

    assert [heard.target for heard in elsewhere.heard] == [target]


# --------------------------------------------------------------------------- request ids


def test_every_call_has_a_client_request_id_of_its_own(bench: Bench) -> None:
    for _ in range(3):
        get(bench)
        validate(bench)

    ids = [str(call.client_request_id) for call in bench.simulator.calls]
    assert len(set(ids)) == 6
    assert all(uuid.UUID(one) for one in ids)


def test_what_is_posted_once_bears_the_claims_request_id(bench: Bench) -> None:
    restore(bench, "claim-7")

    assert bench.simulator.calls[-1].client_request_id == "claim-7"


# ------------------------------------------------------------------------------ the token


def test_a_token_is_fetched_once_for_the_endpoints_audience_and_used_again(bench: Bench) -> None:
    for call in (*CALLS.values(), get, follow):
        call(bench)

    assert bench.tokens.scopes == [f"{bench.server.url}/.default"]


def test_threads_that_need_a_token_at_once_fetch_one(bench: Bench) -> None:
    with ThreadPoolExecutor(POOL) as pool:
        answers = list(pool.map(lambda _: get(bench), range(POOL)))

    assert {answer.status for answer in answers} == {200}
    assert len(bench.tokens.scopes) == 1


@pytest.mark.parametrize(("before_its_end", "fetched"), [(TOKEN_MARGIN, 1), (TOKEN_MARGIN - 1, 2)])
def test_a_token_near_its_end_is_fetched_anew(
    bench: Bench, before_its_end: int, fetched: int
) -> None:
    get(bench)

    bench.clock.advance(seconds=LASTS.total_seconds() - before_its_end)
    get(bench)

    assert len(bench.tokens.scopes) == fetched


@every_call
def test_a_token_that_arm_refuses_is_fetched_anew_and_the_call_made_again(
    bench: Bench, call: Callable[[Bench], Answer]
) -> None:
    get(bench)
    bench.simulator.expire_tokens()

    answer = call(bench)

    assert answer.status in {200, 202}
    assert bench.statuses() == [200, 401, answer.status]
    assert len(bench.tokens.scopes) == 2


@every_call
def test_a_token_that_is_refused_twice_is_tried_again_later(
    bench: Bench, call: Callable[[Bench], Answer]
) -> None:
    bench.next(faults.status(401, "AuthenticationFailed", "No."), times=None)

    error = failure(call, bench)

    assert type(error) is Unavailable
    assert (error.status, error.problem.code) == (401, "AuthenticationFailed")
    assert bench.statuses() == [401, 401]


@every_call
def test_without_a_token_no_call_is_made_and_it_is_tried_again_later(
    bench: Bench, call: Callable[[Bench], Answer]
) -> None:
    bench.tokens.refuses = True

    error = failure(call, bench)

    assert type(error) is Unavailable
    assert error.problem.code == "NoToken"
    assert "no managed identity endpoint found" in error.problem.message
    assert "AZURE_CLIENT_ID" in error.problem.action
    assert bench.simulator.calls == []


# ---------------------------------------------------------- nobody else gets the token


@every_call
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(
    bench: Bench, elsewhere: Listener, call: Callable[[Bench], Answer], code: int
) -> None:
    bench.next(faults.redirect(f"{elsewhere.url}/stolen", code))

    error = failure(call, bench)

    assert type(error) is (AnswerLost if call is restore else Unavailable)
    assert elsewhere.heard == []
    assert bench.statuses() == [code]


def test_a_url_that_leads_elsewhere_is_not_called_at_all(bench: Bench, elsewhere: Listener) -> None:
    with pytest.raises(Unavailable) as raised:
        bench.arm.follow(f"{elsewhere.url}/operationStatus/x?s=signature")

    assert raised.value.problem.code == "ForeignUrl"
    assert "signature" not in str(raised.value)
    assert elsewhere.heard == []
    assert bench.tokens.scopes == []


@pytest.mark.parametrize("call", [validate, restore])
def test_an_operation_that_leads_elsewhere_is_not_handed_on(
    bench: Bench, elsewhere: Listener, call: Callable[[Bench], Answer]
) -> None:
    bench.next(faults.foreign_operation(elsewhere.url))

    assert call(bench).operation_url == ""


def test_no_netrc_puts_another_password_in_the_tokens_place(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1\nlogin somebody\npassword else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    assert get(bench).status == 200
    assert restore(bench).status == 202


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_a_token_on_plain_http_goes_to_no_proxy(
    bench: Bench, elsewhere: Listener, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Plain http is for this machine alone; a proxy is another one."""
    get(bench)  # The token is fetched by then: its library obeys the environment on its own.
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv(name, f"http://user:password@{elsewhere.address}")

    assert get(bench).status == 200
    assert elsewhere.heard == []


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_on_the_way_to_https_sees_neither_the_token_nor_the_url(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    get(bench)
    arm = bench.client("https://arm.example")
    with Listener(status=502) as proxy:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv(name, f"http://user:password@{proxy.address}")

        with pytest.raises(Unavailable):
            arm.get(bench.id)

    assert [(heard.method, heard.target) for heard in proxy.heard] == [
        ("CONNECT", "arm.example:443")
    ]
    assert "authorization" not in proxy.heard[0].headers


def test_the_endpoint_alone_hears_the_token(bench: Bench, elsewhere: Listener) -> None:
    bench.client(elsewhere.url).get("/subscriptions/x")

    (heard,) = elsewhere.heard
    assert JWT.search(heard.headers["authorization"])
    assert heard.headers["user-agent"] == f"azure-disk-restore/{VERSION}"


# ----------------------------------------------------------------------------- Retry-After

DAY = timedelta(days=1)
AS_IT_MAY_COME = {
    "7": timedelta(seconds=7),
    "0": timedelta(),
    " 12 ": timedelta(seconds=12),
    "Sat, 21 Nov 2026 12:01:30 GMT": timedelta(seconds=90),
    "Sat, 21 Nov 2026 13:01:30 +0100": timedelta(seconds=90),
    "Sat, 21 Nov 2026 12:01:30": timedelta(seconds=90),
    "Sat, 21 Nov 2026 11:00:00 GMT": timedelta(),
    "Thu, 01 Jan 1970 00:00:00 GMT": timedelta(),
    "86401": DAY,
    "99999999999999999999999999": DAY,
    "Fri, 31 Dec 9999 23:59:59 GMT": DAY,
    "": None,
    "soon": None,
    "-5": None,
    "1.5": None,
    "1e9": None,
    "\u00b2": None,
    "Sat, 21 Nov 99999999999999999999 12:00:00 GMT": None,
    "Sat, 99 Nov 2026 12:00:00 GMT": None,
}


@pytest.mark.parametrize(("text", "meant"), AS_IT_MAY_COME.items())
def test_retry_after_is_handed_on_as_a_span_and_never_longer_than_a_day(
    bench: Bench, text: str, meant: timedelta | None
) -> None:
    with Listener(status=429, headers={"Retry-After": text}) as listener:
        client = bench.client(listener.url)

        with pytest.raises(Unavailable) as raised:
            client.get("/x")

    assert raised.value.retry_after == meant


@pytest.mark.parametrize(("text", "meant"), AS_IT_MAY_COME.items())
def test_retry_after_of_a_restore_that_was_taken_never_makes_its_answer_lost(
    bench: Bench, text: str, meant: timedelta | None
) -> None:
    with Listener(status=202, headers={"Retry-After": text}) as listener:
        client = bench.client(listener.url)

        answer = client.post_once("/x", {}, request_id="claim-1")

    assert answer.retry_after == meant


def test_no_retry_after_is_none(bench: Bench) -> None:
    bench.next(faults.throttle(retry_after=None))

    assert failure(get, bench).retry_after is None


@every_call
def test_the_services_own_limit_is_throttling_although_it_is_a_400(
    bench: Bench, call: Callable[[Bench], Answer]
) -> None:
    bench.next(faults.cloud_dos())

    error = failure(call, bench)

    assert type(error) is Unavailable
    assert error.problem.code == "CloudDosTimeboudLimitReached"
    assert error.retry_after == timedelta(hours=1)


def test_the_services_own_limit_may_say_itself_when_to_come_again(bench: Bench) -> None:
    body = {"error": {"code": "CloudDosAbsoluteLimitReached", "message": "Tomorrow."}}
    bench.next(faults.status(400, body=body, headers={"Retry-After": "7200"}))

    assert failure(get, bench).retry_after == timedelta(hours=2)


# ------------------------------------------------- what a failure means, where it is repeated

LATER = [401, 408, 409, 425, 429, 500, 502, 503, 504, 599]
NEVER = [400, 402, 403, 404, 405, 410, 412, 413, 422, 451]


REFUSED = Problem("SomeCode", "It is so.", correlation_id="correlation-3")


def refusal(status: int) -> Fault:
    headers = {"x-ms-correlation-request-id": REFUSED.correlation_id}
    return faults.status(status, REFUSED.code, REFUSED.message, headers)


@repeatable
@pytest.mark.parametrize("status", LATER)
def test_what_may_pass_is_tried_again_later(
    bench: Bench, call: Callable[[Bench], Answer], status: int
) -> None:
    bench.next(refusal(status), times=2)

    error = failure(call, bench)

    assert type(error) is Unavailable
    assert error.status == status
    assert error.problem == REFUSED


@repeatable
@pytest.mark.parametrize("status", NEVER)
def test_what_the_service_refuses_by_name_is_refused(
    bench: Bench, call: Callable[[Bench], Answer], status: int
) -> None:
    bench.next(refusal(status))

    error = failure(call, bench)

    assert type(error) is Rejected
    assert error.status == status
    assert error.problem == REFUSED


@repeatable
@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_that_names_no_error_may_be_a_proxys_and_is_tried_again_later(
    bench: Bench, call: Callable[[Bench], Answer], status: int
) -> None:
    bench.next(faults.status(status))

    error = failure(call, bench)

    assert type(error) is Unavailable
    assert error.problem.code == UNREADABLE
    assert f"HTTP {status}" in error.problem.message


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_is_no_answer(bench: Bench, status: int) -> None:
    bench.next(faults.status(status))

    error = failure(get, bench)

    assert type(error) is Unavailable
    assert error.status == status


@pytest.mark.parametrize("kind", ["html", "empty", "cut", "list"])
def test_an_answer_that_is_no_json_object_is_no_answer(bench: Bench, kind: Any) -> None:
    bench.next(faults.garbage(kind))

    error = failure(get, bench)

    assert type(error) is Unavailable
    assert error.problem.code == UNREADABLE


@pytest.mark.parametrize("body", [b"[" * 60_000, b"nul", b"7", b'"x"', b"null", b"\xff\xfe"])
def test_a_body_of_any_odd_form_is_no_answer(bench: Bench, body: bytes) -> None:
    with Listener(body=body) as listener, pytest.raises(Unavailable) as raised:
        bench.client(listener.url).get("/x")

    assert raised.value.problem.code == UNREADABLE


@repeatable
@pytest.mark.parametrize(
    "fault",
    [faults.reset(), faults.lose_answer(), faults.garbage("short")],
    ids=["reset", "answer lost", "cut"],
)
def test_a_connection_that_breaks_is_tried_again_later(
    bench: Bench, call: Callable[[Bench], Answer], fault: Fault
) -> None:
    bench.next(fault)

    error = failure(call, bench)

    assert type(error) is Unavailable
    assert (error.status, error.problem.code) == (0, "NoAnswer")


@every_call
def test_a_refused_connection_was_not_taken_whatever_the_call(
    bench: Bench, call: Callable[[Bench], Answer]
) -> None:
    get(bench)
    bench.server.close()

    error = failure(call, bench)

    assert type(error) is Unavailable
    assert error.problem.code == "NoAnswer"


# ------------------------------------------------- what a failure means, where it is sent once


@pytest.mark.parametrize("status", [401, 429])
def test_these_take_nothing_and_the_restore_may_be_claimed_again(bench: Bench, status: int) -> None:
    bench.next(faults.status(status, "SomeCode", "No."), times=2)

    error = failure(restore, bench)

    assert type(error) is Unavailable
    assert error.status == status


@pytest.mark.parametrize("status", [400, 403])
def test_these_take_nothing_and_never_will(bench: Bench, status: int) -> None:
    bench.next(faults.status(status, "SomeCode", "No."))

    error = failure(restore, bench)

    assert type(error) is Rejected
    assert (error.status, error.problem.code) == (status, "SomeCode")


@pytest.mark.parametrize(
    "status",
    [204, 302, 307, 402, 404, 405, 408, 409, 410, 412, 413, 422, 425, 500, 501, 502, 503, 504, 599],
)
def test_every_other_answer_may_have_been_obeyed(bench: Bench, status: int) -> None:
    bench.next(faults.status(status, "SomeCode", "No."))

    error = failure(restore, bench)

    assert type(error) is AnswerLost
    assert error.status == status
    assert bench.statuses() == [status]


def test_a_400_that_names_no_error_may_have_been_obeyed(bench: Bench) -> None:
    bench.next(faults.status(400))

    assert type(failure(restore, bench)) is AnswerLost


@pytest.mark.parametrize(
    ("fault", "jobs"),
    [(faults.lose_answer(), 1), (faults.reset(), 0), (faults.garbage("short"), 1)],
    ids=["obeyed and lost", "reset", "cut"],
)
def test_a_restore_whose_answer_is_lost_is_not_sent_again(
    bench: Bench, fault: Fault, jobs: int
) -> None:
    bench.next(fault)

    error = failure(restore, bench)

    assert type(error) is AnswerLost
    assert len(bench.simulator.calls) == 1
    assert bench.simulator.restores_of("disk-1-restored") == jobs


@pytest.mark.parametrize("kind", ["html", "empty", "list"])
def test_a_restore_that_was_taken_was_taken_whatever_the_body_says(bench: Bench, kind: Any) -> None:
    bench.next(faults.garbage(kind))

    answer = restore(bench)

    assert (answer.status, answer.body) == (202, {})


def test_a_restore_that_was_taken_without_an_operation_says_so(bench: Bench) -> None:
    bench.next(faults.no_operation())

    assert restore(bench).operation_url == ""


# --------------------------------------------------------------------------- secrets


@pytest.mark.parametrize("fault", [faults.reset(), faults.status(500), faults.garbage("html")])
def test_no_failure_shows_a_token_or_a_signature(bench: Bench, fault: Fault) -> None:
    url = validate(bench).operation_url
    bench.clock.advance(minutes=1)
    bench.next(fault)

    with pytest.raises(Unavailable) as raised:
        bench.arm.follow(url)

    shown = f"{raised.value!r} {raised.value.problem!r} {raised.value.__cause__!r}"
    assert not JWT.search(shown)
    assert "&s=" not in shown


# ---------------------------------------------------------------------- what is not even sent

ONE = Bucket(1, 0.5)


@every_call
def test_what_arm_would_not_take_now_is_not_sent_and_no_call(
    bench: Bench, call: Callable[[Bench], Answer]
) -> None:
    bench.allow(ONE, ONE)
    call(bench)
    sent, counted = len(bench.simulator.calls), bench.arm.calls

    error = failure(call, bench)

    assert isinstance(error, NotNow)
    assert error.retry_after == timedelta(seconds=2)
    assert (len(bench.simulator.calls), bench.arm.calls) == (sent, counted)
    bench.clock.advance(seconds=2)
    call(bench)


def test_a_query_of_resource_graph_is_no_call_of_a_subscription(bench: Bench) -> None:
    bench.allow(ONE, ONE)
    body = {
        "subscriptions": [SUBSCRIPTION],
        "query": "RecoveryServicesResources | where type =~ 'x' | project id",
        "options": {"$top": 1, "resultFormat": "objectArray"},
    }
    for _ in range(5):
        bench.arm.post(
            "/providers/Microsoft.ResourceGraph/resources", body, api_version="2021-03-01"
        )


def test_what_an_answer_says_is_left_is_all_that_is_sent(bench: Bench) -> None:
    left = {"x-ms-ratelimit-remaining-subscription-resource-requests": "2"}
    bench.next(faults.with_headers(left))
    for _ in range(3):
        get(bench)

    assert isinstance(failure(get, bench), NotNow)


@every_call
def test_after_a_429_nobody_asks_until_retry_after_is_over(
    bench: Bench, call: Callable[[Bench], Answer]
) -> None:
    bench.next(faults.throttle(20))
    assert not isinstance(failure(call, bench), NotNow)
    sent = len(bench.simulator.calls)

    bench.clock.advance(seconds=19)
    assert isinstance(failure(call, bench), NotNow)
    assert len(bench.simulator.calls) == sent
    bench.clock.advance(seconds=1)
    call(bench)


def test_what_is_reserved_is_sent_although_nothing_is_left(bench: Bench) -> None:
    bench.allow(writes=Bucket(2, 0.1))
    bench.arm.reserve_post(f"{bench.id}/restore")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(validate, bench).result()

    restore(bench)

    assert isinstance(failure(validate, bench), NotNow)
    with pytest.raises(NotNow):
        bench.arm.reserve_post(f"{bench.id}/restore")
