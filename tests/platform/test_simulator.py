"""The simulator against what was recorded of Azure, and each thing it lets go wrong."""

import base64
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator import AfterReads, Pace, Point, Server, Simulator, StateFile, faults, outcomes
from simulator.outcomes import Outcome
from tests.platform.simulator_client import (
    HTTP_TIMEOUT,
    JOB,
    OPERATION,
    VALIDATION,
    VERSION,
    Client,
    ManualClock,
    restore_body,
    target_id,
    token,
)
from tests.recordings import load

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def recorded() -> list[dict[str, Any]]:
    interactions = load("disk-restore-2024-04-01-signed-urls.json")["interactions"]
    assert isinstance(interactions, list)
    return interactions


def shape(value: Any) -> Any:
    """Return the keys and types of a value, whatever the order of its keys."""
    match value:
        case dict():
            return {name: shape(value[name]) for name in sorted(value)}
        case list():
            return [shape(value[0])] if value else []
        case _:
            return type(value).__name__


def bodies_of(recorded: list[dict[str, Any]], path: str) -> list[Any]:
    return [one["body"] for one in recorded if path in one["url"] and one["method"] == "GET"]


# ---------------------------------------------------------------- compared with the recordings


@pytest.mark.recordings
def test_a_job_looks_as_recorded_while_it_runs_and_when_it_has_ended(
    client: Client, clock: ManualClock, recorded: list[dict[str, Any]]
) -> None:
    accepted = client.restore()
    clock.advance(OPERATION)
    job_id = client.operation(accepted)["properties"]["jobId"]

    running = client.get(job_id).json()
    clock.advance(JOB)
    ended = client.get(job_id).json()

    jobs = bodies_of(recorded, "/backupJobs/")
    assert shape(running) == shape(jobs[0])
    assert shape(ended) == shape(jobs[-1])
    for name in ("operation", "operationCategory", "dataSourceType", "supportedActions", "type"):
        assert {**ended, **ended["properties"]}[name] == {**jobs[-1], **jobs[-1]["properties"]}[
            name
        ]
    assert running["properties"]["duration"] == jobs[0]["properties"]["duration"] == "PT0S"
    assert ended["properties"]["status"] == jobs[-1]["properties"]["status"]


@pytest.mark.recordings
def test_operations_look_as_recorded(
    client: Client, clock: ManualClock, recorded: list[dict[str, Any]]
) -> None:
    validation = client.validate()
    clock.advance(timedelta(seconds=10))
    running = client.operation(validation)
    clock.advance(VALIDATION)
    validated = client.operation(validation)
    restore = client.restore()
    clock.advance(OPERATION)
    restored = client.operation(restore)

    operations = bodies_of(recorded, "/operationStatus/")
    assert shape(running) == shape(operations[0])
    assert running["status"] == operations[0]["status"]
    assert running["endTime"] == operations[0]["endTime"]
    assert shape(validated) == shape(operations[2])
    assert shape(restored) == shape(operations[-1])
    assert len(restored["name"]) == len(operations[-1]["name"])


@pytest.mark.recordings
def test_operation_results_look_as_recorded(
    client: Client, clock: ManualClock, recorded: list[dict[str, Any]]
) -> None:
    results = []
    for accepted in (client.validate(), client.restore()):
        clock.advance(VALIDATION)
        results.append(client.get(accepted.headers["Location"]))

    shapes = [shape(one.json()) for one in results]
    assert shapes == [shape(one) for one in bodies_of(recorded, "/operationResults/")]
    assert all("/locations/" in one.headers["Azure-AsyncOperation"] for one in results)


@pytest.mark.recordings
def test_recovery_points_look_as_recorded(client: Client, recorded: list[dict[str, Any]]) -> None:
    listed = client.get(f"{client.instance}/recoveryPoints").json()

    expected = bodies_of(recorded, "/recoveryPoints")[0]
    assert sorted(listed) == sorted(expected)
    assert shape(listed["value"][0]) == shape(expected["value"][1])
    times = [one["properties"]["recoveryPointTime"] for one in listed["value"]]
    assert times == sorted(times, reverse=True)


