"""What other senders put on the queue, through the whole app: it restores, or says why not."""

from collections.abc import Iterator
from typing import Any

import pytest

from restore_core.contract.resource_ids import BackupVaultId
from simulator.faults import status
from tests import builders, envelopes
from tests.world import World

GROUP = f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/rg-prod"
ALLOW = f"{builders.ALLOW}; /subscriptions/{builders.SUBSCRIPTION} => {GROUP}"
VAULT = f"{GROUP}/providers/Microsoft.DataProtection/backupVaults/vault-1"
RULES = {"default_vault": BackupVaultId.parse(VAULT), "restores_deleted_disks": True}

RESTORING = {
    "a metric alert": (envelopes.an_alert(), "alert"),
    "a log alert with its properties in the context": (
        envelopes.an_alert(None, context={"properties": envelopes.PROPERTIES}),
        "alert",
    ),
    "an alert on the vault about the disk": (
        envelopes.an_alert(
            alertTargetIDs=[envelopes.RECOVERY_VAULT],
            context={"linkedResourceId": envelopes.DISK},
        ),
        "alert",
    ),
    "an alert on the activity log": (envelopes.an_activity_alert(), "alert"),
    "an alert on the disk's health": (envelopes.a_health_alert(), "alert"),
    "an alert with properties for others, too": (
        envelopes.an_alert(
            {**envelopes.PROPERTIES, "AlertReason": "x", "resourceGroup": "y", "resourceId": "z"}
        ),
        "alert",
    ),
    "a CloudEvent": (envelopes.a_cloud_event(), "cloudEvent"),
    "an Event Grid event": (envelopes.a_grid_event(), "eventGrid"),
    "a batch of one CloudEvent": ([envelopes.a_cloud_event()], "cloudEvent"),
    "a list of one Event Grid event": ([envelopes.a_grid_event()], "eventGrid"),
    "a deleted disk": (envelopes.a_deletion(), "deletedDisk"),
    "a deleted disk as CloudEvent": (envelopes.a_deletion_as_cloud_event(), "deletedDisk"),
    "a notification of a deleted disk": (envelopes.a_notification(), "deletedDisk"),
    "the same as CloudEvent": (envelopes.a_notification_as_cloud_event(), "deletedDisk"),
}
IGNORED = {
    "an alert resolved": envelopes.an_alert(monitorCondition="Resolved"),
    "a deletion that has only started": envelopes.an_activity_alert(context={"status": "Started"}),
    "a deletion that failed": envelopes.an_activity_alert(context={"status": "Failed"}),
    "a disk that is well again": envelopes.a_health_alert("Resolved"),
    "a deleted machine": envelopes.a_deletion(envelopes.MACHINE),
    "another event of Azure": envelopes.a_grid_event(
        eventType="Microsoft.Resources.ResourceWriteSuccess", data=envelopes.deletion_data()
    ),
}
REJECTED = {
    "an alert on a machine": (
        envelopes.an_alert(alertTargetIDs=[envelopes.MACHINE]),
        ("wcus-r2-gen2", "sourceDiskId", "custom properties"),
    ),
    "an alert of Azure Backup about a machine": (
        envelopes.a_backup_alert(envelopes.PROPERTIES),
        ("vm-sql-prod-02", "custom properties"),
    ),
    "an alert on a workspace": (
        envelopes.an_alert(alertTargetIDs=[envelopes.WORKSPACE]),
        ("logs-1", "custom properties"),
    ),
    "a Zabbix event": (envelopes.ZABBIX, ("'title'", "no envelope that is known")),
    "several events": ([envelopes.a_grid_event()] * 2, ("a list of 2",)),
    "several CloudEvents": ([envelopes.a_cloud_event()] * 2, ("a list of 2", "of its own")),
}


@pytest.fixture
def world() -> Iterator[World]:
    """A vault with the disk that the envelopes are about, which is not there any more."""
    with World(allow=ALLOW, rules=RULES) as world:
        world.protect("disk-0")
        world.protect("disk-1")
        world.simulator.remove_disk(envelopes.DISK)
        yield world


def only_result(world: World) -> dict[str, Any]:
    (row,) = world.rows("RestoreResults")
    return row


@pytest.mark.parametrize(
    "encoded",
    [
        envelopes.sent,
        envelopes.sent_in_base64,
        envelopes.sent_in_base64_twice,
        envelopes.sent_in_url_safe_utf_16,
    ],
)
@pytest.mark.parametrize("name", RESTORING)
def test_an_envelope_restores_its_disk(world: World, name: str, encoded: Any) -> None:
    envelope, origin = RESTORING[name]

    world.send(encoded(envelope))
    world.run()

    row = only_result(world)
    assert (row["status"], row["origin"]) == ("Completed", origin)
    assert row["sourceDiskId"].lower() == envelopes.DISK.lower()
    expected = GROUP if origin == "deletedDisk" else builders.TARGET_GROUP
    assert row["targetDiskId"].rpartition("/providers/")[0] == expected


