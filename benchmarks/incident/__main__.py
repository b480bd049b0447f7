"""One message that brings a thousand disks back, on Azurite, a simulated Azure and the local host.

The simulated Azure is as fast as recorded and has ARM's buckets; four vaults of one subscription.
Runs, each on its own Azure and Azurite, `--only` one of them:

    plan      a set of 500 disks: how soon its plan stands, and by how many calls
    all       1,000 disks, as many turns: how late the last job ends, by the bound that ARM sets
    waves     1,000 disks at the default of 200 turns
    hundred   100 disks
    pollers   100 disks by the vendor's own client, its pollers in a thread for each

Exits with 1 where a goal is missed, a disk is lost, or one is restored twice.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.incident import figures, judge
from benchmarks.incident.azure import Azure
from benchmarks.incident.bound import Bound
from benchmarks.incident.figures import Azures
from benchmarks.incident.pollers import restore_all
from benchmarks.incident.run import Run
from benchmarks.incident.stage import SET, Stage
from benchmarks.incident.traffic import of_the_app, requests_in

DEFAULT_TURNS: Final = 200
PLAN_SECONDS: Final = 5.0
PLAN_CALLS: Final = 10
NAMES: Final = ("plan", "all", "waves", "hundred", "pollers")


def main() -> int:
    """Measure and tell the shell whether every goal was met."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.incident",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", choices=NAMES, action="append", help="may be given again")
    parser.add_argument("--disks", type=int, default=1_000, help="of `all` and `waves`")
    parser.add_argument("--answers", type=float, default=0.0, help="seconds that each takes")
    parser.add_argument("--hosts", type=int, default=1, help="that share the work")
    chosen = parser.parse_args()
    for name in [name for name in os.environ if name.upper().startswith(("AZURE", "RESTORE"))]:
        del os.environ[name]
    os.environ["NO_PROXY"] = "127.0.0.1"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    many, how = chosen.disks, (chosen.hosts, chosen.answers)
    runs = {
        "plan": Run("plan", 500, DEFAULT_TURNS, *how),
        "all": Run("all", many, many, *how),
        "waves": Run("waves", many, DEFAULT_TURNS, *how),
        "hundred": Run("hundred", 100, 100, *how),
        "pollers": Run("pollers", 100, 0, *how),
    }
    return max(measure(runs[name]) for name in chosen.only or NAMES)


def measure(run: Run) -> int:
    """Run one, print its figures, and return 1 where something is wrong."""
    with tempfile.TemporaryDirectory(prefix="incident-") as folder:
        run.tell(f"{run.disks:,} disks, {run.hosts} host(s); answers take {run.answers:g} s")
        match run.name:
            case "plan":
                wrong = plan(run, Path(folder))
            case "pollers":
                wrong = pollers(run, Path(folder))
            case _:
                wrong = incident(run, Path(folder))
    for sentence in wrong[:20]:
        run.tell(f"WRONG: {sentence}")
    return 1 if wrong else 0


def plan(run: Run, folder: Path) -> list[str]:
    """Measure how soon a plan stands, once the host has taken the message; return what is wrong."""
    with Stage(folder, run) as stage:
        sent = stage.send()
        stage.wait_for_plan()
        row, written = stage.row(), stage.header()
    accepted, calls = row.get("acceptedAt", sent), int(row.get("armCalls", 0))
    waited = (accepted - sent).total_seconds()
    took = (written - accepted).total_seconds() if written else float("inf")
    run.tell(
        f"the plan stood {took:.1f} s and {calls} ARM calls after the message was accepted, "
        f"which had waited {waited:.1f} s for the host: it looks every five seconds at least"
    )
    wrong = [f"the plan stood later than after {PLAN_SECONDS:g} s"] if took > PLAN_SECONDS else []
    return wrong + ([f"it cost more than {PLAN_CALLS} calls"] if calls > PLAN_CALLS else [])


def incident(run: Run, folder: Path) -> list[str]:
    """Let a message bring all disks back; return what is wrong."""
    with Stage(folder, run) as stage:
        sent = stage.send()
        stage.wait()
        report, ledger = stage.azure.report(), stage.ledger
        memory, traffic = stage.most_memory(), requests_in(stage.asked_of_azurite())
        results = list(ledger.table("RestoreResults").list_entities())
        rows = list(ledger.table("RestoreSets").query_entities(f"PartitionKey eq '{SET}'"))
        left = ledger.left_over()
    azures = Azures(sent, report, Bound(run.disks))
    for line in (
        *azures.told(),
        *figures.moments([row for row in results if row.get("partOf")], sent),
        *figures.transactions(traffic, of_the_app(traffic), run.disks),
        f"the worker held {memory:.0f} MB at the most",
    ):
        run.tell(line)
    return [
        *azures.missed(has_bound=run.name == "all"),
        *judge.wrong_jobs(report, run.disks),
        *judge.wrong_results(results, SET, run.disks),
        *judge.wrong_plan(rows, run.disks),
        *(f"{where} still holds {number}" for where, number in left.items()),
    ]


def pollers(run: Run, folder: Path) -> list[str]:
    """Let the vendor's client bring all disks back; what it does badly is not ours to judge."""
    azure = Azure(folder, disks=run.disks, seconds=run.answers)
    try:
        sent, began = datetime.now(UTC), time.monotonic()
        failed = restore_all(azure)
        took, report = time.monotonic() - began, azure.report()
    finally:
        azure.end()
    for line in Azures(sent, report, Bound(run.disks)).told():
        run.tell(line)
    run.tell(f"all threads had ended after {took:.0f} s; {failed} disks were given up")
    complaints = report["accusations"]
    run.tell(f"the simulated Azure complains {len(complaints)} times: {complaints[:1]}")
    return []


if __name__ == "__main__":
    sys.exit(main())
