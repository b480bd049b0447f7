"""Sets: one message brings back a machine, a resource group, a list of disks."""

from datetime import timedelta
from typing import Any

import pytest

from restore_core.lifecycle.outbox import Stage
from simulator import Point
from tests import builders
from tests.fakes import NOON
from tests.sets import (
    GROUP,
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


def test_a_machine_comes_back_by_one_message(world: World) -> None:
    machine = a_machine(world, "data-1", "data-2")

    row = ask(world, sourceVirtualMachineId=machine)

    assert (row["status"], row["disks"], row["members"]) == ("Completed", 3, 3)
    assert counts(row) == {"Completed": 3}
    assert row["sourceVirtualMachineId"] == machine
    assert row["confirmedBy"] == "the machine itself"
    assert row["sizeGib"] == 96
    assert set(members(world)) == {"vm-1-os", "data-1", "data-2"}
    assert all(row["requestId"].startswith("set-1.") for row in members(world).values())


def test_the_row_of_a_set_tells_what_the_incident_cost(world: World) -> None:
    protect(world, "disk-1")
    older = [Point(id="a" * 32, time=NOON - timedelta(hours=30))]
    world.protect("disk-2", points=older)

    row = ask(world, sourceDiskIds=[source("disk-1"), source("disk-2")])

    found = members(world)
    last = max(found.values(), key=lambda row: row["completedAt"])
    assert row["lastDiskAt"] == row["completedAt"] == last["completedAt"]
    assert row["durationSeconds"] == last["durationSeconds"] == row["slowestSeconds"]
    assert row["slowestMember"] in {row["requestId"] for row in found.values()}
    assert row["oldestPointTime"] == NOON - timedelta(hours=30)
    assert row["newestPointTime"] == NOON - timedelta(hours=10)
    assert row["pointSpreadSeconds"] == 20 * 3600


def test_a_group_comes_back_also_where_its_disks_and_machines_are_gone(world: World) -> None:
    machine = a_machine(world, "data-1", unprotected=["scratch"])
    world.protect(f"{SOURCES}-other/providers/Microsoft.Compute/disks/elsewhere")
    world.simulator.remove_machine(machine, with_disks=True)

    row = ask(world, sourceResourceGroupId=SOURCES)

    assert (row["status"], counts(row)) == ("Completed", {"Completed": 2})
    assert row["sourceResourceGroupId"] == SOURCES
    assert set(members(world)) == {"vm-1-os", "data-1"}


def test_a_group_is_found_in_all_vaults_that_rules_name(world: World) -> None:
    world.protect("disk-1")
    world.protect("disk-2", vault="vault-2")
    vaults = (VAULT, VAULT.replace("vault-1", "vault-2"))
    world.allow = ";".join(f"{vault} => {builders.TARGET_GROUP}" for vault in vaults)
    world.deploy()

    row = ask(world, sourceResourceGroupId=SOURCES, vaultId=...)

    assert (row["status"], set(members(world))) == ("Completed", {"disk-1", "disk-2"})


def test_one_cut_off_time_holds_for_all_disks(world: World) -> None:
    for name, hours in (("disk-1", (50, 30, 2)), ("disk-2", (31, 3))):
        points = [Point(id=f"{hour:032x}", time=NOON - timedelta(hours=hour)) for hour in hours]
        world.protect(name, points=points)

    ask(
        world,
        sourceResourceGroupId=SOURCES,
        pointInTime=(NOON - timedelta(hours=24)).isoformat(),
    )

    times = {name: row["recoveryPointTime"] for name, row in members(world).items()}
    assert times == {
        "disk-1": NOON - timedelta(hours=30),
        "disk-2": NOON - timedelta(hours=31),
    }


def test_a_point_made_after_the_acceptance_is_none_of_the_set_unless_latest_is_asked(
    world: World,
) -> None:
    send(world, sourceDiskIds=protect(world, "disk-1"), requestId="before")
    world.deliver()
    world.clock.advance(hours=1)
    world.simulator.add_point(world.protect("disk-1"))
    world.run()
    assert members(world, "before")["disk-1"]["recoveryPointTime"] == NOON - timedelta(hours=10)

    ask(world, sourceDiskIds=[source("disk-1")], requestId="now", pointInTime="latest", force=True)

    newest = members(world, "now")["disk-1"]["recoveryPointTime"]
    assert newest == NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("suffix", "names"),
    [
        ("-back", {"disk-1-back", "disk-2-back"}),
        (..., {"disk-1-01612dbcd1", "disk-2-01612dbcd1"}),
    ],
)
def test_new_disks_are_named_after_their_sources(
    world: World, suffix: Any, names: set[str]
) -> None:
    ask(world, sourceDiskIds=protect(world, "disk-1", "disk-2"), targetDiskSuffix=suffix)

    made = {row["targetDiskId"].rpartition("/")[2] for row in members(world).values()}
    assert made == names


