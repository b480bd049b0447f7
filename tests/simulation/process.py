"""One process of the app: its clock, its driver, its death, and every call that leaves it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from restore_core.contract.resource_ids import BackupVaultId
from restore_core.engine.driver import Driver
from restore_core.lifecycle.outbox import FINAL, Stage
from restore_core.lifecycle.policy import Policy
from restore_core.lifecycle.rules import Rules
from tests.simulation.scheduler import Killed, Task

if TYPE_CHECKING:
    from tests.simulation.world import World

T = TypeVar("T")


@dataclass
class Settings:
    """What a process read from its environment when it began."""

    allow: str
    max_age: timedelta = timedelta(hours=48)
    job_list_lag: timedelta = timedelta(seconds=600)
    api_version: str = "2025-07-01"
    default_vault: str = ""
    deleted_disks: bool = False
    cooldown: timedelta = timedelta(minutes=60)
    max_active: int = 200
    told: frozenset[Stage] = FINAL

    @property
    def rules(self) -> Rules:
        """Return the rules that the app reads in them."""
        return Rules(
            Policy.parse(self.allow),
            default_vault=BackupVaultId.parse(self.default_vault) if self.default_vault else None,
            restores_deleted_disks=self.deleted_disks,
            cooldown=self.cooldown,
            max_active=self.max_active,
            max_age=self.max_age,
            job_list_lag=self.job_list_lag,
            told=self.told,
        )


@dataclass
class Invocation:
    """One call of a function."""

    begun: float
    task: Task | None = None


@dataclass(eq=False)
class Process:
    """A worker process of the Functions host: several invocations at once, one death for all."""

    world: "World"
    number: int
    skew: timedelta
    settings: Settings
    driver: Driver = field(init=False)
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
            self.world.host.bury(self)

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