@pytest.mark.recordings
def test_answers_bear_the_recorded_headers(client: Client, recorded: list[dict[str, Any]]) -> None:
    accepted, listed = client.validate(), client.get(f"{client.instance}/recoveryPoints")

    assert set(recorded[0]["headers"]) <= {name.lower() for name in listed.headers}
    assert set(recorded[1]["headers"]) <= {name.lower() for name in accepted.headers}
    assert accepted.content == b""
    assert "content-type" not in accepted.headers


@pytest.mark.recordings
def test_operation_urls_are_built_as_recorded(
    client: Client, recorded: list[dict[str, Any]]
) -> None:
    accepted = client.restore()

    for name in ("azure-asyncoperation", "location"):
        ours, theirs = accepted.headers[name], recorded[6]["headers"][name]
        assert 3086 <= len(ours) <= 3712
        assert query_sizes(ours) == query_sizes(theirs)
    assert "/backupVaults/vault-1/operationStatus/" in accepted.headers["azure-asyncoperation"]
    assert "/locations/westeurope/operationResults/" in accepted.headers["location"]


def query_sizes(url: str) -> list[tuple[str, int]]:
    pairs = (one.split("=", 1) for one in url.split("?", 1)[1].split("&"))
    return [(name, len(value)) for name, value in pairs]


