"""Two thousand messages at once on the local stack: all end, none twice, memory stays flat.

Azurite, a simulated Azure and the host are processes of their own; the host is the app as it is.
Prints how many have ended and what the host's process holds in memory, all the time.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from local.azurite import Azurite
from local.chaos.cloud import Cloud
from local.chaos.ledger import QUEUES
from local.chaos.plan import Plan
from local.host_process import HostProcess, Local
from local.real_host import PROJECT

MOST_ACTIVE = 900  # Of 2,000 that the setting takes; the figures that are published had so many.
TELL_EVERY = 15.0  # seconds
FLAT = 1.25  # How much more the host may hold at the end than when it had accepted everything.
MEGABYTE = 1024


def main() -> int:
    """Measure and tell the shell whether it is as it must be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.messages", description=__doc__)
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--pace", type=float, default=4.0, help="4: a job takes a minute")
    parser.add_argument("--patience", type=float, default=5_400.0, help="seconds in all")
    chosen = parser.parse_args()
    for name in [name for name in os.environ if name.upper().startswith(("AZURE", "RESTORE"))]:
        del os.environ[name]
    os.environ["NO_PROXY"] = "127.0.0.1"
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        return Load(chosen.messages, chosen.pace, chosen.patience, Path(folder)).run()


class Load:
    """One run."""

    def __init__(self, messages: int, pace: float, patience: float, folder: Path) -> None:
        self._messages = messages
        self._patience = patience
        self._pace = pace
        (folder / "azurite").mkdir()
        plan, since = Plan(restores=messages, pace=pace), datetime.now(UTC)
        self._azurite = Azurite(folder / "azurite")
        self._cloud = Cloud(plan, folder, since, keeps=False)
        self._folder = folder
        self._host: HostProcess | None = None
        self._began = time.monotonic()
        self.memory: list[tuple[float, int, float]] = []

    def run(self) -> int:
        """Send everything, wait, judge."""
        try:
            self._azurite.start()
            self._cloud.start()
            settings = {
                "AzureWebJobsStorage": self._azurite.connection_string,
                "RestoreStorage": self._azurite.connection_string,
                "RESTORE_ALLOW": "* => *",
                "RESTORE_MAX_ACTIVE": str(MOST_ACTIVE),
                "RESTORE_ARM_READS": f"250+{25 * self._pace:g}",  # The simulator is so much faster.
                "RESTORE_ARM_WRITES": f"200+{10 * self._pace:g}",
                "RESTORE_POLL_SCHEDULE": "*/30 * * * * *",
                "PYTHON_THREADPOOL_THREAD_COUNT": "16",
                **self._cloud.settings,
            }
            self._host = HostProcess(Local(), PROJECT, settings, logs=self._folder)
            self._host.start()
            self._send()
            self._watch()
            return self._judge()
        finally:
            if self._host:
                self._host.kill()
            self._cloud.end()
            self._azurite.close()

    def _send(self) -> None:
        queue = self._queues.get_queue_client(QUEUES[0])
        while not _exists(queue):
            time.sleep(0.2)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: queue.send_message(self._message(number)), self._numbers))
        self._tell("all messages are on the queue")

    @property
    def _numbers(self) -> list[int]:
        numbers = list(range(self._messages))
        random.Random(0).shuffle(numbers)  # noqa: S311  no secret hangs on it
        return numbers

    def _message(self, number: int) -> str:
        instance = self._cloud.instances[number]
        return json.dumps(
            {
                "requestId": f"load-{number}",
                "backupInstanceId": instance,
                "targetResourceGroupId": instance.partition("/providers/")[0] + "-restored",
                "targetDiskName": f"restored-{number}",
            }
        )

    def _watch(self) -> None:
        while self._ended() < self._messages and self._elapsed() < self._patience:
            time.sleep(TELL_EVERY)
            self.memory.append((self._elapsed(), self._ended(), self._resident()))
            at, ended, megabytes = self.memory[-1]
            self._tell(f"{ended:,} ended; the host holds {megabytes:.0f} MB")
            del at

    def _judge(self) -> int:
        rows = list(self._table("RestoreResults").list_entities())
        report = self._cloud.report()
        jobs = Counter(job["target"].lower() for job in report["jobs"])
        statuses = Counter(str(row["status"]) for row in rows)
        wrong = []
        if statuses != {"Completed": self._messages}:
            wrong.append(f"the results are {dict(statuses)}")
        if len(jobs) != self._messages or max(jobs.values()) > 1:
            wrong.append(f"{len(jobs)} disks by {sum(jobs.values())} jobs")
        half = [megabytes for _, _, megabytes in self.memory[len(self.memory) // 3 :]]
        if half and half[-1] > FLAT * half[0]:
            wrong.append(f"the host grew from {half[0]:.0f} to {half[-1]:.0f} MB")
        took = sorted(int(row["durationSeconds"]) for row in rows)
        _print(
            f"{len(rows):,} results, {sum(jobs.values()):,} jobs, {report['callCount']:,} ARM calls"
            f" in {self._elapsed():.0f} s; a restore took {took[len(took) // 2]} s in the middle, "
            f"{took[-1]} s at most"
        )
        for sentence in wrong:
            _print(f"WRONG: {sentence}")
        return 1 if wrong else 0

    def _ended(self) -> int:
        return sum(1 for _ in self._table("RestoreResults").list_entities(select=["RowKey"]))

    def _resident(self) -> float:
        """Return what the process that runs the functions holds."""
        worker = self._host.worker() if self._host else None
        if worker is None:
            return 0.0
        status = Path(f"/proc/{worker}/status").read_text(encoding="utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / MEGABYTE

    @property
    def _queues(self) -> QueueServiceClient:
        return QueueServiceClient.from_connection_string(self._azurite.connection_string)

    def _table(self, name: str):  # noqa: ANN202  the SDK's
        service = TableServiceClient.from_connection_string(self._azurite.connection_string)
        return service.get_table_client(name)

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _tell(self, what: str) -> None:
        _print(f"{self._elapsed():7.0f} s  {what}")


def _exists(queue) -> bool:  # noqa: ANN001  the SDK's
    try:
        queue.get_queue_properties()
    except ResourceNotFoundError:
        return False
    return True


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a program that talks to a person


if __name__ == "__main__":
    sys.exit(main())
