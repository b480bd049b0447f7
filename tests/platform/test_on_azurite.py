"""The deployed app on real parts: function_app.py, DefaultAzureCredential, Azurite, HTTP.

Only Azure itself is simulated. Time is real here, so the simulated Azure is fast.
"""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.functions as func
import pytest
from azure.data.tables import TableServiceClient
from azure.identity import DefaultAzureCredential
from azure.storage.queue import QueueServiceClient

from local.azurite import Azurite
from local.host.direct_worker import DirectWorker
from local.host.queue_messages import incoming as queue_incoming
from local.host.timer_listener import incoming as timer_incoming
from local.host.triggers import QueueTrigger
from local.stack.settings import app_settings
from simulator import AT_ONCE, Pace, Simulator
from tests import builders

QUICK = Pace(
    validation=AT_ONCE,
    operation=AT_ONCE,
    job=AT_ONCE,
    validation_retry_after=1,
    operation_retry_after=1,
    poll_retry_after=1,
)

pytestmark = [pytest.mark.azurite, pytest.mark.timeout(120)]


class Deployment:
    """function_app.py in an environment, invoked as the host invokes it, one call at a time."""

    def __init__(self, settings: dict[str, str]) -> None:
        sys.modules.pop("function_app", None)
        import function_app  # noqa: PLC0415  fresh: it reads its settings once

        self.worker = DirectWorker(function_app.app, settings)
        self.by_name = {trigger.function: trigger for trigger in self.worker.triggers}
        self.tables: Any = None
        self.queues: Any = None

    def tick(self) -> None:
        self.worker.invoke(self.by_name["poll_restores"], timer_incoming(past_due=False))

    def call(self, function: str, *, within: float = 45) -> None:
        """Wait for a message on the queue, for as long as the app may leave a validation alone."""
        trigger = self.by_name[function]
        assert isinstance(trigger, QueueTrigger)
        queue = self.queues.get_queue_client(trigger.queue)
        end = datetime.now(UTC) + timedelta(seconds=within)
        while (message := queue.receive_message(visibility_timeout=60)) is None:
            assert datetime.now(UTC) < end, f"nothing came to {trigger.queue}"
        self.worker.invoke(trigger, queue_incoming(message))
        queue.delete_message(message)

    def send(self, **changes: Any) -> None:
        self.queues.get_queue_client("restore-requests").send_message(
            json.dumps(builders.fields(**changes))
        )

    def row(self) -> dict[str, Any]:
        return dict(self.tables.get_table_client("Restores").get_entity("r1", "restore"))

    def result(self) -> dict[str, Any]:
        (row,) = self.tables.get_table_client("RestoreResults").list_entities()
        return dict(row)


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(pace=QUICK)


