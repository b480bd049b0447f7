"""Which disks a virtual machine has: by Resource Graph, confirmed by the machine itself.

The graph is behind, and shows nothing of what the app may not read. So the machine is asked, where
the right to read it exists, and is believed. Without the graph, nobody says which disks there are.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from restore_core.azure.arm import Arm
from restore_core.azure.attachments import places_in
from restore_core.azure.resource_graph import ResourceGraph, Row, same
from restore_core.azure.vault_calls import GONE
from restore_core.contract.resource_ids import DiskId, InvalidId, VirtualMachineId
from restore_core.errors import Problem, Rejected
from restore_core.lifecycle.sets import Attachment
from restore_core.loose_json import text_of

API_VERSION: Final = "2024-07-01"
"""Of Microsoft.Compute/virtualMachines."""
_FORBIDDEN: Final = 403


@dataclass(frozen=True)
class MachineDisks:
    """The disks of a machine."""

    disks: list[DiskId]
    places: Mapping[DiskId, Attachment]
    """Where each is attached; empty where only the graph has told."""
    is_confirmed: bool
    """Whether the machine itself has told."""


class Machines:
    """Asks for the disks of machines. Safe for threads."""

    def __init__(self, arm: Arm, graph: ResourceGraph) -> None:
        self._arm = arm
        self._graph = graph

    def disks_of(self, machine: VirtualMachineId) -> MachineDisks:
        """Return the disks of `machine`; raise Unavailable, or Rejected where nobody tells."""
        query = (
            "Resources | where type =~ 'microsoft.compute/disks'"
            f" | where {same('managedBy', machine)}"
            " | order by id asc | project id, name, managedBy, properties"
        )
        rows = self._graph.all_rows(query, [machine.group.subscription])
        if rows is None:
            raise Rejected(_no_graph(machine))
        told = self._itself(machine)
        if told is None:
            return MachineDisks(_disks(rows), {}, is_confirmed=False)
        return MachineDisks(list(told), told, is_confirmed=True)

    def _itself(self, machine: VirtualMachineId) -> Mapping[DiskId, Attachment] | None:
        """Return what the machine says of its disks; None where it may not be read."""
        try:
            return places_in(self._arm.get(str(machine), api_version=API_VERSION).body)
        except Rejected as error:
            if error.status == _FORBIDDEN:
                return None
            if error.status in GONE:
                raise Rejected(_gone(machine), status=error.status) from None
            raise


def _disks(rows: Sequence[Row]) -> list[DiskId]:
    """Return the disks that rows name; a row with another id is no disk's."""
    found = []
    for row in rows:
        with suppress(InvalidId):
            found.append(DiskId.parse(text_of(row.get("id"))))
    return found


def _no_graph(machine: VirtualMachineId) -> Problem:
    return Problem(
        "GraphNeeded",
        f"Resource Graph, which says which disks {machine.name} has, is switched off or refuses.",
        "Give the app's identity the right to read disks and machines, and RESTORE_RESOURCE_GRAPH "
        "the value true; or name the disks (sourceDiskIds) or their resource group "
        "(sourceResourceGroupId), with a new requestId.",
    )


def _gone(machine: VirtualMachineId) -> Problem:
    return Problem(
        "MachineGone",
        f"There is no virtual machine {machine}: which disks it had, nobody knows any more.",
        "Name the resource group (sourceResourceGroupId), of which every protected disk comes "
        "back, or the disks (sourceDiskIds), with a new requestId.",
    )
