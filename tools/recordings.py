"""Cuts the recordings that tests replay out of a clone of the repository that publishes them.

`python -m tools.recordings CLONE [--into FOLDER]`. Which they are stands in tests/recordings.toml.
Each is looked for in every version that its file has had, in any branch. What the clone lacks is
named, and the exit status is then 1. The clone is read and never changed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools import cassettes, file_history

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tools.cassettes import Exchange
    from tools.file_history import Version

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "tests" / "recordings.toml"
FOLDER = Path(os.environ.get("RECORDINGS") or ROOT.parent / "shared" / "recordings")
"""Where tests look for them: in what `RECORDINGS` names, else in a folder beside the project."""
ERRORS = "errors.json"
HINT = (
    "A shallow clone lacks older versions: git fetch --unshallow. Those that only pull requests had"
    " come with git fetch origin '+refs/pull/*/head:refs/pull/*'."
)

_JOB = re.compile(r"/backupJobs/[^/]+$")
_OPERATION = re.compile(r"(^|/)operation(Status|Results)/[^/]+$")


class NotHereError(LookupError):
    """What is wanted is not in these calls, or not whole."""


@dataclass(frozen=True)
class Restore:
    """A disk's restore, from the list of recovery points to the end of the job."""

    name: str
    cassette: str
    api_version: str
    date: str

    def cut(self, exchanges: Sequence[Exchange]) -> list[Exchange]:
        """Return the restore's own calls; raise NotHereError."""
        asked = _last(exchanges, self._asks_for_it)
        instance = asked.path.removesuffix("/restore")
        before = [one for one in exchanges if one.number < asked.number]
        validated = _last(before, lambda one: one.asks("POST", f"{instance}/validateRestore"))
        before = [one for one in before if one.number < validated.number]
        listed = _last(before, lambda one: one.asks("GET", f"{instance}/recoveryPoints"))
        after = [one for one in exchanges if one.number > asked.number]
        job = _last(after[::-1], lambda one: _JOB.search(one.path) is not None)
        ended = _last(after, lambda one: one.asks("GET", job.path) and _completed(one))
        own = {listed.number, validated.number, asked.number}
        return [
            one
            for one in exchanges
            if listed.number <= one.number <= ended.number
            and (one.number in own or one.path == job.path or _OPERATION.search(one.path))
        ]

    def _asks_for_it(self, one: Exchange) -> bool:
        wanted = (self.date, self.api_version)
        return one.path.endswith("/restore") and (one.date, one.api_version) == wanted


@dataclass(frozen=True)
class Error:
    """An answer that tells of an error."""

    cassette: str
    http: int
    code: str
    date: str

    @property
    def name(self) -> str:
        """What it is called where it is missing."""
        return f"{self.code} (HTTP {self.http}) for {ERRORS}"

    def cut(self, exchanges: Sequence[Exchange]) -> list[Exchange]:
        """Return the answer with its call; raise NotHereError."""
        return [_last(exchanges, self._is_it)]

    def _is_it(self, one: Exchange) -> bool:
        match one.answer:
            case {"error": {"code": self.code}}:
                return (one.http, one.date) == (self.http, self.date)
            case _:
                return False


@dataclass(frozen=True)
class Found:
    """What was wanted, and where it stood: `path @ commit`."""

    exchanges: list[Exchange]
    place: str


@dataclass(frozen=True)
class Clone:
    """A clone of the repository."""

    root: Path
    folder: str
    """Where in it the cassettes are."""

    def find(self, wanted: Restore | Error) -> Found:
        """Return what is wanted, out of the first version that has it; raise NotHereError."""
        path = f"{self.folder}/{wanted.cassette}.yaml"
        versions = file_history.versions(self.root, path)
        for version in _likely_first(versions, wanted.date):
            content = file_history.content(self.root, version)
            if wanted.date.encode() in content:
                with suppress(NotHereError):
                    cut = wanted.cut(cassettes.read(content))
                    return Found(cut, f"{path} @ {version.commit}")
        raise NotHereError(
            f"{wanted.name}: in none of {len(versions)} versions of {wanted.cassette}.yaml"
        )

    def has_cassettes(self) -> bool:
        """Say whether it is a clone of the repository, or of a fork."""
        return bool(file_history.versions(self.root, self.folder))


