"""The Functions host in virtual time: it delivers messages, fires the timer, buries processes.

By the rules of the real one: a message is hidden for ten minutes while its function runs, deleted
when it returns, shown again a minute after it raised, poisoned after sixty times; no invocation
lives longer than five minutes, and then its process ends with all that ran in it; one timer at a
time, unless its lease is lost.
"""

import itertools
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any, Final

import function_app
from restore_core.azure.arm import Arm
from restore_core.azure.backup_vault import BackupVault
from restore_core.azure.queues import AccountQueues
from restore_core.azure.tables.account import AccountTables
from restore_core.contract.queue_names import REQUESTS, STEPS
from restore_core.engine.engine import Engine
from restore_core.reading.doctor import Doctor
from restore_core.reading.http_api import HttpApi
from tests.fakes import Message
from tests.simulation import azure
from tests.simulation.faults import CONSEQUENCE
from tests.simulation.ground import Ground
from tests.simulation.plan import Settings
from tests.simulation.process import Invocation, Process
from tests.simulation.storage import Queues, Tables

HIDES: Final = 600
RETRY: Final = 60
MAX_DEQUEUE: Final = 60
AT_ONCE: Final = 5
"""Messages of one queue that a process works on together: host.json."""
POLLS_WITHIN: Final = 5
TICK: Final = 30
HANDOVER: Final = 120
"""Seconds without a tick at the most, until another host has the timer."""
SKEW: Final = 150
"""Seconds by which a process's clock is off at the most, so that two differ by five minutes."""


