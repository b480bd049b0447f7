"""Azurite, the simulated Azure and the host as processes, for one message that means all disks."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from azure.core.exceptions import ResourceNotFoundError

from benchmarks.incident.azure import Azure
from benchmarks.incident.run import Run
from local.azurite import Azurite
from local.chaos.ledger import QUEUES, Ledger
from local.host_process import HostProcess, Local
from local.real_host import PROJECT
from local.stack.settings import app_settings

SET: Final = "incident"
GLANCE: Final = 5.0  # seconds between two looks whether the set has ended.
TELL_EVERY: Final = 30.0  # seconds


class Stage:
    """All three of them, for as long as a `with` block lasts."""

    def __init__(self, folder: Path, run: Run) -> None:
        self._folder = folder
        self._run = run
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        (self._folder / "azurite").mkdir(parents=True)
        self._azurite = Azurite(self._folder / "azurite", tells=True)
        self._azurite.start()
        self.azure = Azure(self._folder, disks=self._run.disks, seconds=self._run.answers)
        settings = {**app_settings(self._azurite, self.azure.settings), **self._settings()}
        self._hosts = [
            HostProcess(Local(), PROJECT, settings, logs=self._folder, name=f"host-{number}")
            for number in range(self._run.hosts)
        ]
        for host in self._hosts:
            host.start()
        self.ledger = Ledger(self._azurite.connection_string)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for host in self._hosts:
            host.kill()
        self.azure.end()
        self._azurite.close()

    def _settings(self) -> Mapping[str, str]:
        return {
            "RESTORE_ALLOW": ";".join(f"{one} => {self.azure.target}" for one in self.azure.vaults),
            "RESTORE_MAX_SET": str(self._run.disks),
            "RESTORE_MAX_ACTIVE": str(self._run.turns),
        }

    def send(self) -> datetime:
        """Send the one message; return when that was."""
        queue = self.ledger.queue(QUEUES[0])
        message = {
            "requestId": SET,
            "sourceResourceGroupId": self.azure.group,
            "targetResourceGroupId": self.azure.target,
            "expectedDisks": self._run.disks,
        }
        while True:
            try:
                sent = datetime.now(UTC)
                queue.send_message(json.dumps(message))
            except ResourceNotFoundError:  # The app makes it in its first tick.
                time.sleep(0.2)
            else:
                return sent

    def wait(self) -> None:
        """Wait until the set has ended and nothing is left over, or patience is."""
        told = time.monotonic()
        while not self._has_ended() and time.monotonic() - self._began < self._run.patience:
            time.sleep(GLANCE)
            if time.monotonic() - told > TELL_EVERY:
                told = time.monotonic()
                self._run.tell(f"{told - self._began:5.0f} s  {next(self.azure.progress())}")

    def wait_for_plan(self) -> None:
        """Wait until the set's plan stands, and its row tells what that has cost."""
        while "armCalls" not in self.row() and time.monotonic() - self._began < self._run.patience:
            time.sleep(0.5)

    def header(self) -> datetime | None:
        """Return when the header of the set's plan was written; None before."""
        try:
            row = self.ledger.table("RestoreSets").get_entity(SET, "header")
        except ResourceNotFoundError:
            return None
        return row.metadata["timestamp"]

    def row(self) -> dict[str, Any]:
        """Return the set's own row as it stands; {} before."""
        try:
            return dict(self.ledger.table("Restores").get_entity(SET, "restore"))
        except ResourceNotFoundError:
            return {}

    def asked_of_azurite(self) -> str:
        """Return Azurite's log."""
        return self._azurite.output()

    def most_memory(self) -> float:
        """Return the most megabytes that a process which runs the functions ever held."""
        return max(_most_memory(host) for host in self._hosts)

    def _has_ended(self) -> bool:
        return "completedAt" in self.row() and not self.ledger.left_over()


def _most_memory(host: HostProcess) -> float:
    status = Path(f"/proc/{host.worker()}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
