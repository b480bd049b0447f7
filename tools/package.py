"""The zip of exactly what runs in Azure, into `dist/`: the same bytes for the same files.

`python -m tools.package` packs what git tracks here and `.funcignore` does not leave out: the files
that a publication from a clean clone sends. Names are sorted, times and modes fixed, nothing is
compressed, for compressors differ. It prints the zip's SHA-256, by which two builds are compared.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT: Final = Path(__file__).parents[1]
IGNORE: Final = ".funcignore"

_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # A zip knows no earlier moment.
_UNIX: Final = 3
_FILE: Final = 0o100644 << 16  # A plain file that all may read, as a zip writes it for Unix.


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the zip and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m tools.package", description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / "dist", help="the zip's folder")
    folder = parser.parse_args(arguments).into
    folder.mkdir(parents=True, exist_ok=True)
    package = folder / f"azure-disk-restore-{version()}.zip"
    write(ROOT, files(ROOT), package)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    print(f"{digest}  {package.name}")  # noqa: T201 - what `sha256sum --check` reads.


def version() -> str:
    """Return the version that `pyproject.toml` names."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(told["project"]["version"])


def files(folder: Path) -> list[str]:
    """Return what is packed, sorted. Git reads `.funcignore`: it is written in git's language."""
    tracked = _git(folder, "ls-files")
    left_out = _git(folder, "ls-files", "--ignored", "--cached", f"--exclude-from={IGNORE}")
    return sorted(tracked - left_out - {IGNORE})


def write(folder: Path, names: Iterable[str], package: Path) -> None:
    """Pack the files of `folder`."""
    with ZipFile(package, "w", compression=ZIP_STORED) as packed:
        for name in names:
            entry = ZipInfo(name, _EARLIEST)
            entry.create_system = _UNIX
            entry.external_attr = _FILE
            packed.writestr(entry, (folder / name).read_bytes())


def _git(folder: Path, *words: str) -> set[str]:
    done = subprocess.run(  # noqa: S603 - our own words.
        ["git", *words, "-z"],  # noqa: S607 - git is wherever the clone was made.
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return set(filter(None, done.stdout.split("\0")))


if __name__ == "__main__":
    main()
