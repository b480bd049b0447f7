"""Why a set is refused: nothing is guessed, and each reason says what to do."""

import json
from datetime import timedelta
from typing import Any

import pytest

from restore_core.text import utc_text
from simulator import faults, outcomes
from tests import builders
from tests.sets import (
    SOURCES,
    VAULT,
    a_machine,
    ask,
    counts,
    members,
    plan,
    protect,
    send,
    source,
)
from tests.world import World

MACHINE = f"{SOURCES}/providers/Microsoft.Compute/virtualMachines/vm-1"


def refused(world: World, **changes: Any) -> dict[str, Any]:
    row = ask(world, **changes)
    assert row["status"] == "Rejected"
    assert world.simulator.jobs() == []
    assert members(world) == {}
    return row


def test_a_machine_that_is_gone_names_the_other_ways(world: World) -> None:
    world.simulator.remove_machine(a_machine(world, "data-1"))

    row = refused(world, sourceVirtualMachineId=MACHINE)

    assert row["errorCode"] == "MachineGone"
    assert "sourceResourceGroupId" in row["recommendedAction"]
    assert "sourceDiskIds" in row["recommendedAction"]


def test_a_machine_that_nobody_shows_is_nothing_found(world: World) -> None:
    world.simulator.deny("Microsoft.Compute/virtualMachines/read")

    row = refused(world, sourceVirtualMachineId=MACHINE)

    assert (row["errorCode"], MACHINE in row["errorMessage"]) == ("NothingFound", True)


@pytest.mark.parametrize("mood", ["forbidden"])
def test_without_the_graph_a_machine_is_refused(mood: Any) -> None:
    with World(graph=mood) as world:
        a_machine(world, "data-1")

        row = refused(world, sourceVirtualMachineId=MACHINE)

    assert row["errorCode"] == "GraphNeeded"


def test_without_the_graph_groups_and_lists_read_the_vaults() -> None:
    with World(graph="forbidden") as world:
        disks = protect(world, "disk-1", "disk-2")

        listed = ask(world, sourceDiskIds=disks)
        group = ask(world, sourceResourceGroupId=SOURCES, requestId="set-2", force=True)

    assert (listed["status"], group["status"]) == ("Completed", "Completed")
    assert "sizeGib" not in listed


def test_a_group_without_protected_disks_is_nothing_found(world: World) -> None:
    protect(world, "disk-1")

    row = refused(world, sourceResourceGroupId=f"{SOURCES}-empty")

    assert row["errorCode"] == "NothingFound"


def test_another_number_than_was_expected_is_refused_with_what_was_found(world: World) -> None:
    protect(world, "disk-1", "disk-2")

    row = refused(world, sourceResourceGroupId=SOURCES, expectedDisks=3)

    assert row["errorCode"] == "UnexpectedDisks"
    assert "2 disks were found, not the 3" in row["errorMessage"]
    assert "disk-1, disk-2" in row["errorMessage"]


def test_the_expected_number_is_restored(world: World) -> None:
    protect(world, "disk-1", "disk-2")

    row = ask(world, sourceResourceGroupId=SOURCES, expectedDisks=2)

    assert row["status"] == "Completed"


def test_more_disks_than_are_allowed_are_refused(world: World) -> None:
    world.deploy(max_set=2)

    row = refused(world, sourceDiskIds=protect(world, "disk-1", "disk-2", "disk-3"))

    assert row["errorCode"] == "SetTooLarge"
    assert "RESTORE_MAX_SET" in row["recommendedAction"]


def test_a_set_of_which_nothing_is_protected_tells_of_the_first(world: World) -> None:
    protect(world, "disk-3")

    row = refused(world, sourceDiskIds=[source("disk-1"), source("disk-2")])

    assert row["errorCode"] == "DiskNotProtected"
    assert "None of the 2 disks" in row["errorMessage"]


def test_a_set_that_no_rule_allows_costs_no_call(world: World) -> None:
    protect(world, "disk-1")

    row = refused(
        world,
        sourceResourceGroupId=SOURCES,
        targetResourceGroupId=builders.TARGET_GROUP + "-other",
    )

    assert row["errorCode"] == "NotAllowed"
    assert world.arm_calls() == []


def test_the_policy_is_judged_for_each_disk(world: World) -> None:
    instance = world.protect("disk-1")
    protect(world, "disk-2")
    world.allow = f"{instance} => {builders.TARGET_GROUP}"
    world.deploy()

    row = ask(world, sourceResourceGroupId=SOURCES)

    assert (row["status"], counts(row)) == ("PartlyCompleted", {"Completed": 1, "Rejected": 1})
    assert plan(world)["disk-2"]["errorCode"] == "NotAllowed"


def test_two_instances_of_a_disk_are_not_chosen_between(world: World) -> None:
    world.allow = ";".join(
        f"{vault} => {builders.TARGET_GROUP}"
        for vault in (VAULT, VAULT.replace("vault-1", "vault-2"))
    )
    world.deploy()
    protect(world, "disk-1", "disk-2")
    world.protect("disk-1", vault="vault-2")

    row = ask(world, sourceResourceGroupId=SOURCES, vaultId=...)

    assert counts(row) == {"Completed": 1, "NotProtected": 1}
    assert plan(world)["disk-1"]["errorCode"] == "SeveralBackupInstances"


