"""Which disks a set means, and what protects each: what the graph and the lists show of them."""

from collections.abc import Sequence
from typing import Any

import pytest

from restore_core.azure.machines import Machines
from restore_core.azure.resource_graph import ResourceGraph
from restore_core.contract.request import RestoreRequest
from restore_core.contract.resource_ids import BackupVaultId, VirtualMachineId
from restore_core.errors import Rejected
from restore_core.lifecycle.sets import Attachment, FoundDisk
from simulator import faults
from tests import builders
from tests.azure.bench import Bench

GRAPH = "/resources"
NOT_NOW = faults.status(503)


def found(bench: Bench, *vaults: str, **named: Any) -> dict[str, FoundDisk]:
    """Return the disks that a set means, by name."""
    fields = {"requestId": "set", "targetResourceGroupId": builders.TARGET_GROUP, **named}
    request = RestoreRequest.from_fields(fields)
    where = [BackupVaultId.parse(one) for one in vaults] or [bench.instance.vault]
    return {disk.source.name: disk for disk in bench.vault.disks_of(request, where).disks}


def codes(disks: dict[str, FoundDisk]) -> dict[str, str]:
    """Return why each disk is missing, or ""."""
    return {name: disk.missing.code if disk.missing else "" for name, disk in disks.items()}


def source_group(bench: Bench) -> str:
    return bench.simulator.source_disk(bench.id).partition("/providers/")[0]


def a_row(instance: str, disk: str, **properties: Any) -> dict[str, Any]:
    info = {"resourceID": disk, "datasourceType": "Microsoft.Compute/disks"}
    info["resourceLocation"] = "westeurope"
    return {
        "id": instance,
        "name": instance.rpartition("/")[2],
        "properties": {"dataSourceInfo": {**info, **properties}},
    }


def shown(bench: Bench, rows: Sequence[dict[str, Any]]) -> None:
    """Let Resource Graph's next answer be these rows."""
    body = {"totalRecords": len(rows), "count": len(rows), "data": list(rows)}
    bench.simulator.next("POST", GRAPH, faults.status(200, body=body))


def test_a_deleted_instance_of_a_group_is_told_and_not_left_out(bench: Bench) -> None:
    bench.simulator.protect("disk-2", subscription=builders.SUBSCRIPTION)
    bench.simulator.soft_delete(bench.id)

    disks = found(bench, sourceResourceGroupId=source_group(bench))

    assert codes(disks) == {"disk-1": "BackupInstanceSoftDeleted", "disk-2": ""}


def test_an_instance_that_cannot_be_understood_stops_no_other(bench: Bench) -> None:
    group = source_group(bench)
    disks = [builders.disk(name, group) for name in ("disk-1", "disk-2", "disk-3")]
    shown(
        bench,
        [
            a_row(bench.id, disks[0]),
            a_row(f"{bench.id}2", disks[1], resourceLocation=""),
            a_row(f"{bench.id}3", disks[2], datasourceType="Microsoft.Storage/storageAccounts"),
            a_row("no id", disks[0]),
            a_row(bench.id.replace("vault-1", "vault-9"), disks[0]),
            a_row(f"{bench.id}4", f"{group}/providers/Microsoft.Compute/disks/a b"),
        ],
    )

    assert codes(found(bench, sourceResourceGroupId=group)) == {
        "disk-1": "",
        "disk-2": "OddAnswer",
        "disk-3": "NotADisk",
    }


def test_a_list_with_an_item_that_cannot_be_understood_stops_no_other(bench: Bench) -> None:
    bench.simulator.habits.graph = "empty"
    group = source_group(bench)
    items = [
        a_row(bench.id, builders.disk("disk-1", group)),
        {**a_row(bench.id, builders.disk("disk-2", group)), "name": "a b"},
    ]
    bench.simulator.next("GET", "/backupInstances", faults.status(200, body={"value": items}))

    disks = found(bench, sourceResourceGroupId=group)

    assert codes(disks) == {"disk-1": "", "disk-2": "OddAnswer"}


def test_where_the_graph_fails_the_lists_are_read(bench: Bench) -> None:
    bench.simulator.next("POST", GRAPH, NOT_NOW, times=None)

    disks = found(bench, sourceDiskIds=[bench.simulator.source_disk(bench.id)])

    assert codes(disks) == {"disk-1": ""}
    assert disks["disk-1"].size_gib is None


def test_what_is_attached_is_best_effort(bench: Bench) -> None:
    disk = bench.simulator.source_disk(bench.id)
    shown(bench, [a_row(bench.id, disk)])
    bench.simulator.next("POST", GRAPH, NOT_NOW)

    disks = found(bench, sourceDiskIds=[disk])

    assert codes(disks) == {"disk-1": ""}
    assert disks["disk-1"].attachment is None


@pytest.mark.parametrize(
    "machine",
    [
        {"id": "no machine"},
        {"properties": {}},
        {"properties": {"storageProfile": {"osDisk": {}, "dataDisks": [{"lun": 1}, 7]}}},
    ],
)
def test_a_machine_s_row_that_cannot_be_understood_tells_no_more_than_its_disk_s(
    bench: Bench, machine: dict[str, Any]
) -> None:
    disk = bench.simulator.source_disk(bench.id)
    machine_id = f"{source_group(bench)}/providers/Microsoft.Compute/virtualMachines/vm-1"
    shown(bench, [a_row(bench.id, disk)])
    shown(bench, [{"id": disk, "managedBy": machine_id, "properties": {"diskSizeGB": 64}}])
    shown(bench, [{"id": machine_id, "properties": {}, **machine}])

    told = found(bench, sourceDiskIds=[disk])["disk-1"]

    assert told.size_gib == 64
    assert told.attachment == Attachment(VirtualMachineId.parse(machine_id))


def test_another_refusal_of_the_machine_ends_the_set(bench: Bench) -> None:
    machine = bench.simulator.add_machine("vm-1", subscription=builders.SUBSCRIPTION)
    bench.simulator.next(
        "GET", "/virtualMachines/vm-1", faults.service_error(400, "BadRequest", "No.")
    )

    with pytest.raises(Rejected, match="BadRequest: No"):
        Machines(bench.arm, ResourceGraph(bench.arm, bench.clock)).disks_of(
            VirtualMachineId.parse(machine)
        )
