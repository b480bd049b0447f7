"""The commands that attach a set's disks: no machine starts before all of its disks are there."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

from restore_core.contract import commands
from restore_core.contract.resource_ids import DiskId, ResourceGroupId, VirtualMachineId
from restorectl.attaching import MOST, commands_of
from restorectl.commands.show import told
from tests.builders import SUBSCRIPTION
from tests.fakes import NOON

if TYPE_CHECKING:
    from restore_core.reading.items import Item

GROUP = ResourceGroupId(SUBSCRIPTION, "rg-prod")


def back(machine: str, name: str, lun: int | None = None) -> Item:
    """Return a disk that is back; without a LUN, an OS disk."""
    of, old, new = (
        VirtualMachineId(GROUP, machine),
        DiskId(GROUP, name),
        DiskId(GROUP, f"{name}-back"),
    )
    swap = (
        commands.swap_os_disk(of, new)
        if lun is None
        else commands.swap_data_disk(of, old, new, lun)
    )
    return {"sourceDiskId": str(old), "followUp": f"It was there. {commands.line(*swap)}"}


def test_a_machine_stops_first_and_starts_when_all_its_disks_are_in_place() -> None:
    told = commands_of([back("vm-1", "a-os"), back("vm-1", "b", 0), back("VM-1", "c", 1)])

    assert [line.split(" --")[0] for line in told] == [
        "az vm deallocate",
        "az vm disk detach",
        "az vm disk attach",
        "az vm disk detach",
        "az vm disk attach",
        "az vm update",
        "az vm start",
    ]


def test_machines_come_one_after_the_other_and_those_without_an_os_disk_run_on() -> None:
    told = commands_of([back("vm-2", "d", 0), back("vm-1", "a-os"), back("vm-1", "b", 0), {}])

    assert [("vm-2" in line, line.split()[2]) for line in told] == [
        (False, "deallocate"),
        (False, "disk"),
        (False, "disk"),
        (False, "update"),
        (False, "start"),
        (True, "disk"),
        (True, "disk"),
    ]


def test_of_very_many_it_is_said_where_the_rest_stands() -> None:
    to = Console(file=io.StringIO(), width=200)
    many = commands_of([back("vm-1", f"disk-{number}", number) for number in range(MOST)])

    told(to, {"rowId": "s 1", "requestId": "s 1", "members": 2, "ended": True}, NOON, many)

    said = to.file.getvalue()
    assert f"… and {MOST} more: followUp in restorectl ls --part-of 's 1' -o json" in said
    assert said.count("az vm disk") == MOST
