"""Every order of two workers over one piece of work of a life, or over two different ones.

At one delivery (or tick) the same work is given to two processes at the same moment, and which of
them makes its next call is chosen every time; all choices are tried, with a bound on how often the
one that could go on must stand back. Other races are of two different pieces of work.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from restore_core.contract.queue_names import REQUESTS, STEPS
from tests.fakes import Message
from tests.simulation.host import Delivery, Host
from tests.simulation.lives import LIVES, RIVALS, Life
from tests.simulation.process import Process
from tests.simulation.small_world import ASKS_ONLY, SmallWorld
from tests.simulation.world import Report


class _Choices:
    """Who goes on, each time that two could: the one that has run, or the other one."""

    def __init__(self, script: tuple[int, ...], most: int) -> None:
        self._script = script
        self._left = most
        self.made: list[tuple[int, bool]] = []
        """What was chosen, and whether there was a choice."""
        self._count = 0

    def __call__(self) -> float:
        self._count += 1
        number = len(self.made)
        stands_back = number < len(self._script) and self._script[number] == 1
        self.made.append((int(stands_back), self._left > 0))
        self._left -= stands_back
        return float(self._count if stands_back else -self._count)

    def next_script(self) -> tuple[int, ...] | None:
        """Return the choices of the next race in the order of all of them, or None."""
        for number in reversed(range(len(self.made))):
            choice, was_free = self.made[number]
            if choice == 0 and was_free:
                return (*(made for made, _ in self.made[:number]), 1)
        return None


class _RacingHost(Host):
    """Gives the n-th piece of work of a kind to two processes at once."""

    world: "Racing"

    def _function(self, process: Process, name: str, message: Message) -> None:
        super()._function(process, name, message)
        if not self.world.is_on_the_line(name):
            return
        if self.world.race == "step and tick":
            self.tick(self._other_than(process))
        elif self.world.race not in _COME_BY_THEMSELVES:
            work = self.bodies["accept_restore" if name == REQUESTS else "advance_restore"]
            other = self._other_than(process)
            self._invoke(other, name, lambda: work(Delivery(message)), lambda _: None)
        self.world.begin()

    def tick(self, process: Process) -> None:
        super().tick(process)
        if not self.world.is_on_the_line("tick"):
            return
        if self.world.race == "request and turn":
            self.world.begin()
            self.world.send(self.world.late)
            self._deliver(REQUESTS)
        else:
            super().tick(self._other_than(process))
            self.world.begin()

    def _is_spoilt(self, name: str, held: Message) -> bool:
        """Let a step that shall race with a tick be late: before, a tick would leave it alone."""
        late = self.world.race == "step and tick" and held.dequeue_count == 1
        if late and name == STEPS and self.world.seen[STEPS] + 1 == self.world.number:
            self._show(name, held, 200)
            self.silent_until = self.world.scheduler.now + 220
            return True
        return False

    def _fire(self) -> None:
        if self.world.scheduler.now < self.silent_until and not self.world.happened:
            self._set_tick(self.silent_until)
            return
        super()._fire()

    silent_until = 0.0

    def _other_than(self, process: Process) -> Process:
        return next(other for other in self.processes if other is not process)


class Racing(SmallWorld):
    """A life in which two processes do the same at one moment."""

    def __init__(
        self, life: Life, race: str, *, number: int, script: tuple[int, ...], most: int
    ) -> None:
        self.race = race
        self.number = number
        self.happened = False
        self.is_racing = False
        self.seen: Counter[str] = Counter()
        self.choices = _Choices(script, most)
        super().__init__(life)
        self.wants.processes = 2
        self.scheduler.tie = self._tie

    def make_host(self) -> Host:
        return _RacingHost(self)

    def is_on_the_line(self, name: str) -> bool:
        """Tell whether this is the piece of work that two shall do."""
        if self.is_racing or self.idle_calls:
            return False
        if self.race in RIVALS and name == "tick" and not self._may_call():
            return False
        self.seen[name] += 1
        return _RACES[self.race] == name and self.seen[name] == self.number

    def begin(self) -> None:
        """Let the race begin."""
        self.is_racing = self.happened = True

    def pause(self, what: str, seconds: float, *, is_answered: bool) -> None:
        if not self.is_racing:
            super().pause(what, seconds, is_answered=is_answered)
        elif not is_answered and not what.endswith(ASKS_ONLY):
            self.scheduler.sleep(0)

    def look_whether_it_is_over(self) -> None:
        self.is_racing = self.is_racing and self.host.is_at_work
        super().look_whether_it_is_over()

    def _deploy(self) -> None:
        super()._deploy()
        for process in self.host.processes:
            process.engine.sweep._created = True

    def _tie(self) -> float:
        return self.choices() if self.is_racing and self.scheduler.others_are_ready() else 0.0


_RACES: Final = {
    "two accept": REQUESTS,
    "two steps": STEPS,
    "step and tick": STEPS,
    "two ticks": "tick",
    "two requests": REQUESTS,
    "two sets": REQUESTS,
    "set and withdrawal": REQUESTS,
    "two turns": "tick",
    "request and turn": "tick",
}

_COME_BY_THEMSELVES: Final = ("two requests", "two sets", "set and withdrawal")
"""Races in which the other one need not be called: both were sent at one moment."""


def orders_of_a_race(
    name: str, race: str, *, number: int, most: int
) -> Iterator[tuple[Any, Report]]:
    """Run the n-th piece of work of a life twice at once, in every order; nothing: there is none.

    `most` bounds how often the one that could go on stands back.
    """
    script: tuple[int, ...] | None = ()
    while script is not None:
        life = RIVALS.get(race) or LIVES[name]
        world = Racing(life, race, number=number, script=script, most=most)
        report = world.run()
        if not world.happened:
            return
        yield script, report
        script = world.choices.next_script()


def every_race(most: int) -> list[tuple[str, str, int, int]]:
    """Return each race there is: life, kind, which piece of work, and the bound."""
    found = []
    for name in ("completed", "answer to the restore lost", "restore never arrived", "job failed"):
        for race in _RACES:
            if race not in RIVALS and (name == "completed" or race != "two accept"):
                numbers = range(1, 12 if race == "two ticks" else 9)
                found += [(name, race, number, most) for number in numbers]
    return found + [("rivals", race, number, most) for race in RIVALS for number in (1, 2)]
