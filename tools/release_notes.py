"""What a release tells: the changelog's section of one version.

`python -m tools.release_notes v1.2.3` prints it. A tag that is not the version of `pyproject.toml`,
or has no section, fails: a release says what it is and what has changed. Needs nothing installed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.package import ROOT, version

if TYPE_CHECKING:
    from collections.abc import Sequence


class NoReleaseError(RuntimeError):
    """The tag can be no release; the text says what to do."""


def main(arguments: Sequence[str]) -> int:
    """Print the notes, or say why there are none."""
    match arguments:
        case [tag]:
            pass
        case _:
            sys.exit("usage: python -m tools.release_notes TAG")
    try:
        found = notes(tag, version(), Path(ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    except NoReleaseError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(found)  # noqa: T201
    return 0


def notes(tag: str, version: str, changelog: str) -> str:
    """Return the section of `version`; raise NoReleaseError."""
    if tag != f"v{version}":
        raise NoReleaseError(
            f"The tag is {tag}, and pyproject.toml says {version}: tag v{version}, or change it."
        )
    heading = rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## |\Z)"
    section = re.search(heading, changelog, re.DOTALL | re.MULTILINE)
    if section is None or not section[1].strip():
        raise NoReleaseError(
            f"CHANGELOG.md has no section [{version}]: name what is under Unreleased so."
        )
    return section[1].strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
