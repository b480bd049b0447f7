"""Set-up, once a clone: Python's packages, then Azurite's. Shows how far it is; two never race.

    python3 -m local.set_up packages .venv          (any Python: it needs nothing installed)
    .venv/bin/python -m local.set_up azurite        (or kusto, or checkov VENV, …)

Whoever comes while another sets up waits, and finds it done. One that was interrupted begins anew.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from local.node import HERE, NodeMissingError, npm_command, npm_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = HERE.parent
INTERRUPTED = 130
GLANCE = 0.2  # seconds between two looks at the installer, and between two pictures of it.
TELL_EVERY = 10.0  # seconds between two lines where the output is no terminal.
END_OF_OUTPUT = 30  # lines of an installer that failed: its own reason is among the last.
NARROWEST = 20  # columns


class SetUpFailedError(RuntimeError):
    """An installer failed; the text holds the end of what it said."""


@dataclass(frozen=True)
class Part:
    """What a few commands set up; done once `mark` is there and none of `sources` is newer."""

    name: str
    mark: Path
    sources: Sequence[Path]
    commands: Sequence[tuple[str, Sequence[str]]]
    """Each with what it does, which is shown until it says more itself."""
    environment: Mapping[str, str] = field(default_factory=dict)

    def is_done(self) -> bool:
        """Tell whether nothing is to do, by make's own rule."""
        if not self.mark.exists():
            return False
        return all(s.stat().st_mtime <= self.mark.stat().st_mtime for s in self.sources)


def packages(venv: Path) -> Part:
    """Return the environment of Python with everything that the app and its tests need.

    What is locked goes first and by itself: with hashes in one call, pip wants them for all in it.
    """
    return _of_python(
        f"Python packages into {venv}",
        venv,
        [
            ["--requirement", "requirements.txt"],
            ["--group", "dev"],
            ["--editable", "."],  # restorectl, with what only it needs.
        ],
        [ROOT / "requirements.txt", ROOT / "pyproject.toml"],
    )


def azurite() -> Part:
    """Return Azurite, exactly as `package-lock.json` names it."""
    return _of_node("Azurite into local/node_modules", HERE)


def kusto() -> Part:
    """Return the parser of the log's query language, as its own `package-lock.json` names it."""
    folder = ROOT / "tests" / "infra" / "kusto"
    return _of_node("the parser of KQL into tests/infra/kusto/node_modules", folder)


def browser(venv: Path) -> Part:
    """Return what drives a browser over the board, into the environment that is there already."""
    pip = [str(venv / "bin/python"), "-m", "pip", "install", "--progress-bar=off"]
    return Part(
        name=f"what drives a browser into {venv}",
        mark=venv / ".browser",
        sources=[ROOT / "pyproject.toml"],
        commands=[("looking for packages", [*pip, "--group", "browser"])],
    )


def checkov(venv: Path) -> Part:
    """Return checkov, which is heavy and pins what others pin otherwise, in its own environment."""
    return _of_group(f"checkov into {venv}", venv, "checkov")


def azure_cli(venv: Path) -> Part:
    """Return the Azure CLI, which is heavier still; for its parser."""
    return _of_group(f"the Azure CLI into {venv}", venv, "azure-cli")


def delivery(venv: Path) -> Part:
    """Return what locks, audits and lists the app's packages, and reads the workflows."""
    return _of_group(f"the tools of delivery into {venv}", venv, "delivery")


def _of_group(name: str, venv: Path, group: str) -> Part:
    return _of_python(name, venv, [["--group", group]], [ROOT / "pyproject.toml"])


def _of_python(
    name: str, venv: Path, wanted: Sequence[Sequence[str]], sources: Sequence[Path]
) -> Part:
    pip = [str(venv / "bin/python"), "-m", "pip", "install", "--progress-bar=off"]
    return Part(
        name=name,
        mark=venv / ".ready",
        sources=sources,
        commands=[
            ("making the environment", [sys.executable, "-m", "venv", str(venv)]),
            ("looking for pip", [*pip, "--upgrade", "pip>=25.1"]),
            *(("looking for packages", [*pip, *each]) for each in wanted),
        ],
    )


def _of_node(name: str, folder: Path) -> Part:
    quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=http"]
    return Part(
        name=name,
        mark=folder / "node_modules/.package-lock.json",
        sources=[folder / "package.json", folder / "package-lock.json"],
        commands=[("looking for packages", [*npm_command(), "ci", f"--prefix={folder}", *quiet])],
        environment=npm_environment(),
    )


