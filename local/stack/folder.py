"""Where a running stack tells its clone how to reach it: `local/.stack`.

`settings.json` has the form of `local.settings.json`; beside it lie messages to try. Its holder
locks the folder itself, so that a stack that was killed is not taken for one that runs.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from local import whole_file
from local.host.http_listener import DEFAULT_PORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).parents[1] / ".stack"
SETTINGS = "settings.json"
PORT = "http-port"
STORAGE = "RestoreStorage"


class StackRunsError(RuntimeError):
    """A stack of this clone runs already."""


class NoStackError(RuntimeError):
    """No stack of this clone runs, or not yet."""


@contextmanager
def held(folder: Path = FOLDER) -> Iterator[Path]:
    """Hold the folder for one stack, empty at first and empty afterwards; raise StackRunsError."""
    folder.mkdir(exist_ok=True)
    with _opened(folder) as lock:
        if not _locked(lock, fcntl.LOCK_EX):
            raise StackRunsError(
                "A stack of this clone runs already, in another terminal. Use that one, or end it "
                "there with Ctrl-C."
            )
        _empty(folder)
        try:
            yield folder
        finally:
            _empty(folder)


def publish(folder: Path, settings: Mapping[str, str], messages: Mapping[str, object]) -> None:
    """Write messages to try, then the settings: whoever finds these finds all."""
    for name, message in messages.items():
        (folder / name).write_text(json.dumps(message, indent=2) + "\n")
    held = {"IsEncrypted": False, "Values": dict(settings)}
    whole_file.write(folder / SETTINGS, json.dumps(held, indent=2))


def values(folder: Path = FOLDER) -> dict[str, str]:
    """Return the settings of the stack that runs; raise NoStackError."""
    try:
        with _opened(folder) as lock:
            runs = not _locked(lock, fcntl.LOCK_SH)
        settings = json.loads((folder / SETTINGS).read_text()) if runs else {}
    except FileNotFoundError:
        settings = {}
    if not settings:
        raise NoStackError("No stack of this clone runs. Start one in another terminal: make stack")
    return dict(settings["Values"])


def storage(folder: Path = FOLDER) -> str:
    """Return the connection string of the stack that runs; raise NoStackError."""
    return values(folder)[STORAGE]


def tell_port(folder: Path, port: int) -> None:
    """Write down where the app's functions of HTTP answer."""
    whole_file.write(folder / PORT, str(port))


def http_port(folder: Path = FOLDER) -> int:
    """Return where the app's functions of HTTP answer, or would by default."""
    try:
        return int((folder / PORT).read_text())
    except FileNotFoundError:
        return DEFAULT_PORT


def shown(path: Path) -> str:
    """Return a path as a person types it: relative, where it lies below the current folder."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(lock: int, how: int) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
