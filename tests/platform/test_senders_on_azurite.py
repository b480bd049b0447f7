"""Real payloads of other senders, through function_app.py on Azurite and the simulated Azure."""

import json
from typing import Any

import pytest

from simulator import Simulator
from tests import builders, envelopes
from tests.platform.test_on_azurite import Deployment, deployment, simulator

__all__ = ["deployment", "simulator"]

pytestmark = [pytest.mark.azurite, pytest.mark.timeout(120)]

SOURCE = builders.disk("disk-{}", f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/rg-prod")


def payload(number: int, make: Any) -> tuple[str, Any]:
    """Return the disk of this number, and an envelope that is about it."""
    disk = SOURCE.format(number)
    return disk, json.loads(json.dumps(make()).replace(envelopes.DISK, disk).replace(
        envelopes.DISK.lower(), disk.lower()))  # fmt: skip


RESTORING = {
    "alert": envelopes.an_alert,
    "alert with its properties in the context": lambda: envelopes.an_alert(
        None, context={"properties": envelopes.PROPERTIES}, alertId="/alerts/2"
    ),
    "alert on the activity log": lambda: envelopes.an_activity_alert(alertId="/alerts/5"),
    "CloudEvent": envelopes.a_cloud_event,
    "Event Grid event": envelopes.a_grid_event,
    "list of one event": lambda: [envelopes.a_grid_event(id="another")],
    "deleted disk": envelopes.a_deletion,
    "deleted disk as CloudEvent": envelopes.a_deletion_as_cloud_event,
    "notification of a deleted disk": envelopes.a_notification_as_cloud_event,
}
ENCODED = (
    envelopes.sent,
    envelopes.sent_in_base64,
    envelopes.sent_in_base64_twice,
    envelopes.sent_in_url_safe_utf_16,
)
NOT_RESTORING = {
    "Ignored": [
        envelopes.an_alert(monitorCondition="Resolved", alertId="/alerts/3"),
        envelopes.an_activity_alert(context={"status": "Failed"}, alertId="/alerts/6"),
    ],
    "Rejected": [
        envelopes.an_alert(alertTargetIDs=[envelopes.MACHINE], alertId="/alerts/4"),
        envelopes.a_backup_alert(envelopes.PROPERTIES),
        envelopes.ZABBIX,
    ],
}


def send(deployment: Deployment, body: bytes) -> None:
    deployment.queues.get_queue_client("restore-requests").send_message(body.decode())


def results(deployment: Deployment) -> list[dict[str, Any]]:
    found = deployment.tables.get_table_client("RestoreResults").list_entities()
    return [dict(row) for row in found]


def events(deployment: Deployment) -> list[dict[str, Any]]:
    queue = deployment.queues.get_queue_client("restore-events")
    received = queue.receive_messages(messages_per_page=32, visibility_timeout=60)
    return [json.loads(message.content) for message in received]


@pytest.fixture
def vault(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """The vault of the settings, which an app reads once: before it is deployed."""
    vault = simulator.protect("disk-0").partition("/backupInstances/")[0]
    monkeypatch.setenv("RESTORE_DEFAULT_VAULT", vault)
    monkeypatch.setenv("RESTORE_DELETED_DISKS", "true")
    return vault


@pytest.mark.usefixtures("azurite", "vault")
def test_each_real_payload_does_what_it_should_on_the_real_storage(
    simulator: Simulator, deployment: Deployment
) -> None:
    for number, make in enumerate(RESTORING.values()):
        disk, envelope = payload(number, make)
        simulator.protect(disk)
        simulator.remove_disk(disk)
        send(deployment, ENCODED[number % len(ENCODED)](envelope))
    for refused in NOT_RESTORING.values():
        for envelope in refused:
            send(deployment, envelopes.sent(envelope))
    whole = len(RESTORING) + sum(map(len, NOT_RESTORING.values()))

    for _ in range(whole):
        deployment.call("accept_restore")
    for _ in range(2 * len(RESTORING)):
        deployment.call("advance_restore")
    while len(results(deployment)) < whole:
        deployment.tick()

    found = results(deployment)
    statuses = sorted(row["status"] for row in found)
    assert statuses == ["Completed"] * len(RESTORING) + ["Ignored"] * 2 + ["Rejected"] * 3
    origins = {row["origin"] for row in found if row["status"] == "Completed"}
    assert origins == {"alert", "cloudEvent", "eventGrid", "deletedDisk"}
    assert all(row["errorMessage"] for row in found if row["status"] != "Completed")
    told = [event["type"].split(".")[-2] for event in events(deployment)]
    assert sorted(told) == ["completed"] * len(RESTORING) + ["rejected"] * 3
    assert simulator.accusations == []
