"""The simulator: what it does, and how its restores end."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests

from simulator import AfterReads, Pace, Point, Server, Simulator, outcomes
from simulator.outcomes import Outcome
from tests.platform.simulator_client import (
    HTTP_TIMEOUT,
    JOB,
    OPERATION,
    VALIDATION,
    Client,
    ManualClock,
    target_id,
    token,
)


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


def test_points_can_be_of_any_kind(simulator: Simulator, clock: ManualClock) -> None:
    instance = simulator.protect("disk-2", points=[Point(time=clock())])

    simulator.add_point(instance, visible=False, state="PENDING", point_state="Partial")

    assert len(simulator.points(instance)) == 2