@pytest.fixture
def deployment(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """The app with a connection string, on an Azurite of its own."""
    with Azurite() as azurite, simulator.serve() as server:
        settings = app_settings(azurite, server.environment)
        deployed = _deploy(settings, monkeypatch)
        deployed.tables = TableServiceClient.from_connection_string(azurite.connection_string)
        deployed.queues = QueueServiceClient.from_connection_string(azurite.connection_string)
        deployed.tick()
        yield deployed
    sys.modules.pop("function_app", None)


def _deploy(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Deployment:
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "RestoreStorage"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return Deployment(settings)


@pytest.mark.usefixtures("azurite")
def test_accept_restore_records_the_request_and_takes_the_first_step(
    deployment: Deployment, simulator: Simulator
) -> None:
    deployment.send(backupInstanceId=simulator.protect("disk-1"))

    deployment.call("accept_restore")

    row = deployment.row()
    assert row["status"] == "Validating"
    assert row["requestedAt"] <= row["acceptedAt"]
    assert [call.method for call in simulator.calls] == ["GET", "GET", "POST"]
    assert len(simulator.identity_calls) == 1


@pytest.mark.usefixtures("azurite")
def test_advance_restore_takes_a_restore_from_its_validation_to_its_job(
    deployment: Deployment, simulator: Simulator
) -> None:
    deployment.send(backupInstanceId=simulator.protect("disk-1"))
    deployment.call("accept_restore")

    deployment.call("advance_restore")
    assert deployment.row()["status"] == "Restoring"
    deployment.call("advance_restore")

    row = deployment.row()
    assert row["status"] == "Running"
    assert row["jobId"]
    assert "operationUrl" not in row


@pytest.mark.usefixtures("azurite")
def test_poll_restores_sees_the_job_s_end_and_writes_the_result(
    deployment: Deployment, simulator: Simulator
) -> None:
    deployment.send(backupInstanceId=simulator.protect("disk-1"))
    deployment.call("accept_restore")
    deployment.call("advance_restore")
    deployment.call("advance_restore")
    due = deployment.row()["dueAt"]

    while datetime.now(UTC) < due:
        deployment.tick()
    deployment.tick()

    assert deployment.result()["status"] == "Completed"
    assert simulator.restores_of("disk-1-restored") == 1
    assert simulator.accusations == []
    for table in ("OutstandingRestores", "TargetLocks"):
        assert list(deployment.tables.get_table_client(table).list_entities()) == []


@pytest.mark.usefixtures("azurite_with_tokens")
def test_the_app_runs_without_any_connection_string(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Storage over https with tokens of the managed identity, and a certificate of its own."""
    with Azurite(oauth=True) as azurite, simulator.serve() as server:
        assert azurite.certificate is not None
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(azurite.certificate.authority))
        settings = {
            "RestoreStorage__queueServiceUri": azurite.queue_endpoint,
            "RestoreStorage__tableServiceUri": azurite.table_endpoint,
            "RestoreStorage__credential": "managedidentity",
            "RESTORE_ALLOW": "* => *",
            **server.environment,
        }
        deployed = _deploy(settings, monkeypatch)
        credential = DefaultAzureCredential()
        deployed.tables = TableServiceClient(azurite.table_endpoint, credential=credential)
        deployed.queues = QueueServiceClient(azurite.queue_endpoint, credential=credential)
        deployed.tick()
        deployed.send(backupInstanceId=simulator.protect("disk-1"), validateOnly=True)

        deployed.call("accept_restore")
        deployed.call("advance_restore")

        assert deployed.result()["status"] == "Validated"
        resources = {call.query["resource"] for call in simulator.identity_calls}
        assert resources == {server.url, "https://storage.azure.com"}
    sys.modules.pop("function_app", None)


def test_the_six_functions_are_bound_as_the_host_must_find_them() -> None:
    import function_app  # noqa: PLC0415

    bindings = {
        str(function.get_function_name()): function.get_bindings_dict()["bindings"]
        for function in function_app.app.get_functions()
    }

    assert {name: len(bound) for name, bound in bindings.items()} == {
        "accept_restore": 1,
        "advance_restore": 1,
        "poll_restores": 1,
        "get_restore": 2,
        "list_restores": 2,
        "summarise_restores": 2,
        "doctor": 2,
    }
    accept, advance = bindings["accept_restore"][0], bindings["advance_restore"][0]
    assert (accept["type"], accept["queueName"], accept["connection"]) == (
        "queueTrigger",
        "restore-requests",
        "RestoreStorage",
    )
    assert (advance["queueName"], advance["connection"]) == ("restore-steps", "RestoreStorage")
    timer = bindings["poll_restores"][0]
    assert (timer["type"], timer["schedule"]) == ("timerTrigger", "%RESTORE_POLL_SCHEDULE%")
    routes = {
        "get_restore": "restores/{requestId}",
        "list_restores": "restores",
        "summarise_restores": "summary",
        "doctor": "doctor",
    }
    for name, route in routes.items():
        http, answer = bindings[name]
        assert (http["type"], http["route"]) == ("httpTrigger", route)
        assert [method.value for method in http["methods"]] == ["GET"]
        assert http["authLevel"] is func.AuthLevel.FUNCTION
        assert (answer["type"], answer["name"]) == ("http", "$return")


def test_importing_the_app_needs_no_setting_and_connects_to_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("RestoreStorage", "RESTORE_ALLOW", "RESTORE_POLL_SCHEDULE", "ARM_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    sys.modules.pop("function_app", None)

    import function_app  # noqa: PLC0415

    assert isinstance(function_app.app, func.FunctionApp)
    with ThreadPoolExecutor(1) as pool, pytest.raises(Exception, match="RestoreStorage is missing"):
        pool.submit(function_app.engine).result()