def test_targets_that_would_be_equal_get_the_digits_of_their_disks(world: World) -> None:
    twin = builders.disk("DISK-1", f"{SOURCES}-two")
    world.protect(twin)
    disks = [*protect(world, "disk-1", "disk-2"), twin]

    row = ask(world, sourceDiskIds=disks, targetDiskSuffix="-back")

    rows = [r for r in world.rows("RestoreSets") if r["RowKey"] != "header"]
    made = {r["targetDiskId"].rpartition("/")[2].lower() for r in rows}
    assert (row["status"], len(made)) == ("Completed", 3)
    assert "disk-2-back" in made
    assert "disk-1-back" not in made


def test_members_inherit_what_their_set_was_asked_with(world: World) -> None:
    ask(
        world,
        sourceDiskIds=protect(world, "disk-1"),
        requestedBy="the night",
        reason="ransom",
        correlationId="INC-1",
    )

    row = members(world)["disk-1"]
    told = {name: row[name] for name in ("requestedBy", "reason", "correlationId", "partOf")}
    assert told == {
        "requestedBy": "the night",
        "reason": "ransom",
        "correlationId": "INC-1",
        "partOf": "set-1",
    }
    assert row["acceptedAt"] == world.result("set-1")["acceptedAt"]


def test_a_set_delivered_again_has_no_effect(world: World) -> None:
    disks = protect(world, "disk-1", "disk-2")
    ask(world, sourceDiskIds=disks)
    rows = sorted(world.rows("RestoreResults"), key=lambda row: row["RowKey"])

    ask(world, sourceDiskIds=disks)

    assert sorted(world.rows("RestoreResults"), key=lambda row: row["RowKey"]) == rows
    assert len(world.simulator.jobs()) == 2


def test_a_set_with_the_id_of_another_and_other_content_is_refused(world: World) -> None:
    disks = protect(world, "disk-1", "disk-2")
    ask(world, sourceDiskIds=disks)

    send(world, sourceDiskIds=disks[:1])
    world.run()

    assert world.refused_message()["errorCode"] == "RequestIdReused"


