"""What the simulator accuses its clients of."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from simulator import Simulator, faults, outcomes
from tests.platform.simulator_client import (
    HTTP_TIMEOUT,
    JOB,
    OPERATION,
    VALIDATION,
    Client,
    ManualClock,
)


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