def main(arguments: Sequence[str]) -> int:
    """Cut, write, say what is missing, and return the status with which to exit."""
    parser = argparse.ArgumentParser(prog="python -m tools.recordings")
    parser.add_argument("clone", type=Path, help="of the repository in tests/recordings.toml")
    parser.add_argument("--into", type=Path, default=FOLDER, help=f"by default {FOLDER}")
    chosen = parser.parse_args(arguments)
    try:
        return _cut_all(chosen.clone, chosen.into, tomllib.loads(SOURCES.read_text()))
    except file_history.GitFailedError as error:
        _say(f"git: {error}")
        return 2


def _cut_all(root: Path, into: Path, sources: dict[str, Any]) -> int:
    clone = Clone(root, sources["cassettes"])
    if not clone.has_cassettes():
        _say(f"{root} is no clone of {sources['repository']}.")
        return 2
    into.mkdir(parents=True, exist_ok=True)
    whole = [_write_restore(clone, Restore(**one), into) for one in sources["restores"]]
    whole.append(_write_errors(clone, [Error(**one) for one in sources["errors"]], into))
    if not all(whole):
        _say(HINT)
        return 1
    return 0


def _write_restore(clone: Clone, wanted: Restore, into: Path) -> bool:
    """Write a restore; say so, or that it is missing."""
    found = _found(clone, wanted)
    if found is None:
        return False
    recording = {
        "source": found.place,
        "date": wanted.date,
        "interactions": [_interaction(one) for one in found.exchanges],
    }
    _write(into / wanted.name, recording)
    return True


def _write_errors(clone: Clone, wanted: Iterable[Error], into: Path) -> bool:
    """Write all errors or, where one is missing, none: tests know them by their number."""
    found = [_found(clone, one) for one in wanted]
    errors = [_error(one) for one in found if one is not None]
    whole = len(errors) == len(found)
    if whole:
        _write(into / ERRORS, errors)
    else:
        _say(f"{ERRORS} is not written: it would not be whole.")
    return whole


def _found(clone: Clone, wanted: Restore | Error) -> Found | None:
    try:
        found = clone.find(wanted)
    except NotHereError as error:
        _say(f"NOT FOUND: {error}")
        return None
    _say(f"{wanted.name}: {found.place}")
    return found


def _likely_first(versions: list[Version], date: str) -> list[Version]:
    """Order versions: first the commits since the recording. Whoever has no blobs fetches each."""
    recorded = parsedate_to_datetime(date).timestamp()
    return sorted(versions, key=lambda each: (each.committed < recorded, each.committed))


def _interaction(one: Exchange) -> dict[str, Any]:
    """Return a call as recordings have it: a header that came once is its text."""
    return {
        "method": one.method,
        "url": one.url,
        "request_body": one.asked,
        "status": one.http,
        "headers": {
            name: values[0] if len(values) == 1 else values for name, values in one.headers.items()
        },
        "body": one.answer,
    }


def _error(found: Found) -> dict[str, Any]:
    """Return an answer as errors.json has it; the path with a star for each name."""
    one = found.exchanges[0]
    parts = one.path.split("/")
    return {
        "http": one.http,
        "reason": one.reason,
        "method": one.method,
        "path": "/".join("*" if place % 2 else part for place, part in enumerate(parts)),
        "headers": one.headers,
        "body": one.answer,
        "file": found.place,
        "n": one.number,
    }


def _last(exchanges: Sequence[Exchange], wanted: Callable[[Exchange], bool]) -> Exchange:
    for one in reversed(exchanges):
        if wanted(one):
            return one
    raise NotHereError


def _completed(one: Exchange) -> bool:
    match one.answer:
        case {"properties": {"status": "Completed"}}:
            return True
        case _:
            return False


def _write(path: Path, recording: Any) -> None:
    path.write_text(json.dumps(recording, indent=1))


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - its purpose.


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