def test_a_strangers_restore_under_a_members_id_ends_that_member_alone(world: World) -> None:
    protect(world, "disk-1", "disk-2")
    ask(world, sourceResourceGroupId=SOURCES, requestId="before")
    stranger = plan(world, "before")["disk-1"]["memberId"].replace("before", "set-1")
    world.send(
        requestId=stranger,
        backupInstanceId=world.protect("disk-3"),
        targetDiskName=...,
    )
    world.run()
    theirs = world.result(stranger)

    row = ask(world, sourceResourceGroupId=SOURCES, force=True)

    assert (row["status"], counts(row)) == ("PartlyCompleted", {"Completed": 2, "Rejected": 1})
    assert plan(world)["disk-1"]["errorCode"] == "RequestIdReused"
    assert world.result(stranger) == theirs
    assert "partOf" not in theirs


@pytest.mark.parametrize("broken", ["truncated", "total", "no data"])
def test_an_answer_of_which_something_is_missing_is_no_plan(world: World, broken: str) -> None:
    machine = a_machine(world, "data-1")
    answers: dict[str, dict[str, Any]] = {
        "truncated": {
            "totalRecords": 5,
            "count": 1,
            "data": [{"id": "x"}],
            "resultTruncated": "true",
        },
        "total": {"totalRecords": 0, "count": 1, "data": [{"id": "x"}]},
        "no data": {"totalRecords": 2, "count": 0, "data": None},
    }
    world.simulator.next(
        "POST", "Microsoft.ResourceGraph/resources", faults.status(200, body=answers[broken])
    )
    send(world, sourceVirtualMachineId=machine)

    world.deliver()

    row = next(row for row in world.rows("Restores") if row["PartitionKey"] == "set-1")
    assert (row["status"], row["errorCode"]) == ("Accepted", "PartialAnswer")
    world.run()
    assert counts(world.result("set-1")) == {"Completed": 2}


# ------------------------------------------------------------------------------- no storm


def test_a_second_set_of_a_machine_follows_the_first(world: World) -> None:
    machine = a_machine(world, "data-1")
    send(world, sourceVirtualMachineId=machine)
    world.deliver()
    world.clock.advance(seconds=1)

    row = ask(world, sourceVirtualMachineId=machine, requestId="set-2")

    assert world.result("set-1")["status"] == "Completed"
    assert (row["status"], row["errorCode"]) == ("Rejected", "RestoredAlready")
    assert "vm-1 is not restored again" in row["errorMessage"]
    assert len(world.simulator.jobs()) == 2


def test_a_second_set_within_the_cooldown_is_refused_and_later_not(world: World) -> None:
    protect(world, "disk-1")
    ask(world, sourceResourceGroupId=SOURCES)

    soon = ask(world, sourceResourceGroupId=SOURCES, requestId="soon")
    world.clock.advance(hours=1)
    later = ask(world, sourceResourceGroupId=SOURCES, requestId="later")

    assert (soon["status"], soon["errorCode"]) == ("Rejected", "RestoredAlready")
    back_from = utc_text(world.result("set-1")["newestPointTime"])
    assert f"it was restored, from {back_from}, by the request set-1" in soon["errorMessage"]
    assert "restorectl ls --part-of set-1" in soon["recommendedAction"]
    assert later["status"] == "Completed"


def test_a_second_set_after_one_that_was_partly_back_brings_the_rest(world: World) -> None:
    broken = world.protect("disk-1")
    protect(world, "disk-2")
    world.simulator.script(broken, job=[outcomes.fails("UserErrorDiskSnapshotNotFound")])
    ask(world, sourceResourceGroupId=SOURCES)

    row = ask(world, sourceResourceGroupId=SOURCES, requestId="set-2")

    assert (row["status"], counts(row)) == (
        "CompletedWithWarnings",
        {"AlreadyBack": 1, "Completed": 1},
    )


def test_a_set_that_follows_goes_ahead_when_the_first_was_withdrawn(world: World) -> None:
    world.deploy(max_active=1)
    protect(world, "disk-1")
    world.send(backupInstanceId=world.protect("other"))
    world.run(until=lambda: world.status() == "Running")
    send(world, sourceResourceGroupId=SOURCES)
    world.run(until=lambda: world.status("set-1") == "Gathering")
    send(world, sourceResourceGroupId=SOURCES, requestId="set-2")
    world.run(until=lambda: world.status("set-2") == "Following")
    world.send(json.dumps({"withdraw": "set-1"}).encode())

    world.run()

    assert world.result("set-1")["status"] == "Cancelled"
    assert world.result("set-2")["status"] in {"Completed", "CompletedWithWarnings"}


def test_the_graph_s_lag_hides_no_machine_for_ever(world: World) -> None:
    machine = a_machine(world, "data-1")
    world.simulator.habits.graph_lag = timedelta(minutes=4)
    world.simulator.deny("Microsoft.Compute/virtualMachines/read")

    row = ask(world, sourceVirtualMachineId=machine)

    assert row["errorCode"] == "NothingFound"
