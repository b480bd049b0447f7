"""What tests of sets begin with: machines, groups and lists of disks, protected or not."""

import json
from collections.abc import Sequence
from typing import Any

from tests import builders
from tests.world import World

GROUP = "rg-prod"
SOURCES = f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/{GROUP}"
VAULT = f"{SOURCES}/providers/Microsoft.DataProtection/backupVaults/vault-1"


def source(name: str) -> str:
    """Return the id of a source disk."""
    return builders.disk(name, SOURCES)


def protect(world: World, *names: str) -> list[str]:
    """Have disks protected; return their ids."""
    return [world.simulator.source_disk(world.protect(name)) for name in names]


def a_machine(world: World, *data: str, unprotected: Sequence[str] = (), name: str = "vm-1") -> str:
    """Have a machine with an OS disk and these data disks; return its id."""
    machine = world.simulator.add_machine(
        name, data_disks=(*data, *unprotected), group=GROUP, subscription=builders.SUBSCRIPTION
    )
    for disk in world.simulator.disks_of(machine):
        if disk.rpartition("/")[2] not in unprotected:
            world.protect(disk)
    return machine


def send(world: World, **changes: Any) -> None:
    """Send a set, `set-1` where nothing else is said; a change to `...` leaves a field out."""
    body = {
        "requestId": "set-1",
        "targetResourceGroupId": builders.TARGET_GROUP,
        "vaultId": VAULT,
        **changes,
    }
    world.send(json.dumps({k: v for k, v in body.items() if v is not ...}).encode())


def ask(world: World, **changes: Any) -> dict[str, Any]:
    """Send a set, run until nothing is outstanding and return its result row."""
    send(world, **changes)
    world.run()
    return world.result(str(changes.get("requestId", "set-1")))


def withdraw(world: World, request_id: str = "set-1", **more: Any) -> None:
    """Send a withdrawal."""
    world.send(json.dumps({"withdraw": request_id, "requestedBy": "the night", **more}).encode())


def counts(row: dict[str, Any]) -> dict[str, int]:
    """Return how many disks of a set ended how."""
    found: dict[str, int] = json.loads(row["counts"])
    return found


def members(world: World, set_id: str = "set-1") -> dict[str, dict[str, Any]]:
    """Return the result rows of a set's members, by the name of the source disk."""
    rows = [row for row in world.rows("RestoreResults") if row.get("partOf") == set_id]
    return {row["sourceDiskId"].rpartition("/")[2]: row for row in rows}


def plan(world: World, set_id: str = "set-1") -> dict[str, dict[str, Any]]:
    """Return the rows of a set's plan, by the name of the source disk."""
    rows = [row for row in world.rows("RestoreSets") if row["PartitionKey"] == set_id]
    return {
        row["sourceDiskId"].rpartition("/")[2]: row for row in rows if row["RowKey"] != "header"
    }