@pytest.mark.recordings
def test_a_failed_operation_looks_as_recorded(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    simulator.add_disk(target_id("disk-1-restored"))

    accepted = client.validate()
    clock.advance(VALIDATION)
    failed = client.operation(accepted)

    assert shape(failed) == shape(load("errors.json")[0]["body"])


def test_a_name_that_is_taken_in_one_group_is_free_in_another(
    client: Client, clock: ManualClock
) -> None:
    accepted = client.validate("disk-1")
    clock.advance(VALIDATION)

    assert client.operation(accepted)["status"] == "Succeeded"


@pytest.mark.recordings
def test_throttling_by_the_service_looks_as_recorded(simulator: Simulator, client: Client) -> None:
    simulator.next("POST", "/restore", faults.cloud_dos())

    answer = client.restore()

    recorded = next(one for one in load("errors.json") if one["http"] == 400)
    assert answer.status_code == 400
    assert shape(answer.json()) == shape(recorded["body"])
    assert answer.json()["error"]["code"] == recorded["body"]["error"]["code"]


# ------------------------------------------------------------------------------- what it does


def test_a_restore_takes_as_long_as_it_was_recorded_to_take(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    client.restore()

    clock.advance(JOB - timedelta(seconds=1))
    before = simulator.jobs()[0].status
    clock.advance(timedelta(seconds=1))

    assert (before, simulator.jobs()[0].status) == ("InProgress", "Completed")
    assert target_id("disk-1-restored").lower() in simulator.disks()


def test_a_scale_makes_everything_faster_but_never_waits_for_less_than_a_second(
    clock: ManualClock,
) -> None:
    simulator = Simulator(now=clock, pace=Pace(scale=100))
    with simulator.serve() as server:
        client = Client(server, simulator.protect("disk-1"))
        with client.session:
            accepted = client.validate()
            clock.advance(timedelta(seconds=1))
            ended = client.operation(accepted)

    assert accepted.headers["Retry-After"] == "1"
    assert ended["status"] == "Succeeded"
    assert simulator.accusations == []


def test_the_recorded_waits_are_asked_for(client: Client) -> None:
    assert client.validate().headers["Retry-After"] == "10"
    assert client.restore().headers["Retry-After"] == "30"


def test_an_operation_can_end_after_so_many_reads(clock: ManualClock) -> None:
    pace = Pace(validation=AfterReads(2), validation_retry_after=0)
    simulator = Simulator(now=clock, pace=pace)
    with simulator.serve() as server:
        client = Client(server, simulator.protect("disk-1"))
        with client.session:
            accepted = client.validate()
            statuses = [client.operation(accepted)["status"] for _ in range(3)]

    assert statuses == ["Inprogress", "Inprogress", "Succeeded"]


def test_a_job_bears_its_clients_request_id_as_the_habit_is(
    simulator: Simulator, client: Client
) -> None:
    mine = str(client.session.headers["x-ms-client-request-id"])
    client.restore("a")
    simulator.habits.activity_ids = "suffixed"
    client.restore("b")
    simulator.habits.activity_ids = "unrelated"
    client.restore("c")

    ids = [job["properties"]["activityID"] for job in client.jobs()["value"]]

    assert ids[:2] == [mine, f"{mine}-Ibz"]
    assert mine not in ids[2]


def test_lists_of_jobs_tell_less_and_otherwise(client: Client, clock: ManualClock) -> None:
    client.restore()
    clock.advance(JOB)

    listed = client.jobs()

    assert listed["nextLink"] is None
    assert listed["value"][0]["properties"]["extendedInfo"] is None
    assert listed["value"][0]["properties"]["duration"] == "00:04:05.7000000"


def test_lists_of_jobs_can_lag_behind(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    simulator.habits.job_list_lag = timedelta(minutes=5)
    client.restore()

    clock.advance(timedelta(minutes=5))
    early = client.jobs()["value"]
    clock.advance(timedelta(seconds=1))

    assert early == []
    assert len(client.jobs()["value"]) == 1


def test_lists_come_in_pages(simulator: Simulator, client: Client) -> None:
    simulator.habits.page_size = 3
    page, names = client.get(f"{client.instance}/recoveryPoints").json(), []

    while "nextLink" in page:
        names += [one["name"] for one in page["value"]]
        page = client.get(page["nextLink"]).json()

    names += [one["name"] for one in page["value"]]
    assert names == [point.id for point in simulator.points(client.instance)]


def test_recovery_points_can_be_filtered_by_date(client: Client) -> None:
    wanted = "startDate eq '2026-02-25T00:00:00.0000000Z' and endDate eq '2026-02-26T12:00:00Z'"

    listed = client.get(f"{client.instance}/recoveryPoints", **{"$filter": wanted}).json()["value"]

    days = [one["properties"]["recoveryPointTime"][:10] for one in listed]
    assert days == ["2026-02-26", "2026-02-25"]


def test_ids_are_read_without_regard_to_case(client: Client) -> None:
    assert client.get(client.instance.upper()).status_code == 200


@pytest.mark.parametrize(
    ("arrange", "code"),
    [
        (
            lambda sim: sim.add_disk(target_id("disk-1-restored").upper()),
            "UserErrorSameNameDiskAlreadyExists",
        ),
        (
            lambda sim: sim.start_restore(sim.protect("disk-1"), target_id("disk-1-restored")),
            "UserErrorSameNameDiskAlreadyExists",
        ),
        (
            lambda sim: sim.revoke_vault_role(target_id("x").split("/providers")[0].upper()),
            "UserErrorNotEnoughPermissionOnTargetRG",
        ),
        (
            lambda sim: sim.remove_group(target_id("x").split("/providers")[0]),
            "UserErrorRestoreTargetRGNotFound",
        ),
        (
            lambda sim: sim.script("disk-1-restored", validation=[outcomes.fails("OddError")]),
            "OddError",
        ),
    ],
)
def test_a_validation_fails_with_a_200_and_advice(
    simulator: Simulator,
    client: Client,
    clock: ManualClock,
    arrange: Callable[[Simulator], object],
    code: str,
) -> None:
    arrange(simulator)

    accepted = client.validate()
    clock.advance(VALIDATION)
    failed = client.operation(accepted)

    assert (failed["status"], failed["error"]["code"]) == ("Failed", code)
    assert failed["error"]["additionalInfo"][0]["info"]["recommendedAction"][0]


def test_a_restore_over_a_disk_that_exists_fails_and_starts_no_job(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    simulator.add_disk(target_id("disk-1-restored"))

    accepted = client.restore()
    clock.advance(OPERATION)
    failed = client.operation(accepted)

    assert failed["error"]["code"] == "UserErrorSameNameDiskAlreadyExists"
    assert "properties" not in failed
    assert simulator.restores_of("disk-1-restored") == 0


@pytest.mark.parametrize(
    ("outcome", "status", "code", "has_job"),
    [
        (outcomes.fails("CloudInternalError"), "Failed", "CloudInternalError", False),
        (outcomes.fails("X", with_job=True), "Failed", "X", True),
        (outcomes.succeeds_with_error("X"), "Succeeded", "X", True),
        (outcomes.cancelled(), "Canceled", None, False),
        (outcomes.ends_as("Pondering"), "Pondering", None, True),
        (outcomes.never(), "Inprogress", None, False),
    ],
)
def test_a_restore_operation_ends_as_scripted(
    simulator: Simulator,
    client: Client,
    clock: ManualClock,
    *,
    outcome: Outcome,
    status: str,
    code: str | None,
    has_job: bool,
) -> None:
    simulator.script(target_id("disk-1-restored"), operation=outcome)

    accepted = client.restore()
    clock.advance(timedelta(days=3))
    ended = client.operation(accepted)

    assert ended["status"] == status
    assert ended.get("error", {}).get("code") == code
    assert ("properties" in ended) is has_job


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (outcomes.fails("UserErrorSubscriptionDiskQuotaLimitReached"), "Failed"),
        (outcomes.cancelled(), "Cancelled"),
        (outcomes.completes_with_warnings(), "CompletedWithWarnings"),
        (outcomes.ends_as("Pondering"), "Pondering"),
        (outcomes.never(), "InProgress"),
    ],
)
def test_a_job_ends_as_scripted(
    simulator: Simulator, client: Client, clock: ManualClock, *, outcome: Outcome, status: str
) -> None:
    simulator.script("disk-1-restored", job=[outcome])

    client.restore()
    clock.advance(timedelta(days=3))
    job = client.get(simulator.jobs()[0].id).json()["properties"]

    assert job["status"] == status
    assert bool(job["errorDetails"]) is (status == "Failed")
    assert bool(job["extendedInfo"]["warningDetails"]) is (status == "CompletedWithWarnings")
    made = target_id("disk-1-restored").lower() in simulator.disks()
    assert made is (status == "CompletedWithWarnings")


def test_scripted_endings_are_consumed_one_by_one(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    simulator.script("disk-1-restored", validation=[outcomes.fails("X")] * 2)

    statuses = []
    for _ in range(3):
        accepted = client.validate()
        clock.advance(VALIDATION)
        statuses.append(client.operation(accepted)["status"])

    assert statuses == ["Failed", "Failed", "Succeeded"]


def test_the_record_of_an_operation_can_be_gone(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    simulator.script("disk-1-restored", operation=outcomes.gone(timedelta(seconds=5)))

    accepted = client.restore()
    clock.advance(OPERATION)
    answer = client.get(accepted.headers["Azure-AsyncOperation"])

    assert answer.status_code == 404
    assert sorted(answer.json()["error"]) == ["code", "details", "innerError", "message", "target"]
    assert simulator.restores_of("disk-1-restored") == 1


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (("rg-prod", "rg-other"), "ResourceGroupNotFound"),
        (("vault-1", "vault-2"), "ResourceNotFound"),
        (("disk-1-disk-1", "disk-9"), "UserErrorGenericResourceNotFound"),
    ],
)
def test_what_does_not_exist_is_a_404(client: Client, path: tuple[str, str], code: str) -> None:
    answer = client.get(client.instance.replace(*path))

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


def test_an_unknown_recovery_point_is_a_404(client: Client) -> None:
    answer = client.get(f"{client.instance}/recoveryPoints/{'0' * 32}")

    assert answer.status_code == 404
    assert answer.json()["error"]["innerError"] is None


def test_a_missing_right_is_told_in_arms_words(simulator: Simulator, client: Client) -> None:
    action = "Microsoft.DataProtection/backupVaults/backupJobs/read"
    simulator.deny(action)

    refused = client.get(f"{client.vault}/backupJobs")
    simulator.allow(action)

    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (403, "AuthorizationFailed")
    assert f"perform action '{action}' over scope '{client.vault}'" in error["message"]
    assert client.get(f"{client.vault}/backupJobs").status_code == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda client: client.session.headers.pop("Authorization"),
        lambda client: client.session.headers.update(Authorization="Bearer a.b.c"),
        lambda client: client.session.headers.update(
            Authorization=f"Bearer {token(client.server, 'https://storage.azure.com')}"
        ),
    ],
    ids=["none", "unknown", "for storage"],
)
def test_only_tokens_for_arm_are_let_in(client: Client, spoil: Callable[[Client], object]) -> None:
    spoil(client)

    assert client.get(client.instance).status_code == 401


