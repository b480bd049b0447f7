"""What others wrote and the app needs, and under which licence: `THIRD-PARTY-NOTICES.md`.

`python -m tools.notices` writes the page of the lock and of what the installed distributions say
of themselves; `--check` says whether it is up to date. A licence that nobody has read yet fails
both: whoever has read it adds it to `READ`.
"""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from tools import lock

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE: Final = lock.ROOT / "THIRD-PARTY-NOTICES.md"
READ: Final = frozenset(
    {
        "Apache-2.0",
        "Apache-2.0 OR BSD-3-Clause",
        "BSD License",
        "BSD-3-Clause",
        "MIT",
        "MIT License",
        "MIT-0",
        "MPL-2.0",  # certifi: asks for the source of changed files, of which there are none.
        "PSF-2.0",
    }
)
"""None of these asks anything of an app that only uses the package."""

_TEXTS: Final = ("licen", "copying", "notice")
_HEAD: Final = """\
# Third-party notices

What runs beside the app in Azure, as [requirements.txt](requirements.txt) locks it:
under which licence, and where its text is.
Made by `python -m tools.notices` of what the installed distributions say.

None of it lies in this repository or in the zip of `make package`: Azure's build fetches it.
Who passes the installed app on, as an image or as a folder of packages,
passes on the texts of these licences, too:
each lies in its distribution, in the folder `.dist-info`, under the name that is shown.

| distribution | version | licence | its text |
| --- | --- | --- | --- |
"""


class LicenceError(RuntimeError):
    """A licence cannot be told, or nobody has read it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or say whether it is up to date."""
    parser = argparse.ArgumentParser(prog="python -m tools.notices", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the page is out of date")
    check = parser.parse_args(arguments).check
    try:
        new = page(lock.read(lock.LOCK.read_text("utf-8")))
    except LicenceError as error:
        return _failed(str(error))
    if not check:
        PAGE.write_text(new, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text("utf-8") != new:
        return _failed(f"{PAGE.name} is out of date: run `python -m tools.notices`.")
    return 0


def page(pins: Sequence[lock.Pin]) -> str:
    """Return the whole page; raise LicenceError."""
    versions: dict[str, list[str]] = {}
    for pin in pins:
        versions.setdefault(pin.name, []).append(pin.version)
    return _HEAD + "".join(_row(name, versions[name]) for name in sorted(versions))


def licence(one: Distribution) -> str:
    """Return a licence as the distribution names it: newer ones by an expression of SPDX."""
    told = next(iter(_all(one, "License-Expression") + _all(one, "License")), "")
    classifiers = [c for c in _all(one, "Classifier") if c.startswith("License ::")]
    named = [c.rpartition(" :: ")[2] for c in classifiers]
    # Older ones put the whole text there, whose first line is no name.
    found = told if told in READ else next(iter(named), told.partition("\n")[0])
    if found not in READ:
        raise LicenceError(
            f"{one.name} is under {found or 'no licence that it names'}, which nobody has read: "
            "read it, and add it to READ in tools/notices.py."
        )
    return found.removesuffix(" License") if found.startswith("MIT") else found


def _all(one: Distribution, field: str) -> list[str]:
    return one.metadata.get_all(field) or []


def _row(name: str, versions: Sequence[str]) -> str:
    try:
        one = distribution(name)
    except PackageNotFoundError:
        raise LicenceError(f"{name} is locked and not installed: make lock, then make.") from None
    return f"| {name} | {', '.join(versions)} | {licence(one)} | {_texts(one)} |\n"


def _texts(one: Distribution) -> str:
    files = [PurePath(str(file)) for file in one.files or ()]
    found = {
        "/".join(file.parts[1:])
        for file in files
        if file.parts[0].endswith(".dist-info") and file.name.lower().startswith(_TEXTS)
    }
    return ", ".join(f"`{text}`" for text in sorted(found))


def _failed(why: str) -> int:
    print(why, file=sys.stderr)  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
