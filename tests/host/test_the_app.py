"""The app on the local host and on the platform's own: each function, a restore, the key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from local.host_process import HostProcess
from local.real_host import PROJECT
from local.stack.settings import app_settings
from simulator import Pace, Simulator
from tests.host.witness import ask, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from local.azurite import Azurite
    from local.host_process import Kind

pytestmark = [pytest.mark.azurite, pytest.mark.host, pytest.mark.timeout(300)]

LONG_ENOUGH = 180.0  # seconds for a restore on a loaded machine; alone it takes twenty
FUNCTIONS = [
    "accept_restore",
    "advance_restore",
    "doctor",
    "get_restore",
    "list_restores",
    "poll_restores",
    "summarise_restores",
]
QUICK = Pace(scale=30, validation_retry_after=1, operation_retry_after=1, poll_retry_after=1)


class App(NamedTuple):
    """The app on a host, after one restore has gone all its way."""

    host: HostProcess
    simulator: Simulator
    tables: TableServiceClient
    queues: QueueServiceClient


@pytest.fixture(scope="module")
def app(
    kind: Kind, azurite: object, storage: Azurite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    del azurite  # which says whether Azurite can be started here at all
    simulator = Simulator(pace=QUICK)
    with simulator.serve() as server:
        settings = {
            **app_settings(storage, server.environment),
            "AzureFunctionsWebHost__hostid": f"app-on-{kind.name}",
            "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:01",
            "RESTORE_POLL_SCHEDULE": "*/2 * * * * *",
            "RESTORE_EVENTS": "all",
        }
        logs = tmp_path_factory.mktemp(kind.name)
        host = HostProcess(kind, PROJECT, settings, logs=logs, name=kind.name)
        app = App(
            host,
            simulator,
            TableServiceClient.from_connection_string(storage.connection_string),
            QueueServiceClient.from_connection_string(storage.connection_string),
        )
        try:
            host.start()
            _restore(app, f"on-{kind.name}")
            yield app
        finally:
            host.kill()


def test_a_message_becomes_a_disk_a_row_and_its_events(app: App) -> None:
    request_id = f"on-{app.host.kind.name}"

    row = _row(app, request_id)
    told = sorted(_events(app, request_id), key=lambda event: event["sequence"])

    assert row["status"] == "Completed"
    assert [event["type"].split(".")[2] for event in told] == [
        "accepted",
        "validating",
        "restoring",
        "completed",
    ]
    assert [int(event["sequence"]) for event in told] == [1, 2, 3, 4]
    assert app.simulator.restores_of(f"restored-{request_id}") == 1
    assert app.simulator.accusations == []


def test_every_function_was_found_and_called(app: App) -> None:
    _get(app, "/restores")
    _get(app, "/doctor")
    _get(app, "/summary")
    _get(app, f"/restores/on-{app.host.kind.name}")

    if app.host.kind.name == "real":
        assert sorted(one["name"] for one in app.host.ask("functions")) == FUNCTIONS
        wait_until(lambda: _unsuccessful(app.host.log()) == [], app.host.log)
        assert "(Failed" not in app.host.log()


def test_a_receiver_with_the_key_is_answered(app: App) -> None:
    request_id = f"on-{app.host.kind.name}"

    one, many, nobody = (
        _get(app, path) for path in (f"/restores/{request_id}", "/restores", "/restores/nobody")
    )

    assert (one.status_code, one.headers["Content-Type"]) == (200, "application/json")
    assert (one.json()["status"], one.json()["ended"]) == ("Completed", True)
    listed = [row for row in many.json()["value"] if row["requestId"] == request_id]
    assert [{**one.json(), **row} for row in listed] == [one.json()]
    assert (nobody.status_code, nobody.json()["code"]) == (404, "NoSuchRestore")
    assert nobody.headers["Content-Type"] == "application/problem+json"


def test_a_receiver_without_the_key_is_told_nothing(app: App) -> None:
    for headers in ({}, {"x-functions-key": "another"}):
        got = ask(app.host, "/api/restores", headers=headers)
        assert (got.status_code, got.content) == (401, b"")
    assert ask(app.host, "/api/restores", headers={}).status_code == 401


def test_the_key_stands_in_no_log(app: App) -> None:
    assert ask(app.host, "/api/restores?code=function-key", headers={}).status_code == 200

    assert "code=function-key" not in app.host.log()


def _restore(app: App, request_id: str) -> None:
    """Send a request and wait until its result stands and its end is told, which comes after."""
    instance = app.simulator.protect(f"disk-{request_id}")
    body = {
        "requestId": request_id,
        "backupInstanceId": instance,
        "targetResourceGroupId": instance.partition("/providers/")[0] + "-restored",
        "targetDiskName": f"restored-{request_id}",
    }
    queue = app.queues.get_queue_client("restore-requests")
    wait_until(lambda: _is_there(queue), app.host.log)
    queue.send_message(json.dumps(body))
    wait_until(lambda: _row(app, request_id), app.host.log, LONG_ENOUGH)
    wait_until(lambda: _is_told(app, request_id), app.host.log)


def _is_told(app: App, request_id: str) -> bool:
    return any(".completed." in event["type"] for event in _events(app, request_id))


def _is_there(queue: Any) -> bool:
    try:
        queue.get_queue_properties()
    except ResourceNotFoundError:
        return False
    return True


def _row(app: App, request_id: str) -> dict[str, Any]:
    rows = app.tables.get_table_client("RestoreResults").list_entities()
    return next((dict(row) for row in rows if row["RowKey"] == request_id), {})


def _events(app: App, request_id: str) -> list[dict[str, Any]]:
    messages = app.queues.get_queue_client("restore-events").peek_messages(max_messages=32)
    events = [json.loads(message.content) for message in messages]
    return [event for event in events if event["subject"] == request_id]


def _get(app: App, path: str) -> requests.Response:
    return ask(app.host, f"/api{path}")


def _unsuccessful(log: str) -> list[str]:
    return [name for name in FUNCTIONS if f"Executed 'Functions.{name}' (Succ" not in log]