def test_expired_tokens_are_refused(simulator: Simulator, client: Client) -> None:
    simulator.expire_tokens()

    refused = client.get(client.instance)
    client.session.headers["Authorization"] = f"Bearer {token(client.server)}"

    assert refused.json()["error"]["code"] == "ExpiredAuthenticationToken"
    assert client.get(client.instance).status_code == 200


def test_a_token_for_storage_holds_what_azurite_looks_at(server: Server) -> None:
    payload = token(server, "https://storage.azure.com").split(".")[1]

    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))

    assert claims["aud"] == "https://storage.azure.com"
    assert claims["iss"].startswith("https://sts.windows.net/")
    assert claims["nbf"] <= datetime.now(UTC).timestamp() < claims["exp"]


def test_nobody_gets_a_token_without_the_header(server: Server) -> None:
    answer = requests.get(
        server.environment["IDENTITY_ENDPOINT"],
        params={"resource": server.url, "api-version": "2019-08-01"},
        timeout=HTTP_TIMEOUT,
    )

    assert answer.status_code == 401


# ---------------------------------------------------------------------------- what goes wrong


def test_an_answer_can_be_lost_after_the_restore_was_obeyed(
    simulator: Simulator, client: Client
) -> None:
    simulator.next("POST", "/restore", faults.lose_answer())

    with pytest.raises(requests.ConnectionError):
        client.restore()

    assert simulator.restores_of("disk-1-restored") == 1
    assert simulator.calls[-1].status is None


