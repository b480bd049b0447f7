"""The commands that put a set's new disks into the places of the old ones, in a safe order.

Each disk's own `followUp` names its commands. Of a machine whose OS disk is among them the order
matters: it stops first, its data disks are swapped, then the OS disk, and only then does it start.
Pure.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from restorectl.next_commands import COMMAND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from restore_core.reading.items import Item

MOST: Final = 40
"""Commands that a person is shown; of more, what lists them."""
_AND: Final = " && "
_BEFORE: Final = "az vm deallocate "
"""What the commands of an OS disk begin with; the machine is swapped and started after it."""


def commands_of(members: Iterable[Item]) -> list[str]:
    """Return the commands for all disks that are back, one machine after the other."""
    machines: dict[str, list[str]] = defaultdict(list)
    for item in sorted(members, key=lambda one: str(one.get("sourceDiskId", "")).lower()):
        told = str(item.get("followUp", ""))
        if COMMAND in told:
            line = told.partition(COMMAND)[2]
            machines[_machine(line)].append(line)
    return [command for name in sorted(machines) for command in _ordered(machines[name])]


def _ordered(lines: list[str]) -> Iterator[str]:
    """Yield the commands of one machine: between its stop and its start, where it must stop."""
    os_disks = [line.split(_AND) for line in lines if line.startswith(_BEFORE)]
    yield from (stop for stop, *_ in os_disks)
    for line in lines:
        if not line.startswith(_BEFORE):
            yield from line.split(_AND)
    for _, *rest in os_disks:
        yield from rest


def _machine(line: str) -> str:
    """Return a machine's name and place, as both kinds of commands tell it."""
    words = shlex.split(line)
    told = dict(pairwise(words))
    if "--ids" in told:
        parts = told["--ids"].lower().split("/")
        return "/".join((parts[2], parts[4], parts[8]))
    names = ("--subscription", "--resource-group", "--vm-name")
    return "/".join(told.get(name, "").lower() for name in names)
