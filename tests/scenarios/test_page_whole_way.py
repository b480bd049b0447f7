"""Each sender of docs/senders.md, the whole way: its message in, a restored disk and a row out."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from restore_core.contract.resource_ids import BackupVaultId
from restore_core.engine.columns import as_json
from tests import senders_page as page
from tests.scenarios.test_receivers import look, told
from tests.senders_page import DISK, SUBSCRIPTION, only
from tests.workflow import Outside, Run
from tests.world import World

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod"
VAULT = f"{GROUP}/providers/Microsoft.DataProtection/backupVaults/vault-1"
SENT = page.sent_by_each()
DELETIONS = ("deleted disk", "notification")


@pytest.fixture
def world() -> Iterator[World]:
    with World(
        allow=f"{VAULT} => /subscriptions/{SUBSCRIPTION}",
        rules={"default_vault": BackupVaultId.parse(VAULT), "restores_deleted_disks": True},
    ) as world:
        yield world


def protect(world: World) -> str:
    return world.simulator.protect("disk-sql-data", subscription=SUBSCRIPTION)


@pytest.mark.parametrize("sender", sorted(set(SENT) - {"native 0", *DELETIONS}))
def test_what_a_sender_puts_on_the_queue_restores_the_disk(world: World, sender: str) -> None:
    protect(world)

    world.send(SENT[sender].encode())
    world.run()

    (row,) = world.rows("RestoreResults")
    assert row["status"] == "Completed", row
    assert row["sourceDiskId"] == DISK
    assert (
        row["targetDiskId"]
        .rpartition("/")[0]
        .endswith("rg-restored/providers/Microsoft.Compute/disks")
    )


def test_the_backup_instance_that_is_named_is_restored_to_the_name_that_is_sent(
    world: World,
) -> None:
    message = json.loads(SENT["native 0"])
    instance = protect(world)

    world.send(
        json.dumps({**message, "backupInstanceId": instance, "pointInTime": "latest"}).encode()
    )
    world.run()

    assert world.result(message["requestId"])["targetDiskId"].endswith("/disk-sql-data-restored")


@pytest.mark.parametrize("deletion", DELETIONS)
def test_a_disk_that_was_deleted_comes_back_under_its_own_id(world: World, deletion: str) -> None:
    protect(world)
    world.simulator.world.disks.pop(DISK.lower())

    world.send(SENT[deletion].encode())
    world.run()

    (row,) = world.rows("RestoreResults")
    assert (row["status"], row["targetDiskId"]) == ("Completed", DISK)


def test_a_deletion_that_both_of_azure_s_events_tell_is_restored_once(world: World) -> None:
    protect(world)
    world.simulator.world.disks.pop(DISK.lower())

    for deletion in DELETIONS:
        world.send(SENT[deletion].encode())
    world.run()

    rows = world.rows("RestoreResults")
    assert sorted(row["status"] for row in rows) == ["Completed", "Rejected"]
    assert len(world.arm_calls("POST", "/restore")) == 1


def test_an_alert_that_is_resolved_is_ignored(world: World) -> None:
    alert: dict[str, Any] = only("json", "sender=alert").json
    alert["data"]["essentials"]["monitorCondition"] = "Resolved"

    world.send(page.sent_by("workflow=forward", alert)[0].encode())
    world.run(minutes=1)

    assert world.refused_message()["status"] == "Ignored"


# ------------------------------------------------------------------------------ the bad day


@pytest.fixture
def machine(world: World) -> str:
    """Have the page's machine, with an OS disk and two data disks, protected."""
    data = ("disk-sql-data", "disk-sql-log")
    machine = world.simulator.add_machine(
        "vm-sql", data_disks=data, group="rg-prod", subscription=SUBSCRIPTION
    )
    for disk in world.simulator.disks_of(machine):
        world.simulator.protect(disk.rpartition("/")[2], subscription=SUBSCRIPTION)
    return machine