def test_a_reset_comes_before_the_restore_is_obeyed(simulator: Simulator, client: Client) -> None:
    simulator.next("POST", "/restore", faults.reset())

    with pytest.raises(requests.ConnectionError):
        client.restore()

    assert simulator.restores_of("disk-1-restored") == 0


def test_a_slow_answer_outlasts_its_client_and_is_obeyed(
    simulator: Simulator, client: Client
) -> None:
    simulator.next("POST", "/restore", faults.slow(60))
    body = client.body()

    with pytest.raises(requests.ReadTimeout):
        client.session.post(
            client.server.url + client.instance + "/restore",
            params={"api-version": VERSION},
            json=body,
            timeout=2,  # in which it is obeyed also on a busy machine
        )

    assert simulator.restores_of("disk-1-restored") == 1


def test_faults_are_consumed_in_order_and_then_over(simulator: Simulator, client: Client) -> None:
    simulator.next("GET", "/recoveryPoints", faults.status(503, "ServerBusy"), times=2)
    simulator.next("GET", "/recoveryPoints", faults.status(500))

    statuses = [client.get(f"{client.instance}/recoveryPoints").status_code for _ in range(4)]

    assert statuses == [503, 503, 500, 200]


def test_a_fault_can_last_until_it_is_removed(simulator: Simulator, client: Client) -> None:
    simulator.next("*", "*", faults.status(503), times=None)

    statuses = [client.get(client.instance).status_code for _ in range(5)]
    simulator.clear_faults()

    assert set(statuses) == {503}
    assert client.get(client.instance).status_code == 200


def test_a_star_stands_for_one_segment_of_a_path(simulator: Simulator, client: Client) -> None:
    simulator.next("GET", "/backupInstances/*", faults.status(504, "GatewayTimeout"))

    assert client.get(f"{client.instance}/recoveryPoints").status_code == 200
    assert client.get(client.instance).json()["error"]["code"] == "GatewayTimeout"


@pytest.mark.parametrize(
    ("wait", "header"),
    [
        (7, "7"),
        (datetime(2026, 3, 1, 12, 1, tzinfo=UTC), "Sun, 01 Mar 2026 12:01:00 GMT"),
        (None, None),
    ],
)
def test_throttling_says_when_to_come_back(
    simulator: Simulator, client: Client, wait: int | datetime | None, header: str | None
) -> None:
    simulator.next("GET", "/recoveryPoints", faults.throttle(retry_after=wait))

    answer = client.get(f"{client.instance}/recoveryPoints")

    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, header)
    assert answer.json()["error"]["code"] == "SubscriptionRequestsThrottled"


