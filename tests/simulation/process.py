"""One process of the app: its clock, its engine, its death, and every call that leaves it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from restore_core.engine.engine import Engine
from tests.fakes import Message
from tests.simulation.ground import Ground
from tests.simulation.plan import Settings
from tests.simulation.scheduler import Killed, Task

T = TypeVar("T")


@dataclass
class Invocation:
    """One call of a function."""

    begun: float
    task: Task | None = None
    message: Message | None = None
    """What it was called for; None: a tick."""


@dataclass(eq=False)
class Process:
    """A worker process of the Functions host: several invocations at once, one death for all."""

    world: Ground
    number: int
    skew: timedelta
    settings: Settings
    bury: Callable[["Process"], None]
    """Whom it leaves to begin another one."""
    engine: Engine = field(init=False)
    alive: bool = True
    invocations: dict[str, list[Invocation]] = field(default_factory=dict)

    def clock(self) -> datetime:
        """Return what time this process holds it to be."""
        return self.world.azure_clock() + self.skew

    def call(self, what: str, effect: Callable[[], T], fastest: float, slowest: float) -> T:
        """Let a call leave, take its time, be obeyed and be answered; die around it."""
        world = self.world
        latency = world.latency.uniform
        self.boundary(what, "death-before-a-call")
        try:
            world.pause(what, latency(fastest, slowest), is_answered=False)
        except Killed:
            if world.in_flight():
                effect()
            raise
        try:
            answer = effect()
        except Exception as error:
            world.note(f"{what} -> {type(error).__name__}: {error}")
            self._arrive(what, latency(fastest, slowest))
            raise
        world.note(what, answer)
        self._arrive(what, latency(fastest, slowest))
        return answer

    def boundary(self, what: str, kind: str) -> None:
        """Die here, if this is where it dies."""
        if self.world.dies(kind, what):
            self.world.note(f"the process dies ({kind}: {what})")
            self.die()
            raise Killed

    def die(self) -> None:
        """End, and everything that runs in it; the host begins another one."""
        if self.alive:
            self.alive = False
            for task in list(self.world.scheduler.tasks):
                if task.owner is self:
                    self.world.scheduler.kill(task)
            self.bury(self)

    def deadline(self) -> float:
        """Return when the current invocation is ended by the host."""
        return self.world.begun_of_current() + self.world.function_timeout

    def _arrive(self, what: str, latency: float) -> None:
        self.boundary(what, "death-after-a-call")
        self.world.pause(what, latency, is_answered=True)

    def about(self, request_id: str) -> None:
        """Say which restore the current task is about."""
        task = self.world.scheduler.current
        if task is not None:
            task.restore = request_id

    @property
    def concerned(self) -> str:
        """Return the restore that the current task is about."""
        task: Any = self.world.scheduler.current
        return task.restore if task else ""
