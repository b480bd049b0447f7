"""The hosts of a run: killed, or ended by themselves, and started again as the platform would."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from local.chaos.cloud import speed
from local.host_process import HostProcess, Local, Real
from local.real_host import PROJECT, RealHost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from local.chaos.plan import Plan
    from local.host_process import Kind

START: Final = 120.0
"""Seconds until a host that does not run counts as broken; storage may be away meanwhile."""
REST: Final = 3.0
"""Seconds between the end of a host and its next start, when it ended by itself."""
TICK: Final = re.compile(r"Executed 'Functions\.poll_restores' \(Succeeded|timer\.fired function=")


class Fast(Local):
    """The local host in the world whose clock goes faster."""

    def __init__(self, plan: Plan, since: datetime) -> None:
        super().__init__()
        self._options = speed(plan, since)

    def command(self, app: Path, port: int) -> list[str]:  # noqa: ARG002 - it has one app.
        """Return what starts it."""
        program = ["local.chaos.fast", "host", *self._options]
        return [sys.executable, "-m", *program, "--port", str(port)]


def kind_of(plan: Plan, since: datetime) -> Kind:
    """Return which host runs; raise RealHostMissingError."""
    if plan.host == "real":
        return Real(RealHost.find())
    return Fast(plan, since) if plan.speed > 1 else Local()


class Hosts:
    """All hosts of a run, and when they ticked."""

    def __init__(
        self,
        kind: Kind,
        *,
        number: int,
        settings: Mapping[str, str],
        logs: Path,
        ended: Callable[[str], None],
    ) -> None:
        self._hosts = [
            HostProcess(kind, PROJECT, settings, logs=logs, name=f"host-{one}")
            for one in range(number)
        ]
        self._ended = ended
        self._killed: set[str] = set()
        self._ended_at: dict[str, float] = {}
        self._logs = _Logs()
        self.ticks: list[float] = []
        """When a tick was seen to have ended, by the monotonic clock."""

    def __getitem__(self, number: int) -> HostProcess:
        return self._hosts[number]

    def __len__(self) -> int:
        return len(self._hosts)

    def start(self) -> None:
        """Start all of them."""
        for host in self._hosts:
            self.start_one(host)

    def kill_one(self, host: HostProcess) -> None:
        """Kill one, which stays away until it is started."""
        self._killed.add(host.name)
        host.kill()

    def start_one(self, host: HostProcess) -> None:
        """Start one that was killed and wait until it runs, however often that takes."""
        self._killed.discard(host.name)
        host.launch()
        deadline = time.monotonic() + START
        while not host.is_running() and time.monotonic() < deadline:
            self.look()
            time.sleep(0.2)

    def look(self) -> None:
        """Note the ticks since the last look, and start again what has ended by itself."""
        now = time.monotonic()
        for host in self._hosts:
            self.ticks += [now] * len(TICK.findall(self._logs.news_of(host)))
            if not host.has_ended() or host.name in self._killed:
                self._ended_at.pop(host.name, None)
            elif host.name not in self._ended_at:
                self._ended_at[host.name] = now
                self._ended(f"host ended by itself with {host.exit_code()}")
            elif now - self._ended_at[host.name] > REST:
                host.launch()

    def end(self) -> None:
        """End all of them."""
        for host in self._hosts:
            host.kill()


class _Logs:
    """Reads on where it stopped."""

    def __init__(self) -> None:
        self._read: dict[Path, int] = {}

    def news_of(self, host: HostProcess) -> str:
        file = host.log_file
        if not file.exists():
            return ""
        with file.open("rb") as log:
            log.seek(self._read.get(file, 0))
            news: Any = log.read()
        whole = news.rpartition(b"\n")[0]
        self._read[file] = self._read.get(file, 0) + len(whole)
        return str(whole, errors="replace")