def main(arguments: Sequence[str]) -> int:
    """Set a part up and tell the shell how it went."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        set_up(_part(arguments), ROOT)
    except KeyboardInterrupt:
        _say("\nInterrupted: the next make sets up what is missing.")
        return INTERRUPTED
    except (NodeMissingError, SetUpFailedError) as error:
        _say(str(error))
        return 1
    return 0


def set_up(part: Part, folder: Path) -> None:
    """Do what is to do, unless somebody else has meanwhile; raise SetUpFailedError."""
    with turn(folder):
        if part.is_done():
            return
        _say(f"Setting up, once: {part.name}")
        clock = Clock()
        for does, command in part.commands:
            _run(does, command, {**os.environ, **part.environment}, clock)
        part.mark.touch()
        clock.clear()
        _say(f"Set up in {clock.seconds:.0f} s: {part.name}")


@contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Let one at a time in; the lock is on the folder itself and goes with its holder."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another make sets this clone up: waiting for it.")
            _wait_for(lock, Clock())
        yield
    finally:
        os.close(lock)


def in_short(line: str) -> str:
    """Return what a line of an installer's output says to a person, "" where nothing."""
    words = line.split()
    match words:
        case ["Collecting" | "Downloading", what, *_]:
            return what.rpartition("/")[2]
        case ["Installing", "collected", "packages:", *names]:
            return f"installing {len(names)} packages"
        case ["npm", "http", "fetch", _, _, address, *_] | ["npm", "http", "cache", address, *_]:
            return address.rpartition("/")[2]
        case _:
            return ""


class Clock:
    """Shows the seconds since it was made, and what goes on: one line that changes, or a few."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has been."""
        return time.monotonic() - self._began

    def show(self, text: str) -> None:
        """Show `text` now, on a terminal; elsewhere, if it has been long since the last."""
        line = f"{self.seconds:5.0f} s  {text}"
        if sys.stdout.isatty():
            width = max(NARROWEST, shutil.get_terminal_size().columns) - 1
            _write(f"\r\x1b[K{line[:width]}")
        elif time.monotonic() - self._told >= TELL_EVERY:
            self._told = time.monotonic()
            _say(line)

    def clear(self) -> None:
        """Give the line back."""
        if sys.stdout.isatty():
            _write("\r\x1b[K")


def _wait_for(lock: int, clock: Clock) -> None:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            clock.show("waiting")
            time.sleep(GLANCE)
        else:
            clock.clear()
            return


def _run(does: str, command: Sequence[str], environment: Mapping[str, str], clock: Clock) -> None:
    said: list[str] = []
    with subprocess.Popen(  # noqa: S603 - our own words.
        command,
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        reader = threading.Thread(target=_collect, args=(process.stdout, said), daemon=True)
        reader.start()
        try:
            while process.poll() is None:
                clock.show(_newest(said) or does)
                time.sleep(GLANCE)
        finally:
            process.terminate()  # which does nothing to one that has ended
            process.wait()
            reader.join()
    if process.returncode:
        clock.clear()
        end = "\n".join(said[-END_OF_OUTPUT:])
        raise SetUpFailedError(f"{end}\nSet-up failed: {' '.join(command)}")


def _collect(output: IO[str] | None, said: list[str]) -> None:
    for line in output or ():
        said.append(line.rstrip())  # noqa: PERF401 - it is read while it grows.


def _newest(said: Sequence[str]) -> str:
    return next((short for line in reversed(said[-200:]) if (short := in_short(line))), "")


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that talks to a person.


def _part(arguments: Sequence[str]) -> Part:
    match arguments:
        case ["packages", venv]:
            return packages(Path(venv))
        case ["azurite"]:
            return azurite()
        case ["kusto"]:
            return kusto()
        case ["browser", venv]:
            return browser(Path(venv))
        case ["checkov", venv]:
            return checkov(Path(venv))
        case ["azure-cli", venv]:
            return azure_cli(Path(venv))
        case ["delivery", venv]:
            return delivery(Path(venv))
        case _:
            sys.exit(
                "usage: python -m local.set_up azurite | kusto | "
                "(packages | browser | checkov | azure-cli | delivery) VENV"
            )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
