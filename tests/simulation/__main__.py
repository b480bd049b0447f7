"""Run worlds for an hour, for so many seeds, or one of them with its trace.

::

    python -m tests.simulation                 every plan of deaths and every race, then random
                                               worlds, for an hour, on all cores
    python -m tests.simulation --seeds 1000    the worlds of 1,000 seeds
    python -m tests.simulation --seed 17       one world; if it fails, the smallest that fails too
"""

import argparse
import itertools
import sys
import time
from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.simulation import faults, invariants, runner
from tests.simulation.lives import LIVES
from tests.simulation.races import every_race
from tests.simulation.runner import Totals, on_all_cores
from tests.simulation.shrink import smallest
from tests.simulation.world import World

AT_A_TIME: Final = 5
DEEP: Final = 3
"""How often the one that could go on stands back in a race; `make test-long` has one less."""
MOST_TRACED: Final = 400

out = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Do what the command line says; 1 where an invariant does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, help="replay one world")
    parser.add_argument("--seeds", type=int, help="run so many worlds, and no longer")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--hours", type=float, default=1.0, help="how long without --seeds")
    told = parser.parse_args()
    if told.seed is not None:
        return replay(told.seed)
    return soak(told.seeds, told.first, told.hours)


def replay(seed: int) -> int:
    """Run one world and show what became of it; of one that fails, the smallest."""
    found = smallest(seed)
    if found is None:
        report = World(seed, faults.choose(seed), tracing=True).run()
        out.print(*report.trace, sep="\n", markup=False)
        out.print(f"seed {seed}: {report.restores} restores, {dict(report.statuses)}; all is well")
        return 0
    report = found.report
    out.print(*report.trace[-MOST_TRACED:], sep="\n", markup=False)
    for breach in report.breaches:
        out.print(str(breach), markup=False)
    out.print(f"seed {seed}, faults: {', '.join(sorted(found.kinds)) or 'none'}", markup=False)
    out.print(f"messages kept: {sorted(found.kept)}", markup=False)
    return 1


def soak(count: int | None, first: int, hours: float) -> int:
    """Run worlds until the time or the seeds are over, and print what they add up to."""
    began = time.monotonic()
    until = None if count else began + hours * 3600
    exhausted = {} if count else {"deaths": _all_deaths(), "races": _all_races()}
    totals = _random(first, count, until)
    for name, tried in exhausted.items():
        out.print(f"\nEvery plan of {name}: {tried.worlds:,} worlds, {tried.calls:,} calls")
    _print(totals, time.monotonic() - began)
    broken = [*totals.broken, *(one for tried in exhausted.values() for one in tried.broken)]
    for what, breach in broken:
        out.print(f"BROKEN {what}: {breach}", markup=False)
    seeds = [what for what, _ in totals.broken]
    if seeds:
        out.print(f"\nmake soak SEED={seeds[0]} shows the smallest world that fails so.")
    return 1 if broken else 0


def _all_deaths() -> Totals:
    shares = 16
    jobs = [(name, begin, shares) for begin in range(shares) for name in LIVES]
    return _with_a_bar("deaths", on_all_cores(runner.deaths, jobs), len(jobs))


def _all_races() -> Totals:
    jobs = every_race(DEEP)
    return _with_a_bar("races", on_all_cores(runner.races, jobs), len(jobs))


def _random(first: int, count: int | None, until: float | None) -> Totals:
    begins: Iterable[int] = itertools.count(first, AT_A_TIME)
    if count is not None:
        begins = range(first, first + count, AT_A_TIME)
    last = first + count if count is not None else None
    jobs = ((range(n, min(n + AT_A_TIME, last or n + AT_A_TIME)),) for n in begins)
    length = -(-count // AT_A_TIME) if count is not None else None
    done = on_all_cores(runner.random_worlds, jobs, until=until)
    return _with_a_bar("worlds", done, length, until)


def _with_a_bar(
    name: str, parts: Iterable[Totals], length: int | None, until: float | None = None
) -> Totals:
    totals, began = Totals(), time.monotonic()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    whole = length if length is not None else (until or began) - began
    with Progress(*columns, console=out) as progress:
        bar = progress.add_task(name, total=whole, told="")
        for part in parts:
            totals += part
            for what, breach in part.broken:
                out.print(f"BROKEN {what}: {breach}", markup=False)
            told = f"{totals.worlds:,} worlds, {len(totals.broken)} broken"
            passed = time.monotonic() - began
            if length is not None:
                progress.update(bar, advance=1, told=told)
            else:
                progress.update(bar, completed=min(passed, whole), told=told)
    return totals


def _print(totals: Totals, seconds: float) -> None:
    """Print figures as they can stand in a document."""
    minutes = seconds / 60
    out.print(f"\n{totals.worlds:,} random worlds with {totals.restores:,} restores and ", end="")
    out.print(f"{totals.calls:,} calls, {totals.hours / 24:,.0f} days of virtual time, ", end="")
    out.print(f"in {minutes:.1f} minutes ({totals.worlds / minutes:,.0f} worlds a minute).\n")
    _table("result", totals.statuses.most_common())
    _table("checked", [(name, totals.checks[name]) for name in invariants.NAMES])
    kinds = [(kind, totals.faults[kind]) for kind in (*faults.ALL, faults.CONSEQUENCE)]
    _table("fault injected", kinds)


def _table(what: str, rows: Iterable[tuple[str, int]]) -> None:
    out.print(f"| {what} | times |\n| --- | ---: |", markup=False)
    for name, times in rows:
        out.print(f"| {name} | {times:,} |", markup=False)
    out.print()


if __name__ == "__main__":
    sys.exit(main())
