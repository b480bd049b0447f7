"""Every plan of up to two deaths over a life.

A process can die before and after each call that leaves it, and when a function is at its end.
Where nothing has changed in storage or in Azure between two such points they are one: dying after a
call is dying before the next one, and between two questions nothing happens. So a point is where
something has changed since the last one: a write, a POST, a message taken.
"""

from collections.abc import Iterator
from typing import Any

from simulator.exchange import Request
from tests.fakes import Message
from tests.simulation.lives import JOB, LIVES, Life
from tests.simulation.process import Process
from tests.simulation.small_world import ASKS_ONLY, SmallWorld
from tests.simulation.world import Report


class Dying(SmallWorld):
    """A life with deaths at points of a plan."""

    def __init__(self, life: Life, deaths: frozenset[int], **options: Any) -> None:
        self.deaths = deaths
        self.points: list[float] = []
        """When each point was passed."""
        self.has_changed = False
        super().__init__(life, **options)
        self.others = {sent.request_id for sent in self.wants.sent if sent.number > 0}

    def dies(self, kind: str, what: str) -> bool:
        if not self.has_changed or (kind == "death-after-a-call" and "the end of" not in what):
            return False
        task = self.scheduler.current
        if task is not None and task.restore in self.others and not self.life.disks:
            return False
        if self.life.disks and not self._is_of_the_set(task.restore if task else ""):
            return False
        self.has_changed = False
        self.points.append(self.scheduler.now)
        return len(self.points) - 1 in self.deaths

    def _is_of_the_set(self, concerned: str) -> bool:
        """Tell whether a death here is one of the set's life, and not one of its second member's.

        Its members are alike: what deaths do on the way of one, they do on the way of all.
        """
        if self.scheduler.now < self.wants.sent[0].at:
            return False
        state = self.watch.documents.get(concerned, {}).get("state", {"is": ""})["is"]
        return ".data-" not in concerned or state in ("", "Enrolled", "Ending")

    def first_of_its_own(self) -> int:
        """Return the first point that the completed life does not have as well."""
        jobs = list(self.simulator.world.jobs.values())
        if not self.life.job_decides or not jobs:
            return self.first_after(self.life.alike)
        return self.first_after(self.seconds(jobs[0].started + JOB))

    def first_after(self, ends: float) -> int:
        """Return the first point that is passed then or later."""
        return next((n for n, when in enumerate(self.points) if when >= ends), len(self.points))

    def written(self, name: str, method: str, args: Any, process: Process) -> None:
        super().written(name, method, args, process)
        self.has_changed = self.has_changed or not f".{method}".endswith(ASKS_ONLY)

    def obeyed(self, asked: Request) -> None:
        super().obeyed(asked)
        self.has_changed = self.has_changed or asked.method == "POST"

    def delivered(self, name: str, message: Message) -> None:
        super().delivered(name, message)
        self.has_changed = True


def plans_of_deaths(
    name: str, *, begin: int = 0, step: int = 1, most: int = 2
) -> Iterator[tuple[Any, Report]]:
    """Live all lives of an ending with one death and with two; give each plan and its report.

    `begin` and `step` take every `step`-th first death only, to share the work; `most` 1 leaves out
    the second deaths.
    """
    life = LIVES[name]
    whole = Dying(life, frozenset())
    report = whole.run()
    if begin == 0:
        yield (), report
    for first in range(whole.first_after(life.alike) + begin, len(whole.points), step):
        world = Dying(life, frozenset({first}))
        yield (first,), world.run()
        if most == 1:
            continue
        for second in range(max(first + 1, world.first_of_its_own()), len(world.points)):
            yield (first, second), Dying(life, frozenset({first, second})).run()
