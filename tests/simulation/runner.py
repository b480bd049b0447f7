"""Many worlds, on all cores, and what they add up to."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from typing import Any, Final, Self, TypeVar

from tests.simulation import faults
from tests.simulation.deaths import plans_of_deaths
from tests.simulation.lives import LIVES
from tests.simulation.races import every_race, orders_of_a_race
from tests.simulation.world import Breach, Report, World

T = TypeVar("T")
DEPTH: Final = 2
"""How often, in a race, the one that could go on stands back at the most."""


@dataclass
class Totals:
    """What worlds add up to."""

    worlds: int = 0
    restores: int = 0
    calls: int = 0
    hours: float = 0
    faults: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[Any, Breach]] = field(default_factory=list)

    def add(self, what: Any, report: Report) -> None:
        """Add a world; `what` is how it is found again."""
        self.worlds += 1
        self.restores += report.restores
        self.calls += report.calls
        self.hours += report.span / 3600
        self.faults += report.faults
        self.statuses += report.statuses
        self.checks += report.checks
        if report.breaches:
            self.broken.append((what, report.breaches[0]))

    def __iadd__(self, other: Self) -> Self:
        for name in ("worlds", "restores", "calls", "hours", "faults", "statuses", "checks"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.broken += other.broken
        return self

    @property
    def never_injected(self) -> list[str]:
        """Return the kinds of faults that never struck."""
        return [kind for kind in (*faults.ALL, faults.CONSEQUENCE) if not self.faults[kind]]


def random_worlds(seeds: Iterable[int]) -> Totals:
    """Run the worlds of some seeds."""
    totals = Totals()
    for seed in seeds:
        totals.add(seed, World(seed, faults.choose(seed)).run())
    return totals


def deaths(name: str, begin: int = 0, step: int = 1, most: int = 2) -> Totals:
    """Try the plans of deaths of one ending, of which this share."""
    totals = Totals()
    for plan, report in plans_of_deaths(name, begin=begin, step=step, most=most):
        totals.add((name, plan), report)
    return totals


def races(name: str, race: str, number: int, most: int) -> Totals:
    """Try all orders of one race."""
    totals = Totals()
    for script, report in orders_of_a_race(name, race, number=number, most=most):
        totals.add((name, race, number, script), report)
    return totals


def on_all_cores(
    work: Callable[..., T], jobs: Iterable[tuple[Any, ...]], *, until: float | None = None
) -> Iterator[T]:
    """Do all jobs, or as many as can be begun before a time of the wall clock."""
    cores = os.cpu_count() or 1
    waiting = iter(jobs)
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        under_way = {pool.submit(work, *job) for job in islice(waiting, cores + 1)}
        while under_way:
            done = next(as_completed(under_way))
            under_way.remove(done)
            if until is None or time.monotonic() < until:
                under_way |= {pool.submit(work, *job) for job in islice(waiting, 1)}
            yield done.result()


def all_deaths(*, every: int = 1) -> Totals:
    """Try every plan of up to two deaths, for each way in which a restore can end.

    With `every` above 1, those of every so-manieth first death: a power of two, at most 8.
    """
    shares = 8
    begins = range(0, shares, every)
    jobs = [(name, begin, shares) for begin in begins for name in LIVES]
    return _sum(on_all_cores(deaths, jobs))


def all_races() -> Totals:
    """Try every order of every race."""
    return _sum(on_all_cores(races, every_race(DEPTH)))


def seeds(chosen: Sequence[int]) -> Totals:
    """Run the worlds of some seeds, on all cores."""
    size = 5
    jobs = [(chosen[begin : begin + size],) for begin in range(0, len(chosen), size)]
    return _sum(on_all_cores(random_worlds, jobs))


def _sum(parts: Iterable[Totals]) -> Totals:
    totals = Totals()
    for part in parts:
        totals += part
    totals.broken.sort(key=str)
    return totals
