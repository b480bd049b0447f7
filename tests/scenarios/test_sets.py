"""Sets: one message brings back a machine, a resource group, a list of disks."""

import json
from typing import Any

from tests import builders
from tests.world import World

GROUP = "rg-prod"
VAULT = (
    f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/{GROUP}/providers"
    "/Microsoft.DataProtection/backupVaults/vault-1"
)
SOURCES = f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/{GROUP}"


def a_machine(world: World, *names: str) -> str:
    """Have a machine with these data disks, all of them protected, and return its id."""
    machine = world.simulator.add_machine(
        "vm-1", data_disks=names, group=GROUP, subscription=builders.SUBSCRIPTION
    )
    for disk in world.simulator.disks_of(machine):
        world.protect(disk)
    return machine


def ask(world: World, **changes: Any) -> dict[str, Any]:
    """Send a set, run until it has ended and return its result row."""
    body = {
        "requestId": "set-1",
        "targetResourceGroupId": builders.TARGET_GROUP,
        "vaultId": VAULT,
        **changes,
    }
    world.send(json.dumps(body).encode())
    world.run()
    return world.result("set-1")


def test_a_machine_comes_back_by_one_message() -> None:
    with World() as world:
        row = ask(world, sourceVirtualMachineId=a_machine(world, "data-1", "data-2"))
        print(json.dumps(row,indent=1,default=str)); print([ (c.method,c.path[-60:]) for c in world.arm_calls()]); print(world.told("set-1")); print(world.rows("RestoreSets"))
        assert row["status"] == "Completed"
        assert json.loads(row["counts"]) == {"Completed": 3}