def test_the_plan_of_five_hundred_disks_costs_ten_calls_at_the_most(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with World() as world:
        disks = protect(world, *(f"disk-{number}" for number in range(500)))
        send(world, sourceDiskIds=disks)

        world.engine.intake.record(
            world.queue("restore-requests").take(1, 600)[0].content.encode(), NOON
        )
        current = world.engine.steps._tables.restores.load("set-1")
        world.engine.steps.take(current)

        with capsys.disabled():
            print(f"\nARM calls of the plan of a set of 500 disks: {len(world.arm_calls())}")
        assert len(world.arm_calls()) <= 10
        assert len(plan(world)) == 500


def test_a_machine_of_which_only_the_graph_tells_says_so(world: World) -> None:
    machine = a_machine(world, "data-1")
    world.simulator.deny("Microsoft.Compute/virtualMachines/read")

    row = ask(world, sourceVirtualMachineId=machine)

    assert (row["status"], row["confirmedBy"]) == ("Completed", "as Resource Graph showed it")


def test_the_machine_itself_is_believed_where_the_graph_is_behind(world: World) -> None:
    machine = a_machine(world, "data-1")
    world.simulator.habits.graph_lag = timedelta(minutes=4)

    row = ask(world, sourceVirtualMachineId=machine)

    assert (row["status"], counts(row)) == ("Completed", {"Completed": 2})


def test_what_the_graph_hides_is_found_in_the_lists_of_the_vaults() -> None:
    with World(graph="empty") as world:
        disks = protect(world, "disk-1", "disk-2")

        listed = ask(world, sourceDiskIds=disks)
        group = ask(world, sourceResourceGroupId=SOURCES, requestId="set-2", force=True)

    assert (listed["status"], group["status"]) == ("Completed", "Completed")


def test_what_comes_next_is_told_with_the_disk_s_old_place(world: World) -> None:
    ask(world, sourceVirtualMachineId=a_machine(world, "data-1"))

    found = members(world)
    assert "a data disk at LUN 0 of the virtual machine vm-1" in found["data-1"]["followUp"]
    assert "az vm disk attach" in found["data-1"]["followUp"]
    assert "--lun 0" in found["data-1"]["followUp"]
    assert "the OS disk of the virtual machine vm-1" in found["vm-1-os"]["followUp"]
    assert "az vm update" in found["vm-1-os"]["followUp"]


def test_one_disk_tells_its_old_place_too(world: World) -> None:
    a_machine(world, "data-1")
    fields = {"backupInstanceId": ..., "sourceDiskId": source("data-1"), "vaultId": VAULT}

    world.send(**fields)
    world.run()

    assert "LUN 0" in world.result()["followUp"]


def test_events_of_a_set_carry_its_counts() -> None:
    with World(rules={"notices": frozenset(Stage)}) as world:
        ask(world, sourceDiskIds=protect(world, "disk-1", "disk-2"))

        assert world.told("set-1") == ["accepted", "restoring", "completed"]
        data = world.events("set-1")[-1]["data"]
        assert data["counts"] == {"Completed": 2}


def test_a_group_of_another_case_is_the_same_group(world: World) -> None:
    protect(world, "disk-1")

    row = ask(world, sourceResourceGroupId=SOURCES.replace(GROUP, GROUP.upper()))

    assert row["status"] == "Completed"


def test_members_are_recorded_for_half_a_minute_at_a_time(world: World) -> None:
    disks = protect(world, "disk-1", "disk-2", "disk-3")
    send(world, sourceDiskIds=disks)

    def slow(what: str) -> None:
        if what == "Restores.create_entity":
            world.clock.advance(seconds=20)

    world.io.before = slow
    world.deliver()
    first = world.status("set-1")
    world.io.before = lambda _: None
    world.run()

    assert first == "Enrolling"
    assert counts(world.result("set-1")) == {"Completed": 3}


def test_a_disk_whose_row_of_the_plan_is_lost_has_no_end_and_is_not_forgotten(
    world: World,
) -> None:
    world.deploy(max_age=timedelta(hours=2))
    send(world, sourceDiskIds=protect(world, "disk-1", "disk-2"))
    rows = world.tables.get_table_client("RestoreSets").rows

    def lose(what: str) -> None:
        if what == "RestoreSets.query":
            for key in [key for key in rows if key[1].endswith("~00001")]:
                del rows[key]

    world.io.before = lose
    world.run()

    row = world.result("set-1")
    assert (row["status"], counts(row)) == ("PartlyCompleted", {"Completed": 1, "TimedOut": 1})
    assert row["reasons"] == '{"NoEnd":1}'


def test_a_plan_with_a_row_that_cannot_be_read_says_so_and_ends_an_hour_after_its_deadline(
    world: World,
) -> None:
    world.deploy(max_age=timedelta(hours=2))
    send(world, sourceDiskIds=protect(world, "disk-1", "disk-2"), validateOnly=True)
    world.run(until=lambda: world.status("set-1") == "Gathering")
    rows = world.tables.tables["RestoreSets"].rows
    key = next(key for key in rows if key[1].endswith("~00001"))
    etag, row = rows[key]
    rows[key] = (etag, {**row, "found": "{"})

    world.run(hours=1)
    waiting = next(row for row in world.rows("Restores") if row["PartitionKey"] == "set-1")
    world.run()

    assert (waiting["status"], waiting["errorCode"]) == ("Gathering", "UnreadableRow")
    assert "found of set-1" in waiting["errorMessage"]
    ended = world.result("set-1")
    assert (ended["status"], counts(ended)) == ("TimedOut", {"TimedOut": 2})
