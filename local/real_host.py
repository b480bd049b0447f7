"""Where the platform's own Functions host is on this machine, and the Python its worker runs in.

The host is a program `functions-host APP_FOLDER PORT`: named by the environment's `FUNCTIONS_HOST`,
else on the PATH, else in the folder of shared tools beside this project. It comes from no package
registry, so it may be missing; who needs it then says so.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
VARIABLE = "FUNCTIONS_HOST"
PYTHON_VARIABLE = "FUNCTIONS_PYTHON"
BESIDE = PROJECT.parent / "shared/tools/functions-host"
PYTHON = PROJECT / ".venv-host/bin/python"
"""Made by `make .venv-host/.ready`: what the app needs, and what the worker needs beside it."""


class RealHostMissingError(RuntimeError):
    """The platform's own host, or the Python for its worker, is not on this machine."""


@dataclass(frozen=True)
class RealHost:
    """The host's program, and its worker's Python."""

    program: Path
    python: Path

    @classmethod
    def find(cls) -> RealHost:
        """Return what is on this machine; raise RealHostMissingError."""
        return cls(_program(), _python())


def _program() -> Path:
    named = os.environ.get(VARIABLE) or shutil.which("functions-host") or str(BESIDE)
    program = Path(named)
    if not program.is_file():
        raise RealHostMissingError(
            f"The platform's own host was not found: {VARIABLE} names none that exists, "
            "and functions-host is not on the PATH."
        )
    return program.absolute()


def _python() -> Path:
    python = Path(os.environ.get(PYTHON_VARIABLE) or PYTHON)
    if not python.exists():
        raise RealHostMissingError("The worker of the host has no Python: make .venv-host/.ready")
    return python.absolute()


if __name__ == "__main__":
    try:
        print(_program())  # noqa: T201 - for CI, which runs more where it is found.
    except RealHostMissingError as missing:
        sys.exit(str(missing))
