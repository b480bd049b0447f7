"""The lock, `requirements.txt`: the versions and hashes of all that runs in Azure.

`python -m tools.lock` makes it of `requirements.in` with uv. What is locked stays, as long as it
fits; `--upgrade` takes the newest. `--compare` changes nothing and says whether there is anything
to change: it asks the registry, as the other two do. `--check` asks nobody. It reads that each
requirement is locked once for each Python, with hashes, and holds the lock against what is
installed: the requirements and all that they need, in these versions, and no more.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT: Final = Path(__file__).parents[1]
WANTED: Final = ROOT / "requirements.in"
LOCK: Final = ROOT / "requirements.txt"
PYTHONS: Final = ("3.11", "3.12", "3.13")

_HASH: Final = re.compile(r"--hash=sha256:[0-9a-f]{64}(?=\s|$)")
_EXACT: Final = re.compile(r"==[^,*]+")


@dataclass(frozen=True)
class Pin:
    """One entry of the lock."""

    requirement: Requirement
    hashes: int

    @property
    def name(self) -> str:
        """The distribution's name as the registry compares it."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """What stands behind `==`; more, if it is no exact version."""
        return str(self.requirement.specifier).removeprefix("==")

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Tell whether it is installed there."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate(dict(environment))


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the lock, or say what is wrong with it."""
    parser = argparse.ArgumentParser(prog="python -m tools.lock", description=__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--upgrade", action="store_true", help="lock the newest versions")
    choice.add_argument("--compare", action="store_true", help="fail where make lock changes it")
    choice.add_argument("--check", action="store_true", help="fail where it cannot be right")
    chosen = parser.parse_args(arguments)
    if chosen.compare:
        found = _differences()
    elif chosen.check:
        wanted, pins = requirements(WANTED.read_text("utf-8")), read(LOCK.read_text("utf-8"))
        found = [*faults(wanted, pins), *differences_to_installed(wanted, pins)]
    else:
        _compile(LOCK, *(["--upgrade"] if chosen.upgrade else []))
        found = []
    for fault in found:
        print(f"requirements.txt: {fault}", file=sys.stderr)  # noqa: T201
    return 1 if found else 0


def requirements(text: str) -> list[Requirement]:
    """Return what `requirements.in` asks for."""
    return [Requirement(line) for line in _lines(text)]


def read(text: str) -> list[Pin]:
    """Return the entries of a lock; raise InvalidRequirement where one is none, but an option."""
    return [
        Pin(Requirement(line.partition(" --hash=")[0]), len(_HASH.findall(line)))
        for line in _lines(text)
    ]


def faults(wanted: Sequence[Requirement], pins: Sequence[Pin]) -> list[str]:
    """Say what cannot be right, whatever the registry holds."""
    loose = [f"{pin.requirement} is no exact version" for pin in pins if not _is_exact(pin)]
    bare = [f"{pin.requirement} has no hash" for pin in pins if not pin.hashes]
    return [*loose, *bare, *_unmet(wanted, pins)]


def _is_exact(pin: Pin) -> bool:
    return _EXACT.fullmatch(str(pin.requirement.specifier)) is not None


def _unmet(wanted: Sequence[Requirement], pins: Sequence[Pin]) -> Iterator[str]:
    for python in PYTHONS:
        locked = [pin for pin in pins if pin.applies(_azure(python))]
        for one in wanted:
            versions = [pin.version for pin in locked if pin.name == canonicalize_name(one.name)]
            match versions:
                case [version] if one.specifier.contains(version, prereleases=True):
                    pass
                case _:
                    yield f"{one} is locked as {versions} on Python {python}: make lock"


def _azure(python: str) -> dict[str, str]:
    """Return what a marker may ask of a worker in Azure."""
    return {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }


def differences_to_installed(wanted: Sequence[Requirement], pins: Sequence[Pin]) -> list[str]:
    """Compare the lock with what is installed here of the requirements and all they need."""
    here = "{}.{}".format(*sys.version_info)
    locked = {(pin.name, pin.version) for pin in pins if pin.applies(_azure(here))}
    installed: dict[str, str | None] = {}
    for one in wanted:
        _install(one, installed, set())
    found = {(name, version or "nowhere") for name, version in installed.items()}
    return [
        *(
            f"{name} {version} is locked, and not what is needed"
            for name, version in locked - found
        ),
        *(f"{name} {version} is installed, and not locked" for name, version in found - locked),
    ]


def _install(one: Requirement, found: dict[str, str | None], seen: set[tuple[str, str]]) -> None:
    """Add a requirement as it is installed, and all that it needs here."""
    name = canonicalize_name(one.name)
    extras = {"", *one.extras} - {extra for known, extra in seen if known == name}
    if not extras:
        return
    seen.update((name, extra) for extra in extras)
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        found[name] = None
        return
    found[name] = installed.version
    for needed in map(Requirement, installed.requires or ()):
        if any(needed.marker is None or needed.marker.evaluate({"extra": e}) for e in extras):
            _install(needed, found, seen)


def _lines(text: str) -> Iterator[str]:
    """Yield each entry on a line of its own, without comments."""
    for line in text.replace("\\\n", " ").splitlines():
        if entry := line.partition("#")[0].strip():
            yield entry


def _differences() -> list[str]:
    """Make the lock beside the one that is there, and compare."""
    with TemporaryDirectory() as folder:
        fresh = Path(folder) / LOCK.name
        shutil.copy(LOCK, fresh)
        _compile(fresh)
        same = fresh.read_text("utf-8") == LOCK.read_text("utf-8")
    return [] if same else ["not what requirements.in gives: make lock"]


def _compile(lock: Path, *options: str) -> None:
    """Have uv write the lock; the Makefile puts its own uv first on the PATH."""
    command = ["uv", "pip", "compile", "--universal", "--python-version", PYTHONS[0]]
    command += ["--generate-hashes", "--output-file"]
    told = " ".join([*command, LOCK.name, WANTED.name])  # What Dependabot reads in the lock.
    quiet = ["--quiet", "--no-config", "--custom-compile-command", told]
    subprocess.run(  # noqa: S603 - uv and our own words.
        [*command, str(lock), WANTED.name, *quiet, *options],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        check=True,
    )


if __name__ == "__main__":
    sys.exit(main())
