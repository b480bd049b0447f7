"""A child process that never outlives us: its own process group, its output in a file.

Only what was started here is ended here: the group's id is the child's own.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

GLANCE = 0.02  # seconds between two looks at the child's output while it starts.
PATIENCE = 10.0  # seconds a child gets to end by itself before it is killed.


class ChildFailedError(RuntimeError):
    """The child ended, or fell silent, before it was ready; the text holds its output."""


class Child:
    """One running child."""

    def __init__(
        self, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.log = log
        self._name = os.path.basename(command[0])  # noqa: PTH119 - a word, not a path.
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the callers' own words.
                command,
                stdin=subprocess.PIPE,  # its end tells the child that we are gone
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def output(self) -> str:
        """Return what the child has printed so far."""
        return self.log.read_text(errors="replace")

    def _whole_lines(self) -> str:
        return self.output().rpartition("\n")[0]  # behind it, half a number may stand.

    def wait_for(self, pattern: str, *, count: int = 1, seconds: float = 60.0) -> list[Any]:
        """Wait until `pattern` stands `count` times in the output; return what it matched."""
        deadline = time.monotonic() + seconds
        while len(found := re.findall(pattern, self._whole_lines())) < count:
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.end()
                raise ChildFailedError(f"{self._name} did not start. Its output:\n{self.output()}")
            time.sleep(GLANCE)
        return found

    def exit_code(self) -> int | None:
        """Return how the child ended, or None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """Kill the child and whatever it started, in the middle of whatever they do."""
        with contextlib.suppress(ProcessLookupError):  # All of them are gone already.
            os.killpg(self._process.pid, signal.SIGKILL)
        self.end()

    def end(self) -> None:
        """End the child and whatever it started; kill what does not go by itself."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
        # Not before: the child would take it for a second signal and go without saving its data.
        if self._process.stdin:
            self._process.stdin.close()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)