@pytest.mark.parametrize("name", RESTORING)
def test_an_envelope_delivered_again_has_no_effect(world: World, name: str) -> None:
    envelope, _ = RESTORING[name]
    for _ in range(3):
        world.send(envelopes.sent(envelope))
    world.run()

    world.send(envelopes.sent_in_base64(envelope))
    world.run()

    assert only_result(world)["status"] == "Completed"
    assert len(world.arm_calls("POST", "/restore")) == 1


def test_a_deleted_disk_comes_back_under_its_own_name(world: World) -> None:
    world.send(envelopes.sent(envelopes.a_deletion()))
    world.run()

    assert only_result(world)["targetDiskId"] == envelopes.DISK


@pytest.mark.parametrize("name", IGNORED)
def test_what_asks_for_nothing_is_written_down_and_starts_nothing(world: World, name: str) -> None:
    world.send(envelopes.sent(IGNORED[name]))
    world.run()

    row = only_result(world)
    assert (row["status"], row["errorCode"]) == ("Ignored", "NothingAsked")
    assert row["errorMessage"]
    assert world.simulator.calls == []
    assert world.rows("Restores") == []
    assert world.queue("restore-events").messages == []


@pytest.mark.parametrize("name", REJECTED)
def test_what_does_not_say_which_disk_is_refused_with_what_to_do(world: World, name: str) -> None:
    envelope, told = REJECTED[name]

    world.send(envelopes.sent(envelope))
    world.run()

    row = only_result(world)
    assert (row["status"], row["errorCode"]) == ("Rejected", "MalformedRequest")
    assert all(part in row["errorMessage"] for part in told), row["errorMessage"]
    assert world.simulator.calls == []


def test_a_resolved_alert_is_found_beside_the_restore_of_its_firing(world: World) -> None:
    world.send(envelopes.sent(envelopes.an_alert()))
    world.send(envelopes.sent(envelopes.an_alert(monitorCondition="Resolved")))
    world.run()

    rows = world.rows("RestoreResults")
    assert {row["status"] for row in rows} == {"Ignored", "Completed"}
    assert len({row["requestId"] for row in rows}) == 1


def test_a_deleted_disk_stays_deleted_where_the_setting_is_off(world: World) -> None:
    world.deploy(restores_deleted_disks=False)

    world.send(envelopes.sent(envelopes.a_deletion()))
    world.run()

    row = only_result(world)
    assert (row["status"], row["errorCode"]) == ("Rejected", "DeletedDisksNotRestored")
    assert "RESTORE_DELETED_DISKS" in row["errorMessage"]
    assert world.simulator.calls == []


def test_deleted_disks_stay_deleted_from_the_moment_the_setting_is_off(world: World) -> None:
    world.send(envelopes.sent(envelopes.a_deletion()))
    world.run(until=lambda: bool(world.arm_calls("POST", "/validateRestore")))
    world.deploy(restores_deleted_disks=False)

    world.run()

    assert only_result(world)["errorCode"] == "DeletedDisksNotRestored"
    assert world.arm_calls("POST", "/restore") == []


def test_a_deleted_disk_stays_deleted_where_no_rule_pairs_it_with_itself(world: World) -> None:
    world.allow = builders.ALLOW
    world.deploy()

    world.send(envelopes.sent(envelopes.a_deletion()))
    world.run()

    assert only_result(world)["errorCode"] == "NotAllowed"
    assert world.simulator.calls == []


# ------------------------------------------------------------------- a disk for its instance


def by_disk(world: World, **changes: Any) -> dict[str, Any]:
    world.send(backupInstanceId=..., **{"sourceDiskId": envelopes.DISK, **changes})
    world.run()
    return world.result(changes.get("requestId", "r1"))


def test_a_disk_stands_in_for_its_instance_in_the_vault_that_is_named(world: World) -> None:
    world.deploy(default_vault=None)

    row = by_disk(world, vaultId=VAULT)

    assert row["status"] == "Completed"
    assert row["backupInstanceId"].startswith(f"{VAULT}/backupInstances/disk-1-")


def test_a_disk_is_found_whatever_the_case_of_its_id(world: World) -> None:
    assert by_disk(world, sourceDiskId=envelopes.DISK.upper())["status"] == "Completed"


def test_a_disk_without_any_vault_is_refused(world: World) -> None:
    world.deploy(default_vault=None)

    row = by_disk(world)

    assert (row["status"], row["errorCode"]) == ("Rejected", "NoVault")
    assert world.simulator.calls == []


def test_a_disk_without_any_vault_is_looked_for_in_all_that_rules_name(world: World) -> None:
    second = world.protect("disk-7", vault="vault-2")
    vaults = (VAULT, second.partition("/backupInstances/")[0])
    world.allow = "; ".join(f"{vault} => {builders.TARGET_GROUP}" for vault in vaults)
    world.deploy(default_vault=None)

    row = by_disk(world, sourceDiskId=world.simulator.source_disk(second))

    assert (row["status"], row["backupInstanceId"]) == ("Completed", second)