@pytest.mark.parametrize("kind", ["html", "empty", "cut", "list"])
def test_an_answer_can_be_garbage(
    simulator: Simulator, client: Client, kind: faults.Garbage
) -> None:
    simulator.next("GET", "/recoveryPoints", faults.garbage(kind))

    answer = client.get(f"{client.instance}/recoveryPoints")

    assert answer.status_code == 200
    assert not answer.text.endswith("]}")


def test_an_answer_can_end_before_it_said_it_would(simulator: Simulator, client: Client) -> None:
    simulator.next("GET", "/recoveryPoints", faults.garbage("short"))

    with pytest.raises(requests.RequestException):
        client.get(f"{client.instance}/recoveryPoints")


def test_a_call_can_be_redirected(simulator: Simulator, client: Client) -> None:
    simulator.next("GET", "/recoveryPoints", faults.redirect("https://elsewhere.example/"))

    answer = client.get(f"{client.instance}/recoveryPoints")

    assert (answer.status_code, answer.headers["Location"]) == (307, "https://elsewhere.example/")


def test_operation_urls_can_name_a_foreign_host(simulator: Simulator, client: Client) -> None:
    simulator.next("POST", "/restore", faults.foreign_operation("https://elsewhere.example"))

    accepted = client.restore()

    assert accepted.headers["Azure-AsyncOperation"].startswith("https://elsewhere.example/sub")
    assert simulator.restores_of("disk-1-restored") == 1


def test_a_202_can_lack_its_operation_url(simulator: Simulator, client: Client) -> None:
    simulator.next("POST", "/restore", faults.no_operation())

    accepted = client.restore()

    assert accepted.status_code == 202
    assert "Azure-AsyncOperation" not in accepted.headers
    assert "Location" in accepted.headers


def test_a_closed_server_refuses_and_comes_back_on_its_port(
    simulator: Simulator, client: Client
) -> None:
    client.server.close()

    with pytest.raises(requests.ConnectionError):
        client.get(client.instance)
    with simulator.serve(port=client.server.port):
        assert client.get(client.instance).status_code == 200


# ------------------------------------------------------------------- what it accuses clients of


