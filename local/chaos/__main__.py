"""The real parts with real kills: Azurite on disk, the simulated Azure and the host as processes.

Restores are sent, and while they are under way the host is killed with SIGKILL at random moments,
Azurite is stopped and started again, and the simulated Azure is killed and started again. At the
end every request has one result, no disk was restored twice, every transition was told, and nothing
is left in a queue, no outstanding row, no lock. Exits with 1 where that is not so; says what it
did, and what it counted.

With `--speed 1`, the default, the app runs as it is, under `python -m local.host`: a message that a
killed host had taken stays hidden for ten minutes, and a claim whose POST was never sent is
believed to be lost after ten (five of the function's time-out, five of clock skew; the lag of job
lists is set to a second). That is what the run takes most of its time for. With `--speed 30` the
processes share a clock that goes thirty times as fast (`local.chaos.fast`).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.data.tables import TableClient, TableServiceClient
from azure.storage.queue import QueueServiceClient

from local.azurite import Azurite
from local.child import Child

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_ACTIVE = 20  # Restores at once, so that some must wait for their turn.
QUEUES = (
    "restore-requests",
    "restore-steps",
    "restore-requests-poison",
    "restore-steps-poison",
)
EMPTY_TABLES = ("OutstandingRestores", "TargetLocks")
GREETING = r"\b(ARM_ENDPOINT|IDENTITY_ENDPOINT|IDENTITY_HEADER)=(\S+)"
GLANCE = 0.5  # seconds between two looks at what has ended.
TELL_EVERY = 15.0  # seconds between two lines while nothing is killed.


@dataclass(frozen=True)
class Plan:
    """What shall happen."""

    restores: int = 50
    kills: int = 30
    outages: int = 3
    speed: float = 1.0
    pace: float = 1.0
    """How much faster than recorded Azure is, at speed 1: with 2, a job takes two minutes."""
    longest_wait: float = 7.0
    """Seconds between two events, at most."""
    patience: float = 2_400.0
    """Seconds for all of it."""
    seed: int = 0


@dataclass
class Cloud:
    """The simulated Azure as a process that keeps its world in a file, unless told not to."""

    plan: Plan
    folder: Path
    since: datetime
    keeps: bool = True
    settings: dict[str, str] = field(default_factory=dict)
    instances: list[str] = field(default_factory=list)
    child: Child | None = None
    starts: int = 0

    def start(self) -> None:
        """Start it, the second time where it was."""
        port = self.settings["ARM_ENDPOINT"].rpartition(":")[2] if self.settings else "0"
        # A disk for each restore: the same one twice within an hour would be refused.
        disks = [f"--protect=disk-{number}" for number in range(self.plan.restores)]
        state = [f"--state={self.folder / 'azure.json'}"] if self.keeps else []
        common = [*state, f"--port={port}", *disks]
        program = ["simulator", f"--pace={self.plan.pace:g}"]
        if self.plan.speed > 1:
            program = ["local.chaos.fast", "simulator", *_speed(self.plan, self.since)]
        self.starts += 1
        log = self.folder / f"azure-{self.starts}.log"
        self.child = Child([sys.executable, "-m", *program, *common], log=log)
        self.settings = dict(self.child.wait_for(GREETING, count=3))
        self.instances = self.child.wait_for(r"protected (\S+)", count=self.plan.restores)

    def kill(self) -> None:
        """Let it be gone in the middle of whatever it does."""
        if self.child:
            kill(self.child)

    def end(self) -> None:
        """Let it end what it does."""
        if self.child:
            self.child.end()

    def report(self) -> dict[str, Any]:
        """Ask it for everything that happened."""
        url = self.settings["ARM_ENDPOINT"]
        answer: dict[str, Any] = requests.get(f"{url}/simulator/report", timeout=30).json()
        return answer


@dataclass
class Host:
    """The local host as a process."""

    plan: Plan
    folder: Path
    since: datetime
    settings: Mapping[str, str]
    child: Child | None = None
    starts: int = 0

    def start(self) -> None:
        """Start it."""
        program = ["local.host", "--port", "0"]
        if self.plan.speed > 1:
            program = ["local.chaos.fast", "host", *_speed(self.plan, self.since)]
        self.starts += 1
        log = self.folder / f"host-{self.starts}.log"
        command = [sys.executable, "-m", *program]
        self.child = Child(command, log=log, environment=self.settings)
        self.child.wait_for("host.started")

    def kill(self) -> None:
        """Let it be gone in the middle of whatever it does."""
        if self.child:
            kill(self.child)

    def end(self) -> None:
        """Let it end what it does."""
        if self.child:
            self.child.end()


class Chaos:
    """One run."""

    def __init__(self, plan: Plan, folder: Path, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._say = say
        self._random = random.Random(plan.seed)  # noqa: S311 - no secret hangs on it.
        self._began = time.monotonic()
        (folder / "azurite").mkdir()
        since = datetime.now(UTC)
        self._azurite = Azurite(folder / "azurite")
        self._cloud = Cloud(plan, folder, since)
        self._host = Host(plan, folder, since, {})
        self.did: Counter[str] = Counter()
        self.under_way: list[int] = []
        """Restores that had not ended at each kill of the host."""

    def run(self) -> list[str]:
        """Do it all and return what is not as it must be."""
        try:
            self._azurite.start()
            self._cloud.start()
            self._host.settings = self._settings()
            self._host.start()
            self._send()
            self._break_things()
            self.did["seconds of kills"] = round(self._elapsed())
            ended = self._wait()
            self.did["seconds in all"] = round(self._elapsed())
            return [*([] if ended else ["it did not end in time"]), *self._judge()]
        finally:
            self._host.end()
            self._cloud.end()
            self._azurite.close()

    # ---------------------------------------------------------------------------------- doing

    def _settings(self) -> dict[str, str]:
        return {
            "AzureWebJobsStorage": self._azurite.connection_string,
            "RestoreStorage": self._azurite.connection_string,
            "RESTORE_ALLOW": "* => *",
            "RESTORE_MAX_ACTIVE": str(min(MOST_ACTIVE, self._plan.restores // 2 + 1)),
            "RESTORE_EVENTS": "all",
            "RESTORE_JOB_LIST_LAG_SECONDS": "1",
            "RESTORE_POLL_SCHEDULE": f"*/{1 if self._plan.speed > 1 else 5} * * * * *",
            "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:01",
            "PYTHON_THREADPOOL_THREAD_COUNT": "16",
            **self._cloud.settings,
        }

    def _send(self) -> None:
        queue = self._queues.get_queue_client(QUEUES[0])
        for number in range(self._plan.restores):
            instance = self._cloud.instances[number]
            body = {
                "requestId": f"chaos-{number}",
                "backupInstanceId": instance,
                "targetResourceGroupId": instance.partition("/providers/")[0] + "-restored",
                "targetDiskName": f"restored-{number}",
            }
            while True:
                try:
                    queue.send_message(json.dumps(body))
                    break
                except ResourceNotFoundError:  # The app creates its queues in its first tick.
                    time.sleep(GLANCE)
        self._tell(f"{self._plan.restores} requests are on the queue")

    def _break_things(self) -> None:
        events: list[Callable[[], None]] = [self._kill_host] * self._plan.kills
        for outage in (self._stop_azurite, self._kill_cloud):
            for _ in range(self._plan.outages):
                events.insert(self._random.randint(1, len(events)), outage)
        for event in events:
            time.sleep(self._random.uniform(0.05, self._plan.longest_wait))
            event()

    def _kill_host(self) -> None:
        self.under_way.append(self._plan.restores - self._results())
        self._host.kill()
        self._note("host killed")
        self._host.start()

    def _stop_azurite(self) -> None:
        self._away("Azurite stopped", self._azurite.stop, self._azurite.start)

    def _kill_cloud(self) -> None:
        self._away("simulated Azure killed", self._cloud.kill, self._cloud.start)

    def _away(self, what: str, stop: Callable[[], None], start: Callable[[], None]) -> None:
        """Let something be away for a while; now and then the host dies meanwhile, too."""
        with_host = self._random.random() < 1 / 3
        stop()
        if with_host:
            self._host.kill()
            self._note("host killed in an outage")
        time.sleep(self._random.uniform(0.2, self._plan.longest_wait))
        start()
        self._note(what)
        if with_host:
            self._host.start()

    def _wait(self) -> bool:
        """Wait until everything has ended; tell whether it did in time."""
        told = self._elapsed()
        while self._elapsed() < self._plan.patience:
            if self._results() >= self._plan.restores and not self._left_over():
                return True
            if self._elapsed() - told > TELL_EVERY:
                told = self._elapsed()
                self._tell("waiting")
            time.sleep(GLANCE)
        return False

    # --------------------------------------------------------------------------------- judging

    def _judge(self) -> list[str]:
        wanted = {f"chaos-{number}" for number in range(self._plan.restores)}
        rows = list(self._table("RestoreResults").list_entities())
        results = Counter(str(row["RowKey"]) for row in rows)
        wrong = [f"{name} has no result" for name in sorted(wanted - set(results))]
        wrong += [f"a result of {name}, which nobody sent" for name in set(results) - wanted]
        wrong += [f"{name} has {n} results" for name, n in results.items() if n > 1]
        wrong += [
            f"{row['RowKey']} ended {row['status']}: {row.get('errorMessage')}"
            for row in rows
            if row["status"] != "Completed"
        ]
        report = self._cloud.report()
        jobs = Counter(job["target"].lower() for job in report["jobs"])
        wrong += [f"{target} was restored {n} times" for target, n in jobs.items() if n > 1]
        wrong += [a for a in report["accusations"] if "a second restore" in a]
        wrong += [f"{where} still holds {n}" for where, n in self._left_over().items()]
        wrong += self._judge_events(wanted)
        self.did["results"], self.did["jobs"] = len(rows), len(report["jobs"])
        return wrong

    def _judge_events(self, wanted: set[str]) -> list[str]:
        """Say what is wrong with what was told: each restore to its end, without a gap."""
        queue = self._queues.get_queue_client("restore-events")
        received = queue.receive_messages(messages_per_page=32, visibility_timeout=600)
        events = [json.loads(str(message.content)) for message in received]
        told: dict[str, set[int]] = {name: set() for name in wanted}
        for event in events:
            told[event["subject"]].add(int(event["sequence"]))
        ends = {event["subject"] for event in events if ".completed." in event["type"]}
        self.did["events"] = len(events)
        gaps = [name for name, seen in told.items() if seen != set(range(1, len(seen) + 1))]
        return [
            *(f"{name} was not told to its end" for name in sorted(wanted - ends)),
            *(f"{name} was told with a gap: {sorted(told[name])}" for name in sorted(gaps)),
        ]

    def _results(self) -> int:
        return self._count("RestoreResults")

    def _left_over(self) -> dict[str, int]:
        """Return what still holds something: queues with what is hidden there, and tables."""
        held = {name: self._count(name) for name in EMPTY_TABLES}
        for name in QUEUES:
            properties = self._queues.get_queue_client(name).get_queue_properties()
            held[name] = properties.approximate_message_count or 0
        return {name: number for name, number in held.items() if number}

    def _count(self, table: str) -> int:
        return sum(1 for _ in self._table(table).list_entities(select=["RowKey"]))

    def _table(self, name: str) -> TableClient:
        service = TableServiceClient.from_connection_string(self._azurite.connection_string)
        return service.get_table_client(name)

    @property
    def _queues(self) -> QueueServiceClient:
        return QueueServiceClient.from_connection_string(self._azurite.connection_string)

    # --------------------------------------------------------------------------------- telling

    def _note(self, what: str) -> None:
        self.did[what] += 1
        self._tell(f"{what} ({self.did[what]})")

    def _tell(self, what: str) -> None:
        try:
            stand = Counter(str(r["status"]) for r in self._table("Restores").list_entities())
        except AzureError:
            self._say(f"{self._elapsed():6.1f} s  {what}")
            return
        states = ", ".join(f"{state} {number}" for state, number in sorted(stand.items()))
        self._say(f"{self._elapsed():6.1f} s  {what:32} {states}")

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


def kill(child: Child) -> None:
    """Kill a child and all it started, in the middle of whatever they do."""
    os.killpg(child.pid, signal.SIGKILL)
    child.end()


def _speed(plan: Plan, since: datetime) -> list[str]:
    return [f"--speed={plan.speed:g}", f"--since={since.isoformat()}"]


def main() -> int:
    """Run it and tell the shell how it went."""
    parser = argparse.ArgumentParser(prog="python -m local.chaos", description=__doc__)
    parser.add_argument("--restores", type=int, default=Plan.restores)
    parser.add_argument("--kills", type=int, default=Plan.kills)
    parser.add_argument("--outages", type=int, default=Plan.outages, help="of each service")
    parser.add_argument("--speed", type=float, default=Plan.speed)
    parser.add_argument("--pace", type=float, default=Plan.pace)
    parser.add_argument("--longest-wait", type=float, default=Plan.longest_wait)
    parser.add_argument("--patience", type=float, default=Plan.patience, help="seconds in all")
    parser.add_argument("--seed", type=int, default=None)
    chosen = vars(parser.parse_args())
    chosen["seed"] = random.randrange(2**32) if chosen["seed"] is None else chosen["seed"]  # noqa: S311
    plan = Plan(**chosen)
    for name in [name for name in os.environ if name.upper().startswith(("AZURE", "RESTORE"))]:
        del os.environ[name]
    os.environ["NO_PROXY"] = "127.0.0.1"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _print(f"seed {plan.seed}: {plan}")
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        chaos = Chaos(plan, Path(folder), _print)
        wrong = chaos.run()
    for what, number in chaos.did.items():
        _print(f"{number:8}  {what}")
    _print(f"Restores under way at each kill: {chaos.under_way}")
    for sentence in wrong:
        _print(f"WRONG: {sentence}")
    _print(f"Again: make chaos SEED={plan.seed}" if wrong else "Nothing was lost, nothing twice.")
    return 1 if wrong else 0


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that talks to a person.


if __name__ == "__main__":
    sys.exit(main())