class Host:
    """All processes of the app, and what calls their functions."""

    def __init__(self, world: Ground) -> None:
        self.world = world
        self._rng = world.faults.stream("host")
        self._numbers = itertools.count(1)
        self._next_tick = 0.0
        self._phase = self._rng.uniform(0, TICK)
        self._ticks = 0
        self.processes: list[Process] = []
        self.bodies = _bodies()
        _hosts[:] = [self]

    @property
    def is_at_work(self) -> bool:
        """Tell whether a function runs."""
        return any(one for process in self.processes for one in process.invocations.values())

    # --------------------------------------------------------------------------------- processes

    def begin(self) -> Process:
        """Begin a process with the settings of the moment."""
        world = self.world
        skew = 0.0
        if world.faults.has("clock-skew"):
            skew = self._rng.choice((-SKEW, SKEW, self._rng.uniform(-SKEW, SKEW)))
            world.faults.count("clock-skew")
        number, skewed = next(self._numbers), timedelta(seconds=skew)
        process = Process(world, number, skewed, world.settings, self.bury)
        world.settings_used.append(world.settings)
        process.engine = self._engine(process, world.settings)
        process.invocations = {name: [] for name in (REQUESTS, STEPS, "timer")}
        self.processes.append(process)
        for name in (REQUESTS, STEPS):
            world.scheduler.at(world.scheduler.now, lambda name=name: self._deliver(name))
        self._plan_tick()
        return process

    def bury(self, process: Process) -> None:
        """Begin another process for one that has died."""
        self.processes.remove(process)
        if self.world.host_lives and not self._queues_are_out():
            self._show_what_it_held(process)
        self.world.host_lives = False
        self.world.scheduler.at(
            self.world.scheduler.now + self._rng.uniform(0.5, 40), lambda: self.begin() and None
        )

    def _show_what_it_held(self, process: Process) -> None:
        """Take all that ran in a worker that died for tries that failed: its host still lives."""
        for name in (REQUESTS, STEPS):
            queue = self.world.queue(name)
            for taken in (one.message for one in process.invocations[name]):
                held = next((m for m in queue.messages if taken and m.id == taken.id), None)
                if held is None or held.pop_receipt != taken.pop_receipt:
                    continue
                if taken.dequeue_count >= MAX_DEQUEUE:
                    self._poison(name, taken)
                else:
                    self._show(name, held, RETRY)

    def replace(self) -> None:
        """Let all processes end and others begin, as a change of settings does."""
        for process in list(self.processes):
            process.die()

    def _engine(self, process: Process, settings: Settings) -> Engine:
        arm = Arm(
            azure.ENDPOINT,
            azure.Identity(process),
            api_version=settings.api_version,
            clock=process.clock,
            quota=settings.rules.quota,
        )
        session: Any = arm._session
        session.mount("https://", azure.Wire(process))
        session.mount("http://", azure.Wire(process))
        session.trust_env = False
        return Engine.of(
            tables=AccountTables(Tables(process)),
            vault=BackupVault(arm, process.clock),
            queues=AccountQueues(Queues(process)),
            rules=settings.rules,
            clock=process.clock,
        )

    def engine_here(self) -> Engine:
        """Return the engine of the process that runs now."""
        current: Any = self.world.scheduler.current
        engine: Engine = current.owner.engine
        return engine

    def _invoke(
        self,
        process: Process,
        name: str,
        work: Callable[[], None],
        then: Callable[[bool], None],
        message: Message | None = None,
    ) -> None:
        scheduler = self.world.scheduler
        invocation = Invocation(scheduler.now, message=message)
        process.invocations[name].append(invocation)

        def run() -> None:
            succeeded = True
            try:
                work()
            except Exception as error:  # noqa: BLE001  the host takes every one for a failure
                succeeded = False
                self.world.note(f"{name} raises {type(error).__name__}")
            process.boundary(f"the end of {name}", "death-after-a-call")
            process.invocations[name].remove(invocation)
            then(succeeded)
            self.world.look_whether_it_is_over()

        invocation.task = scheduler.spawn(f"{name} {process.number}", run, process)
        scheduler.at(
            scheduler.now + self.world.function_timeout, lambda: self._end(process, invocation)
        )

    def _end(self, process: Process, invocation: Invocation) -> None:
        task = invocation.task
        if task is not None and not task.done and process.alive:
            self.world.faults.count(CONSEQUENCE)
            self.world.note(f"process {process.number} is ended: {task.name} took too long")
            process.die()

    # ---------------------------------------------------------------------------------- messages

    def wake(self, name: str, at: float) -> None:
        """Look at a queue soon after a time: a message becomes visible then."""
        when = at + self._rng.uniform(0.05, POLLS_WITHIN)
        self.world.scheduler.at(when, lambda: self._deliver(name))

    def _deliver(self, name: str) -> None:
        world, scheduler = self.world, self.world.scheduler
        if self._queues_are_out():
            self.wake(name, world.end_of_storages_outage())
            return
        queue = world.queue(name)
        while True:
            free = [p for p in self.processes if len(p.invocations[name]) < AT_ONCE]
            visible = [m for m in queue.messages if m.visible_at <= world.azure_clock()]
            if not free or not visible:
                return
            if world.faults.has("message-out-of-order") and len(visible) > 1:
                world.faults.count("message-out-of-order")
                chosen = self._rng.choice(visible)
                queue.messages.remove(chosen)
                queue.messages.insert(0, chosen)
            taken = queue.take(1, HIDES)[0]
            held = next(m for m in queue.messages if m.id == taken.id)
            self.wake(name, scheduler.now + HIDES)
            if taken.dequeue_count > MAX_DEQUEUE:
                self._poison(name, taken)
            elif not self._is_spoilt(name, held):
                self._function(self._rng.choice(free), name, taken)

    def _queues_are_out(self) -> bool:
        return self.world.is_storage_out(tables=False)

    def _is_spoilt(self, name: str, held: Message) -> bool:
        """Let what can go wrong with a delivery do so; True: nothing is delivered now."""
        world = self.world
        kind = world.faults.strikes("message")
        if kind is None or (kind == "step-lost" and name != STEPS):
            return False
        world.faults.count(kind)
        world.note(f"{kind}: {name}")
        match kind:
            case "step-lost":
                world.queue(name).messages.remove(held)
                return True
            case "message-late":
                self._show(name, held, self._rng.choice((40, 400, 4000, 15000)))
                return True
            case "message-at-the-same-time-twice":
                self._show(name, held, 0)
                return False
            case _:
                held.pop_receipt = "lost"  # Deleting it will fail, and it is shown again.
                return False

    def _show(self, name: str, held: Message, after: float) -> None:
        held.visible_at = self.world.azure_clock() + timedelta(seconds=after)
        self.wake(name, self.world.scheduler.now + after)

    def _function(self, process: Process, name: str, message: Message) -> None:
        queue = self.world.queue(name)

        def then(succeeded: bool) -> None:  # noqa: FBT001
            held = next((m for m in queue.messages if m.id == message.id), None)
            self.world.scheduler.at(self.world.scheduler.now, lambda: self._deliver(name))
            if held is None or held.pop_receipt != message.pop_receipt:
                return
            if self._queues_are_out():
                return  # Neither deleted nor shown: it comes again when its time is over.
            if succeeded:
                queue.messages.remove(held)
            elif message.dequeue_count >= MAX_DEQUEUE:
                self._poison(name, message)
            else:
                self._show(name, held, RETRY)

        work = self.bodies["accept_restore" if name == REQUESTS else "advance_restore"]
        self.world.delivered(name, message)
        self._invoke(process, name, lambda: work(Delivery(message)), then, message)

    def _poison(self, name: str, message: Message) -> None:
        world, queue = self.world, self.world.queue(name)
        queue.messages[:] = [m for m in queue.messages if m.id != message.id]
        now = world.azure_clock()
        world.queue(f"{name}-poison").messages.append(Message(message.content, now, now))
        world.note(f"a message of {name} is poisoned")
        self.need_tick(world.scheduler.now)

    # ------------------------------------------------------------------------------------- timer

    def need_tick(self, when: float) -> None:
        """Let the timer fire at its next moment from `when` on; before, it would find nothing."""
        soonest = max(when, self.world.scheduler.now + 0.001)
        count = -(-(soonest - self._phase) // TICK)
        self._set_tick(self._phase + count * TICK)

    def _set_tick(self, when: float) -> None:
        if self.world.scheduler.now < self._next_tick <= when:
            return
        self._next_tick = when
        self._ticks += 1
        number = self._ticks
        self.world.scheduler.at(when, lambda: number == self._ticks and self._fire())

    def _fire(self) -> None:
        world = self.world
        kind = world.faults.strikes("timer")
        if kind is not None:
            world.faults.count(kind)
            world.note(kind)
        if kind == "timer-silent-for-an-hour":
            self._set_tick(world.scheduler.now + 3600)
            return
        if kind == "timer-handover":
            self._set_tick(world.scheduler.now + self._rng.uniform(TICK, HANDOVER))
            return
        if not self.processes or (kind is None and self._is_ticking()):
            self._set_tick(world.scheduler.now + TICK)
            return
        for _ in range(2 if kind == "timer-twice-at-once" else 1):
            self.tick(self._rng.choice(self.processes))
        self._plan_tick()

    def tick(self, process: Process) -> None:
        """Call the timer's function in a process."""
        work = self.bodies["poll_restores"]
        nothing: Any = None
        self._invoke(
            process, "timer", lambda: work(nothing, nothing), lambda _succeeded: self._plan_tick()
        )

    def _is_ticking(self) -> bool:
        return any(process.invocations["timer"] for process in self.processes)

    def _plan_tick(self) -> None:
        need = self.world.next_need()
        if need is not None:
            self.need_tick(max(need, self.world.scheduler.now + 0.001))


class Delivery:
    """A message as the worker library hands it to a function."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self.insertion_time = message.inserted_on

    def get_body(self) -> bytes:
        return self._message.content.encode("utf-8", "surrogateescape")


_hosts: list[Host] = []


def _engine_here() -> Engine:
    return _hosts[0].engine_here()


def _no_receiver_here() -> HttpApi:
    raise NotImplementedError("nobody asks over HTTP in these worlds")


def _no_doctor_here() -> Doctor:
    raise NotImplementedError("nobody asks how the app is in these worlds")


@cache
def _bodies() -> dict[str, Callable[..., None]]:
    """Return the bodies of the app's functions: they ask for the engine of whoever runs them."""
    app = function_app.functions(_engine_here, _no_receiver_here, _no_doctor_here)
    return {f.get_function_name(): f.get_user_function() for f in app.get_functions()}
