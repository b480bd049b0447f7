"""The machine of the demo and of the stack: what the bad day is tried on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from simulator import Simulator

SUFFIX: Final = "-new"


def machine_message(simulator: Simulator, request_id: str, target_group: str) -> dict[str, Any]:
    """Let a machine exist with three protected disks; return the message that asks for all."""
    machine = simulator.add_machine("vm-1", data_disks=("vm-1-data", "vm-1-log"))
    disks = simulator.disks_of(machine)
    for disk in disks:
        simulator.protect(disk)
    return {
        "requestId": request_id,
        "sourceVirtualMachineId": machine,
        "targetResourceGroupId": target_group,
        "targetDiskSuffix": SUFFIX,
        "expectedDisks": len(disks),
    }
