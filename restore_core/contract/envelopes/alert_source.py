"""What an alert is about, as the source of a request: one disk, or all that a machine has. Pure.

Which disk of several is meant is never guessed, and a machine is never taken for its disks unless
the rule says so.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

from restore_core.contract.envelopes.custom_properties import WHOLE_MACHINE
from restore_core.contract.resource_ids import DiskId, InvalidId, VirtualMachineId
from restore_core.errors import MalformedRequest
from restore_core.text import quoted

MAX_TOLD: Final = 3
"""Disks or machines that a reason names."""

_MACHINE: Final = re.compile(r"/providers/microsoft\.compute/virtualmachines/", re.IGNORECASE)
_PROVIDERS: Final = re.compile(r"/providers/", re.IGNORECASE)
_WHAT_TO_ADD: Final = (
    "Add to the custom properties of the alert rule targetResourceGroupId and either "
    "backupInstanceId or sourceDiskId, the latter with vaultId where RESTORE_DEFAULT_VAULT is "
    "not set."
)
_OR_ALL: Final = (
    f"For all disks of the machine, add targetResourceGroupId and {WHOLE_MACHINE}: true."
)

_Id = TypeVar("_Id")


def disks_among(targets: Sequence[str]) -> list[DiskId]:
    """Return the disks that an alert is about, each once."""
    return _among(DiskId.parse, targets)


def only_disk(targets: Sequence[str]) -> DiskId:
    """Return the one disk that an alert is about; raise MalformedRequest where there is not one."""
    disks = disks_among(targets)
    if not disks:
        raise MalformedRequest(_without_disk(targets))
    if len(disks) > 1:
        raise MalformedRequest(
            f"The alert is about {len(disks)} disks ({_names(disks)}), and which of them is meant "
            "is never guessed. Add sourceDiskId to the custom properties of the alert rule."
        )
    return disks[0]


def only_machine(targets: Sequence[str]) -> VirtualMachineId:
    """Return the one machine whose disks are asked for; raise MalformedRequest likewise."""
    machines = _among(VirtualMachineId.parse, targets)
    if not machines:
        raise MalformedRequest(
            f"{WHOLE_MACHINE} asks for all disks of a virtual machine, and the alert names none: "
            f"{_what(targets)}. Take it out of the custom properties of the alert rule, or add "
            "sourceVirtualMachineId instead."
        )
    if len(machines) > 1:
        raise MalformedRequest(
            f"{WHOLE_MACHINE} asks for all disks of one virtual machine, and the alert is about "
            f"{len(machines)} ({_names(machines)}). Split the rule, so that each machine has an "
            "alert of its own, or add sourceVirtualMachineId instead."
        )
    return machines[0]


def _among(parse: Callable[[str], _Id], targets: Sequence[str]) -> list[_Id]:
    found: dict[_Id, None] = {}
    for target in targets:
        with suppress(InvalidId):
            found.setdefault(parse(target))
    return [*found]


def _names(some: Sequence[DiskId | VirtualMachineId]) -> str:
    names = ", ".join(f"{one.name} in {one.group.name}" for one in some[:MAX_TOLD])
    return names + (", …" if len(some) > MAX_TOLD else "")


def _without_disk(targets: Sequence[str]) -> str:
    for target in targets:
        machine = _MACHINE.split(target)[1:]
        if machine:
            return (
                f"The alert is about the virtual machine {quoted(machine[0])}, which may have "
                "several disks, and which of them is meant is never guessed. "
                f"{_WHAT_TO_ADD} {_OR_ALL}"
            )
    return f"The alert names no disk: {_what(targets)}. {_WHAT_TO_ADD}"


def _what(targets: Sequence[str]) -> str:
    if not targets:
        return "it has no target at all"
    return f"its target is {quoted(_PROVIDERS.split(targets[0])[-1])}"
