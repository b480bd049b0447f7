"""The simulator against what was recorded of Azure."""

from datetime import timedelta
from typing import Any

import pytest

from simulator import Simulator, faults
from tests.platform.simulator_client import (
    JOB,
    OPERATION,
    VALIDATION,
    Client,
    ManualClock,
    target_id,
)
from tests.recordings import load


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