def test_a_disk_that_the_vault_does_not_protect_is_refused(world: World) -> None:
    row = by_disk(world, sourceDiskId=builders.disk("disk-9", GROUP))

    assert (row["status"], row["errorCode"]) == ("Rejected", "DiskNotProtected")
    assert "az dataprotection backup-instance list" in row["recommendedAction"]


def test_a_disk_with_several_instances_is_refused_and_they_are_named(world: World) -> None:
    stage: Any = world.simulator
    first = world.protect("disk-1")
    instances = stage.world.instances
    twin = instances[first.lower()]
    instances[f"{first}-twin".lower()] = type(twin)(**{**vars(twin), "id": f"{first}-twin"})

    row = by_disk(world)

    assert (row["status"], row["errorCode"]) == ("Rejected", "SeveralBackupInstances")
    assert first.rpartition("/")[2] in row["errorMessage"]


def test_an_instance_whose_name_can_be_none_is_waited_for(world: World) -> None:
    stage: Any = world.simulator
    first = world.protect("disk-1")
    odd = f"{first.rpartition('/')[0]}/..%2f"
    twin = stage.world.instances.pop(first.lower())
    stage.world.instances[odd.lower()] = type(twin)(**{**vars(twin), "id": odd})

    world.send(backupInstanceId=..., sourceDiskId=envelopes.DISK)
    world.deliver()

    (row,) = world.rows("Restores")
    assert (row["status"], row["errorCode"]) == ("Accepted", "OddAnswer")


def test_a_vault_that_is_not_there_is_told_with_both_ways_to_name_one(world: World) -> None:
    world.simulator.habits.graph = "forbidden"
    world.simulator.next("GET", "/backupInstances", status(404, "ResourceNotFound"))

    row = by_disk(world)

    assert (row["status"], row["errorCode"]) == ("Rejected", "ResourceNotFound")
    assert all(way in row["recommendedAction"] for way in ("vaultId", "RESTORE_DEFAULT_VAULT"))


def test_a_list_that_cannot_be_read_is_asked_for_again(world: World) -> None:
    world.simulator.habits.graph = "empty"
    world.simulator.next("GET", "/backupInstances", status(503, "ServiceUnavailable"))

    assert by_disk(world)["status"] == "Completed"


def test_a_target_that_no_rule_allows_costs_no_look_at_the_vault(world: World) -> None:
    other = f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/rg-public"

    row = by_disk(world, targetDiskId=builders.disk("d", other))

    assert row["errorCode"] == "NotAllowed"
    assert world.simulator.calls == []


def test_a_rule_for_one_instance_lets_its_disk_be_looked_up_and_no_other(world: World) -> None:
    world.allow = f"{world.protect('disk-1')} => {builders.TARGET_GROUP}"
    world.deploy()

    allowed = by_disk(world)
    refused = by_disk(
        world, requestId="r2", sourceDiskId=world.simulator.source_disk(world.protect("disk-0"))
    )

    assert allowed["status"] == "Completed"
    assert refused["errorCode"] == "NotAllowed"


# ----------------------------------------------------------------------------- what it costs


def calls_of(envelope: Any, **habits: Any) -> list[str]:
    with World(allow=ALLOW, rules=RULES, **habits) as world:
        world.protect("disk-1")
        world.simulator.remove_disk(envelopes.DISK)
        world.send(envelopes.sent(envelope))
        world.run()
        assert only_result(world)["status"] == "Completed"
        return [f"{call.method} {call.path.rpartition('/')[2]}" for call in world.simulator.calls]


@pytest.mark.parametrize("name", RESTORING)
def test_an_envelope_costs_a_call_or_two_more_than_a_message_with_an_instance(name: str) -> None:
    """The query; its row is confirmed by the GET that a message with an instance makes too.

    And the query for the machine that the disk is attached to, unless the disk is gone.
    """
    with World() as world:
        world.restore(world.protect("disk-1"))
        native = len(world.simulator.calls)

    more = 1 if RESTORING[name][1] == "deletedDisk" else 2
    assert len(calls_of(RESTORING[name][0])) == native + more


def test_without_the_graph_a_looked_up_disk_costs_a_call_for_each_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with World(allow=ALLOW, rules=RULES, page_size=100, graph="empty") as world:
        for number in range(250):
            world.protect(f"disk-{number}")
        world.send(envelopes.sent(envelopes.an_alert()))
        world.run()

        pages = world.arm_calls("GET", "/backupInstances")
        listed = [call for call in pages if call.path.endswith("/backupInstances")]
        with capsys.disabled():
            print(f"\nPages read for one disk among 250 instances: {len(listed)}")
        assert only_result(world)["status"] == "Completed"
        assert len(listed) == 3
