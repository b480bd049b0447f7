"""What the deployment costs a month, from `infra/prices.json`: the table in `infra/README.md`.

`python -m tools.cost` writes the table, `--check` says whether it is up to date. Edit the prices
and what is used; nothing here looks a price up. What a restore and a tick use is counted by tests,
and stands in `docs/design.md`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

INFRA: Final = Path(__file__).parents[1] / "infra"
PRICES: Final = INFRA / "prices.json"
PAGE: Final = INFRA / "README.md"
RESTORES: Final = 1_000
HOURS: Final = 720  # A month of thirty days.
SECONDS: Final = HOURS * 3_600
DESIGN: Final = INFRA.parent / "docs" / "design.md"
_RESTORE: Final = re.compile(r"(\d+) invocations, (\d+) storage transactions of its own")
_TICK: Final = re.compile(r"\*\*An idle tick\*\* costs (\d+) transactions")
_TABLE: Final = re.compile(r"(?<=<!-- cost -->\n).*?(?=<!-- /cost -->)", re.DOTALL)

Row = tuple[str, str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table, or say whether it is up to date."""
    parser = argparse.ArgumentParser(prog="python -m tools.cost", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the table is out of date")
    old = PAGE.read_text(encoding="utf-8")
    new = _TABLE.sub(lambda _: table(told()), old)
    if not parser.parse_args(arguments).check:
        PAGE.write_text(new, encoding="utf-8")
        return 0
    if old == new:
        return 0
    print("infra/README.md is out of date: run `python -m tools.cost`.", file=sys.stderr)  # noqa: T201
    return 1


def told() -> dict[str, Any]:
    """Return the prices and what is used, what was counted among it."""
    prices: dict[str, Any] = json.loads(PRICES.read_text(encoding="utf-8"))
    design = DESIGN.read_text(encoding="utf-8")
    restore, tick = _RESTORE.search(design), _TICK.search(design)
    if restore is None or tick is None:
        raise ValueError("docs/design.md does not tell what a restore and an idle tick use.")
    prices["usage"] |= {
        "executionsPerRestore": int(restore[1]),
        "storageCallsPerRestore": int(restore[2]),
        "storageCallsPerTick": int(tick[1]),
    }
    return prices


def table(told: dict[str, Any]) -> str:
    """Return the whole table."""
    prices, usage = told["prices"], told["usage"]
    where = f"{told['currency']}, {told['region']}, {told['date']}"
    parts = (
        ("At rest, a month", at_rest(prices, usage)),
        (f"{RESTORES:,} restores more", restores(prices, usage)),
        ("A closed network more, a month", closed(prices, usage)),
    )
    lines = [f"| what | how much | {where} |", "| --- | --- | ---: |"]
    for name, rows in parts:
        lines.append(f"| **{name}** | | **{sum(row[2] for row in rows):.2f}** |")
        lines += [f"| {what} | {much} | {cost:.2f} |" for what, much, cost in rows]
    return "\n".join([*lines, ""])


def at_rest(prices: dict[str, float], usage: dict[str, float]) -> list[Row]:
    """Return what ticks and waiting cost."""
    ticks = SECONDS / usage["secondsBetweenTicks"]
    polls = SECONDS / usage["secondsBetweenPollsOfAQueue"] * usage["queuesPolled"]
    calls = ticks * usage["storageCallsPerTick"] + polls
    return [
        _time(ticks, prices, usage, free=prices["freeGbSeconds"]),
        _executions(ticks, prices, free=prices["freeExecutions"]),
        _calls(calls, prices),
        _log(ticks * usage["kbOfLogPerTick"], prices),
        (
            "alert rules, each five minutes",
            f"{usage['alertRules']}",
            usage["alertRules"] * prices["alertRuleEachFiveMinutes"],
        ),
    ]


def restores(prices: dict[str, float], usage: dict[str, float]) -> list[Row]:
    """Return what restores cost on top, with nothing of the free grants left."""
    executions = RESTORES * usage["executionsPerRestore"]
    return [
        _time(executions, prices, usage, free=0),
        _executions(executions, prices, free=0),
        _calls(RESTORES * usage["storageCallsPerRestore"], prices),
        _log(RESTORES * usage["kbOfLogPerRestore"], prices),
    ]


def closed(prices: dict[str, float], usage: dict[str, float]) -> list[Row]:
    """Return what private endpoints cost on top; their traffic is too little to show."""
    endpoints = usage["endpointsOfAClosedNetwork"]
    cost = endpoints * HOURS * prices["endpointHour"]
    return [("private endpoints", f"{endpoints} for {HOURS} h", cost)]


def _time(
    executions: float, prices: dict[str, float], usage: dict[str, float], *, free: float
) -> Row:
    used = executions * usage["secondsPerExecution"] * usage["memoryGb"]
    paid = max(0.0, used - free)
    grant = f", {free:,.0f} of them free" if free else ""
    return "the app's time", f"{used:,.0f} GB-s{grant}", paid * prices["gbSecond"]


def _executions(number: float, prices: dict[str, float], *, free: float) -> Row:
    paid = max(0.0, number - free) / 1e6 * prices["millionExecutions"]
    grant = f", {free:,.0f} free" if free else ""
    return "executions", f"{number:,.0f}{grant}", paid


def _calls(number: float, prices: dict[str, float]) -> Row:
    return "storage calls", f"{number:,.0f}", number / 1e4 * prices["tenThousandStorageCalls"]


def _log(kilobytes: float, prices: dict[str, float]) -> Row:
    gigabytes = kilobytes / 1e6
    return "log", f"{gigabytes:.2f} GB", gigabytes * prices["gbOfLog"]


if __name__ == "__main__":
    sys.exit(main())
