"""Disks and machines as the simulator shows them: by GET, and in Resource Graph's `Resources`."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator import Server, Simulator, StateFile, faults
from simulator.faults import Fault
from tests.platform.simulator_client import HTTP_TIMEOUT, Client, ManualClock, target_id
from tests.platform.test_simulator_graph import INSTANCES, SUBSCRIPTION, asked, names

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod"
MACHINES = "Resources | where type =~ 'microsoft.compute/virtualmachines'"
DISKS = "Resources | where type =~ 'microsoft.compute/disks'"


@pytest.fixture
def machine(simulator: Simulator) -> str:
    machine = simulator.add_machine("vm-1", data_disks=["data-a", "data-b"])
    for disk in simulator.disks_of(machine):
        simulator.protect(disk)
    return machine


def disk_id(name: str) -> str:
    return f"{GROUP}/providers/Microsoft.Compute/disks/{name}"


def get(client: Client, resource: str, version: str = "2024-07-01") -> requests.Response:
    return client.get(f"{resource}?api-version={version}")


def get_disk(client: Client, name: str) -> requests.Response:
    return get(client, disk_id(name), "2024-03-02")


# ---------------------------------------------------------------------------------------- by GET


def test_a_machine_tells_its_disks_and_where_they_hang(client: Client, machine: str) -> None:
    shown = get(client, machine).json()

    profile = shown["properties"]["storageProfile"]
    assert shown["id"] == machine
    assert shown["type"] == "Microsoft.Compute/virtualMachines"
    assert profile["osDisk"]["managedDisk"]["id"] == disk_id("vm-1-os")
    assert [(one["lun"], one["managedDisk"]["id"]) for one in profile["dataDisks"]] == [
        (0, disk_id("data-a")),
        (1, disk_id("data-b")),
    ]


def test_a_disk_tells_its_machine_and_whether_it_starts_one(client: Client, machine: str) -> None:
    first, second = get_disk(client, "vm-1-os").json(), get_disk(client, "data-a").json()

    assert first["managedBy"] == second["managedBy"] == machine
    assert (first["properties"]["osType"], second["properties"].get("osType")) == ("Linux", None)
    assert first["properties"]["diskState"] == "Attached"


def test_a_disk_that_hangs_on_none_names_none(client: Client) -> None:
    shown = get_disk(client, "disk-1").json()

    assert "managedBy" not in shown
    assert shown["properties"]["diskState"] == "Unattached"


def test_a_restored_disk_is_there_with_the_size_of_its_source(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    simulator.add_disk(disk_id("big"), size_gib=512)
    simulator.start_restore(simulator.protect("big"), target_id("big-restored"))
    assert get(client, target_id("big-restored"), "2024-03-02").status_code == 404

    clock.advance(timedelta(minutes=5))

    made = get(client, target_id("big-restored"), "2024-03-02").json()
    assert made["properties"]["diskSizeGB"] == 512
    assert made["name"] == "big-restored"


def test_what_is_attached_takes_the_place_of_what_hung_there(
    simulator: Simulator, client: Client, machine: str
) -> None:
    simulator.attach(machine, disk_id("disk-1"), None)
    simulator.detach(disk_id("data-a"))

    assert simulator.disks_of(machine) == [disk_id("disk-1"), disk_id("data-b")]
    assert "managedBy" not in get_disk(client, "vm-1-os").json()


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        (f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm-9", "ResourceNotFound"),
        (f"{GROUP}/providers/Microsoft.Compute/disks/disk-9", "ResourceNotFound"),
        (
            f"{GROUP}-9/providers/Microsoft.Compute/virtualMachines/vm-1",
            "ResourceGroupNotFound",
        ),
    ],
)
def test_what_is_not_there_is_arms_404(client: Client, resource: str, code: str) -> None:
    version = "2024-03-02" if "disks" in resource else "2024-07-01"

    answer = get(client, resource, version)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)
    assert answer.headers["x-ms-failure-cause"] == "gateway"


def test_a_machine_that_is_removed_leaves_its_disks(
    simulator: Simulator, client: Client, machine: str
) -> None:
    simulator.remove_machine(machine)

    assert get(client, machine).status_code == 404
    assert "managedBy" not in get_disk(client, "data-a").json()


def test_a_group_that_is_removed_takes_disks_and_machines_with_it(
    simulator: Simulator, client: Client, machine: str
) -> None:
    simulator.remove_group(GROUP)

    assert get(client, machine).json()["error"]["code"] == "ResourceGroupNotFound"
    assert simulator.disks() == []
    assert len(names(asked(client, INSTANCES))) == 4


@pytest.mark.parametrize("kind", ["virtualMachines", "disks"])
def test_who_may_not_read_is_told_which_right_is_missing(
    simulator: Simulator, client: Client, machine: str, kind: str
) -> None:
    simulator.deny(f"Microsoft.Compute/{kind}/read", GROUP)

    answer = get(client, machine) if kind == "virtualMachines" else get_disk(client, "data-a")

    assert answer.status_code == 403
    assert f"Microsoft.Compute/{kind}/read" in answer.json()["error"]["message"]


def test_each_kind_has_api_versions_of_its_own(
    simulator: Simulator, client: Client, machine: str
) -> None:
    assert get(client, machine, "2025-07-01").status_code == 400
    assert get(client, disk_id("data-a"), "2024-07-01").status_code == 400
    assert len(simulator.accusations) == 2


# ------------------------------------------------------------------------------- Resource Graph


def test_the_disks_of_a_machine_are_found_by_who_manages_them(client: Client, machine: str) -> None:
    query = f"{DISKS} and managedBy =~ '{machine}' | project id, managedBy, properties"

    rows = asked(client, query).json()["data"]

    assert {row["id"] for row in rows} == {
        disk_id(name) for name in ("vm-1-os", "data-a", "data-b")
    }
    assert {row["managedBy"].lower() for row in rows} == {machine.lower()}
    assert machine not in {row["managedBy"] for row in rows}  # It comes in another case.
    assert {row["properties"]["diskSizeGB"] for row in rows} == {32}


def test_a_machine_is_found_by_its_id_with_its_disks(client: Client, machine: str) -> None:
    (row,) = asked(client, f"{MACHINES} | where id =~ '{machine.upper()}'").json()["data"]

    own = get(client, machine).json()
    assert row["type"] == "microsoft.compute/virtualmachines"
    assert row["location"] == own["location"]
    assert row["resourceGroup"] == "rg-prod"
    assert row["properties"] == own["properties"]


def test_disks_that_hang_on_none_are_told_apart(client: Client, machine: str) -> None:  # noqa: ARG001
    loose = asked(client, f"{DISKS} | where isempty(managedBy)")
    hung = asked(client, f"{DISKS} | where isnotempty(managedBy) | order by name asc")

    assert names(loose) == ["disk-1"]
    assert names(hung) == ["data-a", "data-b", "vm-1-os"]


def test_instances_are_found_by_a_list_of_disks(client: Client, machine: str) -> None:  # noqa: ARG001
    wanted = ", ".join(f"'{disk_id(name).upper()}'" for name in ("data-a", "vm-1-os", "nowhere"))
    query = (
        f"{INSTANCES} | extend disk = tolower(tostring(properties.dataSourceInfo.resourceID)) "
        f"| where disk in~ ({wanted}) | project id, vault = properties.backupInstanceExtended"
        "Properties.vaultId, disk, properties.friendlyName | order by disk asc"
    )

    rows = asked(client, query).json()["data"]

    assert [row["disk"] for row in rows] == [
        disk_id(name).lower() for name in ("data-a", "vm-1-os")
    ]
    assert {row["vault"] for row in rows} == {client.vault}
    assert [row["properties_friendlyName"] for row in rows] == ["data-a", "vm-1-os"]


def test_instances_of_a_group_are_found_though_their_disks_are_gone(
    simulator: Simulator, client: Client, machine: str
) -> None:
    simulator.remove_machine(machine, with_disks=True)
    simulator.protect("elsewhere", group="rg-prod-2")
    begin = f"{GROUP}/providers/Microsoft.Compute/disks/".lower()
    path = "tolower(tostring(properties.dataSourceInfo.resourceID))"

    rows = asked(client, f"{INSTANCES} | where {path} startswith '{begin}'")

    assert names(asked(client, f"{DISKS} | where managedBy =~ '{machine}'")) == []
    assert sorted(name.split("-")[0] for name in names(rows)) == ["data", "data", "disk", "vm"]


def test_a_machine_comes_moves_its_disks_and_goes_late_in_it(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    def shown(machine: str) -> tuple[int, int]:
        disks = asked(client, f"{DISKS} | where managedBy =~ '{machine}'")
        return len(names(asked(client, MACHINES))), len(names(disks))

    simulator.habits.graph_lag = timedelta(minutes=1)
    machine = simulator.add_machine("vm-1", data_disks=["data-a"])
    assert shown(machine) == (0, 0)

    clock.advance(timedelta(minutes=1))
    simulator.detach(disk_id("data-a"))
    assert shown(machine) == (1, 2)

    clock.advance(timedelta(minutes=1))
    simulator.remove_machine(machine, with_disks=True)
    assert shown(machine) == (1, 1)

    clock.advance(timedelta(minutes=1))
    assert shown(machine) == (0, 0)
    assert get_disk(client, "data-a").status_code == 200


def test_who_lacks_a_right_is_shown_no_such_rows(
    simulator: Simulator, client: Client, machine: str
) -> None:
    simulator.deny("Microsoft.Compute/disks/read", disk_id("data-b"))
    simulator.deny("Microsoft.Compute/virtualMachines/read")

    disks = asked(client, f"{DISKS} | where managedBy =~ '{machine}' | order by name asc")

    assert names(disks) == ["data-a", "vm-1-os"]
    assert names(asked(client, MACHINES)) == []


@pytest.mark.parametrize(
    ("fault", "count", "total", "truncated"),
    [
        (faults.truncate_rows(2), 2, 4, "true"),
        (faults.lose_token(2), 2, 4, "false"),
        (faults.miscount_rows(3), 3, 7, "false"),
    ],
)
@pytest.mark.usefixtures("machine")
def test_it_can_lie_about_what_it_shows(
    simulator: Simulator, client: Client, fault: Fault, *, count: int, total: int, truncated: str
) -> None:
    simulator.next("POST", "/resources", fault)

    lied = asked(client, f"{DISKS} | order by id asc", **{"$top": 3}).json()

    assert (lied["count"], len(lied["data"])) == (count, count)
    assert (lied["totalRecords"], lied["resultTruncated"]) == (total, truncated)
    assert asked(client, DISKS).json()["count"] == 4


def test_a_lie_about_rows_leaves_a_refusal_as_it_is(simulator: Simulator, client: Client) -> None:
    simulator.habits.graph = "forbidden"
    simulator.next("POST", "/resources", faults.from_json({"fault": "truncate_rows", "keep": 0}))

    assert asked(client, DISKS).status_code == 403


# ----------------------------------------------------------------------------- another process


def test_machines_survive_the_end_of_their_simulator(tmp_path: Path, clock: ManualClock) -> None:
    state = StateFile(tmp_path / "world.json")
    machine = Simulator(now=clock, state=state).add_machine("vm-1", data_disks=["data-a"])

    again = Simulator(now=clock, state=state)

    assert again.disks_of(machine) == [disk_id("vm-1-os"), disk_id("data-a")]


def test_another_process_can_set_up_machines(simulator: Simulator, server: Server) -> None:
    def command(verb: str, **words: Any) -> Any:
        url = f"{server.url}/simulator/{verb}"
        answer = requests.post(url, json=words, timeout=HTTP_TIMEOUT)
        assert answer.status_code == 200, answer.text
        return answer.json()

    made = command("add-machine", machine="vm-1", os_disk="root", data_disks=["data-a"])
    command("attach", machine=made["machineId"], disk=disk_id("data-b"), lun=5)
    command("detach", disk=disk_id("data-a"))
    command("add-management-group", name="mine", subscriptions=[SUBSCRIPTION])

    assert made["diskIds"] == [disk_id("root"), disk_id("data-a")]
    assert simulator.disks_of(made["machineId"]) == [disk_id("root"), disk_id("data-b")]
    command("remove-machine", machine=made["machineId"], with_disks=True)
    assert simulator.disks() == [disk_id("data-a").lower()]
