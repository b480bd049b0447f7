"""The calls of Microsoft.Compute that are answered here: one disk, one machine.

Whoever asks has been let in by `arm`: his token, api-version and rights are good.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator import arm_ids, compute_bodies
from simulator.errors import not_there
from simulator.exchange import Answer
from simulator.machines import owners
from simulator.routes import Answering, Asked
from simulator.world import World


@dataclass
class Compute:
    """Answers calls; whoever calls it sees to it that calls come one at a time."""

    world: World
    answers: Mapping[str, Answering] = field(init=False, repr=False)
    """What answers a route, by the route's name."""

    def __post_init__(self) -> None:
        self.answers = {"disk": self._disk, "machine": self._machine}

    def _disk(self, asked: Asked) -> Answer:
        key = arm_ids.key(asked.parts["resource_id"])
        disk = self.world.disks.get(key)
        if disk is None:
            raise not_there("Microsoft.Compute/disks", asked.parts["resource_id"])
        owner = owners(self.world.machines.values(), asked.now).get(key)
        return Answer.of(compute_bodies.disk(disk, owner))

    def _machine(self, asked: Asked) -> Answer:
        machine = self.world.machines.get(arm_ids.key(asked.parts["resource_id"]))
        if machine is None:
            raise not_there("Microsoft.Compute/virtualMachines", asked.parts["resource_id"])
        return Answer.of(compute_bodies.machine(machine, self.world.disks, asked.now))
