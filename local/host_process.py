"""A Functions host as a process: this project's local one, or the platform's own.

    host = HostProcess(LOCAL, APP_FOLDER, settings, logs=folder)
    host.start() … host.url … host.stop()

Both are started, asked and ended by the same words and keys, so that whatever is tried on one can
be tried on the other. Nothing here knows which functions the app has.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import requests

from local.child import Child, ChildFailedError
from local.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.real_host import RealHost

FUNCTION_KEY = "function-key"
MASTER_KEY = "master-key"
RUNNING = "Running"
START = 90.0  # seconds until a host that does not say Running counts as broken.
GLANCE = 0.1  # seconds between two looks at a host that starts or ends.


class Kind(Protocol):
    """Which host."""

    name: str

    def command(self, app: Path, port: int) -> list[str]:
        """Return what starts it."""
        ...

    def environment(self) -> Mapping[str, str]:
        """Return what it needs beside the app's settings."""
        ...


class Local:
    """This project's own host, which follows the platform's rules."""

    name = "local"

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory

    def command(self, app: Path, port: int) -> list[str]:
        """Return what starts it."""
        memory = ["--memory", str(self._memory)] if self._memory else []
        options = ["--app", str(app), "--port", str(port), *memory]
        return [sys.executable, "-m", "local.host", *options]

    def environment(self) -> Mapping[str, str]:
        """Return the keys that the platform's own host has here."""
        return {"LOCAL_FUNCTION_KEY": FUNCTION_KEY, "LOCAL_MASTER_KEY": MASTER_KEY}


class Real:
    """The platform's own host, with the platform's own worker."""

    name = "real"

    def __init__(self, found: RealHost) -> None:
        self._found = found

    def command(self, app: Path, port: int) -> list[str]:
        """Return what starts it."""
        return [str(self._found.program), str(app), str(port)]

    def environment(self) -> Mapping[str, str]:
        """Return which Python its worker runs in."""
        return {"FUNCTIONS_PYTHON": str(self._found.python)}


class HostProcess:
    """One host, which may be started again after it has ended; every start has a log of its own."""

    def __init__(
        self, kind: Kind, app: Path, settings: Mapping[str, str], *, logs: Path, name: str = "host"
    ) -> None:
        self.kind = kind
        self.name = name
        self.starts = 0
        self._app = app
        self._settings = settings
        self._logs = logs
        self._port = 0
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """The address of its functions of HTTP, without `/api`."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it and wait until it says that it runs."""
        self.launch()
        deadline = time.monotonic() + START
        while not self.is_running():
            if self.has_ended() or time.monotonic() > deadline:
                self.kill()
                raise ChildFailedError(f"The {self.kind.name} host did not start:\n{self.log()}")
            time.sleep(GLANCE)

    def launch(self) -> None:
        """Start it and do not wait."""
        self._port = free_port()
        self.starts += 1
        environment = {**self.kind.environment(), **self._settings}
        command = self.kind.command(self._app, self._port)
        self._child = Child(command, log=self.log_file, environment=environment)

    def is_running(self) -> bool:
        """Ask it whether it takes work."""
        try:
            return bool(self.ask("host/status").get("state") == RUNNING)
        except (requests.RequestException, ValueError):
            return False

    def ask(self, what: str, method: str = "GET") -> Any:
        """Ask the host itself; raise for an answer that is none."""
        key = {"x-functions-key": MASTER_KEY}
        answer = requests.request(method, f"{self.url}/admin/{what}", headers=key, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    def exit_code(self) -> int | None:
        """Return how it ended, or None while it runs or before it was started."""
        return self._child.exit_code() if self._child else None

    def has_ended(self) -> bool:
        """Tell whether it is gone, by itself or by others."""
        return self.exit_code() is not None

    def wait_for_end(self, seconds: float) -> bool:
        """Wait until it is gone; tell whether it was in time."""
        deadline = time.monotonic() + seconds
        while not self.has_ended() and time.monotonic() < deadline:
            time.sleep(GLANCE)
        return self.has_ended()

    def worker(self) -> int | None:
        """Return the process that runs the app's functions; None while there is none."""
        if self._child is None:
            return None
        return next(iter(_children(self._child.pid)), None)

    def kill_worker(self) -> bool:
        """Kill what runs the app's functions, and nothing else; tell whether it was there."""
        worker = self.worker()
        if worker is not None:
            with contextlib.suppress(ProcessLookupError):  # It has just ended by itself.
                os.kill(worker, signal.SIGKILL)
        return worker is not None

    def ask_to_stop(self) -> None:
        """Send SIGTERM, as the platform does before it takes an instance away, and do not wait."""
        if self._child and not self.has_ended():
            os.kill(self._child.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Let it be gone, and its worker, in the middle of whatever they do."""
        if self._child:
            self._child.kill()

    def log(self) -> str:
        """Return what it has printed since its last start."""
        return self._child.output() if self._child else ""

    @property
    def log_file(self) -> Path:
        """Where it prints since its last start."""
        return self._logs / f"{self.name}-{self.starts}.log"


def _children(pid: int) -> list[int]:
    found: list[str] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # It ended meanwhile.
            found += thread.read_text().split()
    return [int(child) for child in found]
