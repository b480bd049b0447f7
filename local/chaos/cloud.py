"""The simulated Azure as a process that can be killed and started again."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from local.child import Child
from local.ports import free_port

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from local.chaos.plan import Plan

GREETING = r"\b(ARM_ENDPOINT|IDENTITY_ENDPOINT|IDENTITY_HEADER)=(\S+)"


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
        port = self.settings["ARM_ENDPOINT"].rpartition(":")[2] if self.settings else free_port()
        # A disk for each restore: the same one twice within an hour would be refused.
        disks = [f"--protect=disk-{number}" for number in range(self.plan.restores)]
        state = [f"--state={self.folder / 'azure.json'}"] if self.keeps else []
        common = [*state, f"--port={port}", *disks]
        program = ["simulator", f"--pace={self.plan.pace:g}"]
        if self.plan.speed > 1:
            program = ["local.chaos.fast", "simulator", *speed(self.plan, self.since)]
        self.starts += 1
        log = self.folder / f"azure-{self.starts}.log"
        self.child = Child([sys.executable, "-m", *program, *common], log=log)
        self.settings = dict(self.child.wait_for(GREETING, count=3))
        self.instances = self.child.wait_for(r"protected (\S+)", count=self.plan.restores)

    def kill(self) -> None:
        """Let it be gone in the middle of whatever it does."""
        if self.child:
            self.child.kill()

    def end(self) -> None:
        """Let it end what it does."""
        if self.child:
            self.child.end()

    def report(self) -> dict[str, Any]:
        """Ask it for everything that happened."""
        url = self.settings["ARM_ENDPOINT"]
        answer: dict[str, Any] = requests.get(f"{url}/simulator/report", timeout=30).json()
        return answer


def speed(plan: Plan, since: datetime) -> list[str]:
    """Return the options of a process that shares the fast clock."""
    return [f"--speed={plan.speed:g}", f"--since={since.isoformat()}"]
