"""Commands side by side: `python -m tools.lanes FOLDER 'name: command' … -- 'name: command' …`.

A lane is run from left to right, the lanes at the same time. What a part says goes to
`FOLDER/name.txt`, and is printed whole once the part has ended: two never mix. One that fails stops
no other; at the end those that failed are named, and the run has failed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BETWEEN = "--"
RULE = "=" * 24


@dataclass(frozen=True)
class Part:
    """A command line of the shell, and the name by which a person knows it."""

    name: str
    command: str

    @classmethod
    def read(cls, text: str) -> Part:
        """Read `name: command`."""
        name, _, command = text.partition(": ")
        return cls(name, command)


class Lanes:
    """Runs lanes of parts and tells of each when it has ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = Lock()

    def run(self, lanes: Sequence[Sequence[Part]]) -> list[str]:
        """Run all to their ends; return the names of the parts that failed."""
        with ThreadPoolExecutor(len(lanes)) as pool:
            return list(chain.from_iterable(pool.map(self._run_lane, lanes)))

    def _run_lane(self, parts: Iterable[Part]) -> list[str]:
        return [part.name for part in parts if not self._succeeds(part)]

    def _succeeds(self, part: Part) -> bool:
        began = time.monotonic()
        log = self._folder / f"{part.name}.txt"
        with log.open("wb") as output:
            status = subprocess.run(  # noqa: S603 - the caller's own words.
                ["bash", "-c", part.command],  # noqa: S607 - found as the caller's shell finds it.
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        how = f"failed with {status}" if status else "done"
        with self._turn:
            _say(f"{RULE} {part.name}: {how} in {time.monotonic() - began:.0f} s {RULE}")
            _say(log.read_text(errors="replace"))
        return status == 0


def main(arguments: Sequence[str]) -> int:
    """Run what the command line says, and name what failed."""
    folder, *texts = arguments
    lanes: list[list[Part]] = [[]]
    for text in texts:
        if text == BETWEEN:
            lanes.append([])
        else:
            lanes[-1].append(Part.read(text))
    failed = Lanes(Path(folder)).run(lanes)
    if failed:
        _say(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - its purpose.


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
