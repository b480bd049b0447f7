"""Run a command and say what it cost: `python -m tools.cpu_budget [--most SECONDS] command ...`.

Counted is the processor time of the command and of all that it started and waited for. Unlike the
time on the clock it says the same on a busy machine as on an idle one, nearly. More than `--most`
is a failure, also where the command succeeded.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What a command cost."""

    status: int
    cpu: float
    wall: float


def run(command: list[str]) -> Cost:
    """Run a command to its end."""
    began, before = time.monotonic(), _of_children()
    status = subprocess.run(command, check=False).returncode  # noqa: S603 - the caller's own words.
    return Cost(status, _of_children() - before, time.monotonic() - began)


def verdict(cost: Cost, most: float | None) -> tuple[int, str]:
    """Return the exit status, and the sentence to print."""
    minutes, seconds = divmod(round(cost.wall), 60)
    told = f"{cost.cpu:.0f} CPU-seconds in {minutes} min {seconds:02} s"
    if most is None:
        return cost.status, told
    if cost.cpu <= most:
        return cost.status, f"{told}; at most {most:g} CPU-seconds may be used"
    return cost.status or 1, (
        f"TOO DEAR: {told}, and at most {most:g} CPU-seconds may be used. See where they go with"
        " --durations=30; what is thorough and not quick is marked `long` (CONTRIBUTING.md)."
    )


def main(arguments: list[str]) -> int:
    """Run, print, and return the status with which to exit."""
    parser = argparse.ArgumentParser(prog="python -m tools.cpu_budget")
    parser.add_argument("--most", type=float, help="CPU-seconds; more is a failure")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    chosen = parser.parse_args(arguments)
    status, told = verdict(run(chosen.command), chosen.most)
    print(told, flush=True)  # noqa: T201 - its purpose.
    return status


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