def set_of(world: World, message: str) -> dict[str, Any]:
    """Send a set, wait for its end and return its row."""
    world.send(message.encode())
    world.run()
    (row,) = [row for row in world.rows("RestoreResults") if "disks" in row]
    return row


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(("mark", "disks"), [("set=machine", 3), ("set=group", 3), ("set=list", 2)])
def test_what_an_operator_puts_on_the_queue_brings_all_disks_back(
    world: World, mark: str, disks: int
) -> None:
    row = set_of(world, page.sent_by_cli(mark))

    assert (row["status"], row["disks"]) == ("Completed", disks)
    members = [row for row in world.rows("RestoreResults") if "partOf" in row]
    assert len({row["targetDiskId"] for row in members}) == disks
    assert all("/resourceGroups/rg-restored/" in row["targetDiskId"] for row in members)


def test_the_end_that_is_shown_is_told_as_it_comes(world: World, machine: str) -> None:
    shown = only("json", "set=result").json
    os_disk = world.simulator.disks_of(machine)[0].rpartition("/")[2]
    world.simulator.remove_instance(world.simulator.protect(os_disk, subscription=SUBSCRIPTION))

    row = set_of(world, page.sent_by_cli("set=machine"))

    of_time = {name for name in shown if re.search("Time$|At$|Seconds$", name)}
    alike = shown.keys() - of_time - {"ended"}
    told = as_json(row)
    assert {name: told[name] for name in alike} == {name: shown[name] for name in alike}
    assert of_time <= row.keys()


@pytest.mark.usefixtures("machine")
def test_the_rehearsal_restores_nothing_and_says_what_would_come_back(world: World) -> None:
    row = set_of(world, page.sent_by_cli("set=rehearsal"))

    assert (row["status"], row["disks"]) == ("Validated", 3)
    assert {"sizeGib", "oldestPointTime", "newestPointTime"} <= row.keys()
    assert world.arm_calls("POST", "/restore") == []


@pytest.mark.usefixtures("machine")
def test_the_alert_on_the_machine_brings_all_its_disks_back(world: World) -> None:
    row = set_of(world, page.projected(page.alert_on_machine()))

    assert (row["status"], row["disks"], row["origin"]) == ("Completed", 3, "alert")


@pytest.mark.usefixtures("machine")
def test_what_is_taken_back_at_once_restores_nothing(world: World) -> None:
    world.send(page.sent_by_cli("set=machine").encode())
    world.deliver()

    world.send(page.sent_by_cli("set=withdraw").encode())
    world.run()

    assert world.result("INC0012350-vm-sql")["status"] == "Cancelled"
    assert world.arm_calls("POST", "/restore") == []


# --------------------------------------------------------- the workflow that waits for the end


def outside(world: World, statuses: list[int]) -> Outside:
    def get(uri: str, headers: dict[str, str]) -> tuple[int, Any]:
        assert headers["x-functions-key"]
        reply = look(world, uri.rpartition("/")[2])
        statuses.append(reply.status)
        return reply.status, told(reply)

    return Outside(
        put=lambda message: world.send(message.encode()),
        get=get,
        wait=lambda seconds: world.run(seconds=seconds),
    )


def test_the_workflow_waits_for_the_end_and_tells_the_new_disk(world: World) -> None:
    protect(world)
    statuses: list[int] = []
    outer = outside(world, statuses)

    assert Run(only("json", "workflow=incident").json, page.INCIDENT, outer).start()

    (comment,) = outer.comments
    assert comment.startswith(f"<p>Restored to /subscriptions/{SUBSCRIPTION}/resourceGroups/rg-re")
    assert "from the point of 2026-11-" in comment
    assert len(statuses) > 3
    world.run()


def test_the_workflow_goes_on_looking_while_the_message_is_not_read(world: World) -> None:
    protect(world)
    statuses: list[int] = []
    outer = outside(world, statuses)
    held: list[str] = []
    look_on, waited = outer.wait, iter(range(1_000))
    outer.put = held.append

    def wait(seconds: int) -> None:
        if next(waited) == 2:
            world.send(held[0].encode())
        look_on(seconds)

    outer.wait = wait

    Run(only("json", "workflow=incident").json, page.INCIDENT, outer).start()

    assert statuses[:3] == [404, 404, 200]
    assert "Restored to" in outer.comments[0]
    world.run()


def test_the_workflow_tells_why_not(world: World) -> None:
    outer = outside(world, [])

    Run(only("json", "workflow=incident").json, page.INCIDENT, outer).start()

    (comment,) = outer.comments
    assert comment.startswith("<p>Rejected: ")
    assert "undefined" not in comment
    world.run()
