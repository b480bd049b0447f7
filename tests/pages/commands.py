"""Every `az` command that a page shows, an advice prints or a workflow runs, in a shell's words.

A page's blocks of shell are followed from the first to the last by a real shell, with what stands
as code in its sentences, in which `az` only notes its words. Names are such as Azure allows and a
shell does not forgive: `rg-(prod)`.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from tests.azure.printed_advice import COMMANDS

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = {
    str(file.relative_to(ROOT)): file.read_text("utf-8")
    for file in sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "infra/README.md"))
}

_BLOCK: Final = re.compile(r"^( *)```(\w*).*?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INLINE: Final = re.compile(r"`(az [^`]+)`")
_SETS: Final = re.compile(r"^[A-Z_]+=", re.MULTILINE)
_GROUP: Final = re.compile(r"(/resourceGroups/)([\w-]+)")
_AZ: Final = re.compile(r"\baz [a-z]")
_OTHERS: Final = ("azd", "curl", "func", "jq", "pipx", "restorectl")
"""What else is called there, and must not be called here."""
_VARIABLES: Final = ("AZURE_LOCATION", "BICEP_VERSION", "TAG")
"""What a workflow's steps are given."""


@dataclass(frozen=True)
class Page:
    """What a page has for a shell, in its order."""

    script: str
    named: tuple[str, ...]
    """Commands, and groups of them, that are named without an option."""

    @property
    def commands(self) -> int:
        """How many commands it shows."""
        return len(_AZ.findall(self.script))


def read(text: str) -> Page:
    """Return what a page has for a shell."""
    inline = [(at, code) for at, code in _inline(text)]
    whole = [(at, code) for at, code in inline if " -" in code]
    parts = [code for _, code in sorted([*_blocks(text), *whole])]
    named = [code.removeprefix("az ") for _, code in inline if " -" not in code]
    return Page(_GROUP.sub(r"\1(\2)", "\n".join(parts)), tuple(named))


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    for found in _BLOCK.finditer(text):
        code = re.sub(f"^{found[1]}", "", found[3], flags=re.MULTILINE)
        if found[2] == "sh" and (_AZ.search(code) or _SETS.search(code)):
            yield found.start(), code


def _inline(text: str) -> Iterator[tuple[int, str]]:
    prose = _BLOCK.sub(lambda found: " " * len(found[0]), text)
    for found in _INLINE.finditer(prose):
        yield found.start(), found[1]


def words(script: str, folder: Path) -> list[list[str]]:
    """Follow a script in bash; return the words of each `az`, without the `az`."""
    noted = folder / "noted"
    noted.touch()
    note = f"printf '%s\\037' \"$@\" >> {noted}; printf '\\036' >> {noted}"
    for name in ("az", *_OTHERS):
        _program(folder / name, note if name == "az" else ":")
    (folder / "request.json").write_text("{}", "utf-8")
    done = subprocess.run(  # noqa: S603 - our own pages.
        ["bash", "-euc", script],  # noqa: S607
        cwd=folder,
        env={
            "PATH": f"{folder}{os.pathsep}/usr/bin:/bin",
            **dict.fromkeys(("HOME", "RUNNER_TEMP"), str(folder)),
            **dict.fromkeys(_VARIABLES, "given"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    calls = noted.read_text("utf-8").split("\036")[:-1]
    noted.unlink()
    return [call.split("\037")[:-1] for call in calls]


def _program(file: Path, body: str) -> None:
    file.write_text(f"#!/bin/sh\n{body}\necho said\n", "utf-8")
    file.chmod(0o755)


def _workflows() -> Iterator[tuple[str, str]]:
    for file in sorted(ROOT.glob(".github/workflows/*.yml")):
        for job in yaml.safe_load(file.read_text("utf-8"))["jobs"].values():
            for step in job.get("steps", ()):
                if _AZ.search(step.get("run", "")):
                    yield f"{file.name}: {step.get('name', '')}", step["run"]


def all_words(folder: Path) -> Iterable[tuple[str, list[str]]]:
    """Yield where each command of pages, advice and workflows stands, and its words."""
    scripts = [(name, read(text).script) for name, text in PAGES.items()]
    advice = [(f"advice {name}", line) for name, line in COMMANDS.items()]
    for name, script in (*scripts, *advice, *_workflows()):
        for call in words(script, folder):
            yield name, call
