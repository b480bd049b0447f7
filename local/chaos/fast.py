"""The local host, or the simulated Azure, in a world whose clock goes faster: for the short chaos.

    python -m local.chaos.fast host --speed 30 --since 2026-11-21T12:00:00+00:00

The app is the same and so are its times: a lease of ten minutes is ten minutes. But a minute of
this world takes two seconds, for every process that is told the same speed and the same beginning.
The app takes its clock from function_app.py; what hides in a queue hides by the wall clock, so
those spans are divided here. Tokens keep the wall clock's time.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import math
import os
import signal
import sys
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.host.host_json import QueueSettings
from local.host.local_host import HOST_JSON, LocalHost
from restore_core.azure import clients
from simulator import Pace, Simulator, StateFile

if TYPE_CHECKING:
    from collections.abc import Callable

    import azure.functions as func

    from restore_core.connection import StorageConnection

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FastClock:
    """A clock that has gone `speed` times as fast since `since`."""

    speed: float
    since: datetime

    def __call__(self) -> datetime:
        """Return the time of the fast world."""
        return self.since + (datetime.now(UTC) - self.since) * self.speed


class FastQueues:
    """Stands before QueueServiceClient: what is to be hidden is hidden for a shorter time."""

    def __init__(self, queues: Any, speed: float) -> None:
        self._queues = queues
        self._speed = speed

    def get_queue_client(self, queue: str) -> FastQueues:
        """Return a client of one queue, fast too."""
        return FastQueues(self._queues.get_queue_client(queue), self._speed)

    def send_message(self, content: str, *, visibility_timeout: int = 0) -> Any:
        """Send, hidden for a shorter time."""
        return self._queues.send_message(content, visibility_timeout=self._real(visibility_timeout))

    def receive_messages(self, *, visibility_timeout: int, **options: Any) -> Any:
        """Receive, hidden for a shorter time."""
        hidden = self._real(visibility_timeout)
        return self._queues.receive_messages(visibility_timeout=hidden, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queues, name)

    def _real(self, seconds: int) -> int:
        return math.ceil(seconds / self._speed)


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local.chaos.fast", description=__doc__)
    parser.add_argument("what", choices=("host", "simulator"))
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--since", type=datetime.fromisoformat, required=True)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--protect", action="append", default=[])
    chosen = parser.parse_args()
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    clock = FastClock(chosen.speed, chosen.since)
    if chosen.what == "host":
        run_host(clock, chosen.port)
    else:
        run_simulator(clock, chosen.state, chosen.port, chosen.protect)


def run_host(clock: FastClock, port: int) -> None:
    """Run function_app.py by this clock."""
    module = importlib.import_module("function_app")
    module.now = clock  # type: ignore[attr-defined]
    queues: Callable[..., Any] = clients.queues

    def fast(storage: StorageConnection, **options: Any) -> FastQueues:
        return FastQueues(queues(storage, **options), clock.speed)

    clients.queues = fast  # type: ignore[assignment]
    by_host_json = QueueSettings.read(HOST_JSON, os.environ)
    settings = replace(
        by_host_json,
        visibility_timeout=by_host_json.visibility_timeout / clock.speed,
        invisibility=by_host_json.invisibility / clock.speed,
    )
    app: func.FunctionApp = module.app
    with LocalHost.for_app(app, os.environ, settings=settings, port=port):
        log.info("host.started worker=direct")
        _wait_for_the_end()


def run_simulator(clock: FastClock, state: Path, port: int, disks: list[str]) -> None:
    """Run the simulated Azure by this clock, at the recorded pace."""
    simulator = Simulator(now=clock, pace=Pace(), state=StateFile(state))
    for disk in disks:
        log.info("protected %s", simulator.protect(disk))
    with simulator.serve(port=port) as server:
        for name, value in server.environment.items():
            log.info("%s=%s", name, value)
        _wait_for_the_end()


def _wait_for_the_end() -> None:
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    over.wait()


if __name__ == "__main__":
    main()
