"""Every content that a file has had in a git clone, in whatever branch. The clone is only read."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class GitFailedError(RuntimeError):
    """Git could not read the clone; the text is git's own."""


@dataclass(frozen=True)
class Version:
    """A content of the file, and the commit that brought it."""

    blob: str
    commit: str
    committed: float
    """Seconds since 1970."""


def versions(clone: Path, path: str) -> list[Version]:
    """Return every content that a file has had, each once; none where it never was."""
    every_one = ("--all", "--full-history", "-m", "--no-renames")
    log = _git(clone, "log", *every_one, "--raw", "--no-abbrev", "--format=%H %ct", "--", path)
    found: dict[str, Version] = {}
    commit, committed = "", 0.0
    for line in log.decode().splitlines():
        match line.split():
            case [commit, moment]:
                committed = float(moment)
            case [_, _, _, blob, "A" | "M", *_]:
                found[blob] = Version(blob, commit, committed)
    return list(found.values())


def content(clone: Path, version: Version) -> bytes:
    """Return the file as it was; a clone without blobs fetches it."""
    return _git(clone, "cat-file", "blob", version.blob)


def _git(clone: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(clone), *arguments]
    ran = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own words.
    if ran.returncode:
        raise GitFailedError(ran.stderr.decode(errors="replace").strip())
    return ran.stdout