def test_a_good_client_is_accused_of_nothing(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    validation = client.validate()
    clock.advance(VALIDATION)
    client.operation(validation)
    restore = client.restore()
    clock.advance(OPERATION)
    client.get(client.operation(restore)["properties"]["jobId"])

    assert simulator.accusations == []


def test_polling_before_retry_after_is_accused(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    accepted = client.validate()
    clock.advance(timedelta(seconds=4))
    client.operation(accepted)

    [accusation] = simulator.accusations
    assert "called 6.0 s before its Retry-After was over" in accusation


def test_calling_again_while_throttled_is_accused(simulator: Simulator, client: Client) -> None:
    simulator.next("GET", "/recoveryPoints", faults.throttle(retry_after=7))

    client.get(f"{client.instance}/recoveryPoints")
    client.get(f"{client.instance}/recoveryPoints")

    assert "before its Retry-After was over" in simulator.accusations[0]


@pytest.mark.parametrize("after", [timedelta(0), JOB], ids=["running", "succeeded"])
def test_a_second_restore_of_one_disk_is_accused(
    simulator: Simulator, client: Client, clock: ManualClock, after: timedelta
) -> None:
    client.restore()
    clock.advance(after)

    client.restore()

    assert "a second restore of disk-1-restored" in simulator.accusations[0]


def test_a_restore_after_one_that_failed_is_no_offence(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    simulator.script("disk-1-restored", job=[outcomes.fails("X")])
    client.restore()
    clock.advance(JOB)

    client.restore()

    assert simulator.accusations == []
    assert simulator.restores_of("disk-1-restored") == 2


@pytest.mark.parametrize(
    "rebuild",
    [
        lambda url: url.split("&t=")[0],
        lambda url: url.replace("==?", "%3D%3D?"),
        lambda url: url.replace("&t=", "&t=1"),
    ],
    ids=["unsigned", "re-encoded", "changed"],
)
def test_a_rebuilt_operation_url_is_accused_and_refused(
    simulator: Simulator, client: Client, clock: ManualClock, rebuild: Callable[[str], str]
) -> None:
    url = client.validate().headers["Azure-AsyncOperation"]
    clock.advance(VALIDATION)

    answer = client.get(rebuild(url))

    assert answer.status_code == 403
    assert "the operation URL was rebuilt" in simulator.accusations[0]


def test_a_call_without_an_api_version_is_accused(simulator: Simulator, client: Client) -> None:
    answer = client.session.get(client.server.url + client.instance, timeout=HTTP_TIMEOUT)

    assert answer.json()["error"]["code"] == "MissingApiVersionParameter"
    assert "without a known api-version" in simulator.accusations[0]


def test_a_call_without_a_token_is_accused(simulator: Simulator, client: Client) -> None:
    del client.session.headers["Authorization"]

    client.get(client.instance)

    assert "came without a token" in simulator.accusations[0]


def test_a_call_without_a_client_request_id_is_accused(
    simulator: Simulator, client: Client
) -> None:
    del client.session.headers["x-ms-client-request-id"]

    client.get(client.instance)

    assert "without x-ms-client-request-id" in simulator.accusations[0]


def test_a_call_that_does_not_exist_is_accused(simulator: Simulator, client: Client) -> None:
    answer = client.get(f"{client.vault}/backupPolicies")

    assert answer.status_code == 404
    assert "is no call of this service" in simulator.accusations[0]


def change(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def spoil(body: dict[str, Any]) -> None:
        *way, last = path.split(".")
        for name in way:
            body = body[name]
        body[last] = value

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        change("objectType", "ValidateRestoreRequestObject"),
        change("recoveryPointId", None),
        change("sourceDataStoreType", "VaultStore"),
        change("restoreTargetInfo", None),
        change("restoreTargetInfo.objectType", "restoreTargetInfo"),
        change("restoreTargetInfo.recoveryOption", "Overwrite"),
        change("restoreTargetInfo.restoreLocation", "northeurope"),
        change("restoreTargetInfo.datasourceInfo", []),
        change("restoreTargetInfo.datasourceInfo.resourceID", "disk-1"),
        change("restoreTargetInfo.datasourceInfo.resourceName", "other"),
        change("restoreTargetInfo.datasourceInfo.resourceUri", "/subscriptions/x"),
        change("restoreTargetInfo.datasourceInfo.resourceType", "Microsoft.Compute/snapshots"),
        change("restoreRequestObject", {}),
    ],
)
def test_a_wrong_body_is_accused_and_refused(
    simulator: Simulator, client: Client, spoil: Callable[[dict[str, Any]], None]
) -> None:
    body = client.body()
    spoil(body)

    answer = client.post(f"{client.instance}/restore", body)

    assert answer.status_code == 400
    assert answer.json()["error"]["additionalInfo"][0]["type"] == "UserFacingError"
    assert "wrong body" in simulator.accusations[0]
    assert simulator.jobs() == []


def test_a_recovery_point_beside_the_request_is_refused(
    simulator: Simulator, client: Client
) -> None:
    inner = client.body()
    beside = {"recoveryPointId": inner.pop("recoveryPointId"), "restoreRequestObject": inner}

    answer = client.post(f"{client.instance}/validateRestore", beside)

    assert answer.status_code == 400
    assert "beside restoreRequestObject" in simulator.accusations[0]


@pytest.mark.parametrize("spelling", ["resourceID", "resourceId"])
def test_both_spellings_of_the_resource_id_are_taken(client: Client, spelling: str) -> None:
    body = client.body()
    source = body["restoreTargetInfo"]["datasourceInfo"]
    source[spelling] = source.pop("resourceID")

    assert client.post(f"{client.instance}/restore", body).status_code == 202


# --------------------------------------------------------------------------- as a whole program


def test_many_clients_at_once_are_all_answered(simulator: Simulator, client: Client) -> None:
    body = client.body()

    def restore(number: int) -> int:
        one = restore_body(body["recoveryPointId"], target_id(f"disk-{number}"))
        return client.post(f"{client.instance}/restore", one).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(restore, range(64)))

    assert statuses == [202] * 64
    assert len(simulator.jobs()) == 64


def test_the_world_survives_the_end_of_its_simulator(tmp_path: Path, clock: ManualClock) -> None:
    state = StateFile(tmp_path / "world.json")
    first = Simulator(now=clock, state=state)
    first.script("disk-1-restored", job=outcomes.completes_with_warnings())
    with first.serve() as server:
        client = Client(server, first.protect("disk-1"))
        accepted = client.restore()

    second = Simulator(now=clock, state=state)
    clock.advance(JOB)
    with client.session, second.serve(port=server.port):
        operation = client.operation(accepted)

    assert operation["properties"]["jobId"] == second.jobs()[0].id
    assert second.jobs()[0].status == "CompletedWithWarnings"
    assert second.points(client.instance) == first.points(client.instance)
    assert second.accusations == []


def test_another_process_can_set_the_world_and_ask_what_happened(server: Server) -> None:
    def command(name: str, **words: Any) -> Any:
        url = f"{server.url}/simulator/{name}"
        return requests.post(url, json=words, timeout=HTTP_TIMEOUT).json()

    made = command("protect", disk="disk-7", points=[{"time": "2026-02-01T00:00:00Z"}])
    command("script", target="new", job=[{"outcome": "fails", "code": "X"}])
    command("deny", action="Microsoft.DataProtection/backupVaults/backupJobs/read")
    command("revoke-role", group=target_id("x").split("/providers")[0])
    command(
        "faults",
        method="GET",
        path="/backupInstances/*",
        fault={"fault": "throttle", "retry_after": 7},
    )
    client = Client(server, made["backupInstanceId"])
    with client.session:
        throttled = client.get(client.instance)
        denied = client.get(f"{client.vault}/backupJobs")
    command("start-restore", backupInstanceId=made["backupInstanceId"], target=target_id("new"))
    report = requests.get(f"{server.url}/simulator/report", timeout=HTTP_TIMEOUT).json()

    assert (throttled.status_code, denied.status_code) == (429, 403)
    assert len(made["recoveryPoints"]) == 1
    assert [job["target"] for job in report["jobs"]] == [target_id("new")]
    assert report["calls"] == {"GET backupInstances/*": 1, "GET backupJobs": 1}
    assert report["accusations"] == []


def test_a_wrong_command_is_told_what_is_wrong(server: Server) -> None:
    wrong = requests.post(f"{server.url}/simulator/protect", json={}, timeout=HTTP_TIMEOUT)
    unknown = requests.post(f"{server.url}/simulator/destroy", json={}, timeout=HTTP_TIMEOUT)

    assert (wrong.status_code, unknown.status_code) == (400, 404)
    assert "disk" in wrong.json()["error"]


def test_the_program_says_where_it_is_tells_no_secret_and_ends_cleanly() -> None:
    program = subprocess.Popen(
        [sys.executable, "-u", "-m", "simulator", "--protect", "disk-1", "--machine", "vm-1=data"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with program:
        assert program.stdout is not None
        greeting = [program.stdout.readline() for _ in range(7)]
        environment = dict(line.strip().split("=", 1) for line in greeting[4:])
        granted = requests.get(
            environment["IDENTITY_ENDPOINT"],
            params={"resource": environment["ARM_ENDPOINT"], "api-version": "2019-08-01"},
            headers={"X-IDENTITY-HEADER": environment["IDENTITY_HEADER"]},
            timeout=HTTP_TIMEOUT,
        ).json()
        requests.get(
            environment["ARM_ENDPOINT"] + greeting[0].split()[1],
            headers={"Authorization": f"Bearer {granted['access_token']}"},
            timeout=HTTP_TIMEOUT,
        )
        program.send_signal(signal.SIGTERM)
        said = program.stdout.read()

    assert program.returncode == 0
    assert [line.rsplit("/", 1)[-1][:7] for line in greeting[:3]] == [
        "disk-1-",
        "vm-1-os",
        "data-da",
    ]
    assert "GET /backupVaults/vault-1/backupInstances/disk-1" in said
    assert "BAD CLIENT" in said
    assert granted["access_token"] not in said


def test_points_can_be_of_any_kind(simulator: Simulator, clock: ManualClock) -> None:
    instance = simulator.protect("disk-2", points=[Point(time=clock())])

    simulator.add_point(instance, visible=False, state="PENDING", point_state="Partial")

    assert len(simulator.points(instance)) == 2
