"""The bill of materials, CycloneDX: what the app needs in Azure, and what needs what.

`python -m tools.sbom PYTHON FILE` writes what is installed for that Python, which should be what is
locked and nothing else. The generator knows the app itself by a `pyproject.toml`; ours names no
dependencies, so it is shown one that has those of `requirements.in`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tools import lock

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> None:
    """Write the bill."""
    match arguments:
        case [python, file]:
            write(python, Path(file))
        case _:
            sys.exit("usage: python -m tools.sbom PYTHON FILE")


def write(python: str, file: Path) -> None:
    """Have the generator write the bill; the Makefile puts its own first on the PATH."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        shown = Path(folder) / "pyproject.toml"
        shown.write_text(pyproject(), encoding="utf-8")
        command = ["cyclonedx-py", "environment", python, "--pyproject", str(shown)]
        command += ["--output-reproducible", "--output-file", str(file)]
        subprocess.run(command, check=True)  # noqa: S603 - our own words.


def pyproject() -> str:
    """Return what the app is and needs; TOML writes these texts as JSON does."""
    told = tomllib.loads((lock.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [str(one) for one in lock.requirements(lock.WANTED.read_text(encoding="utf-8"))]
    fields = {name: told[name] for name in ("name", "version", "description")}
    fields |= {"license": "MIT", "dependencies": wanted}
    return "[project]\n" + "".join(f"{name} = {json.dumps(fields[name])}\n" for name in fields)


if __name__ == "__main__":
    main(sys.argv[1:])
