"""The world in a JSON file, so that a simulator may be killed and started again.

A file is replaced whole or not at all. What is planned to go wrong is not kept.
"""

import dataclasses
import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from simulator.machines import Attachment, Disk, Machine
from simulator.outcomes import Outcome
from simulator.pace import AfterReads, Course, Never
from simulator.world import Instance, Job, Operation, Point, Script, World


@dataclasses.dataclass
class Kept:
    """What a file holds."""

    world: World
    accusations: list[str]


_RECORDS: Final[dict[str, type[Any]]] = {
    one.__name__: one
    for one in (
        AfterReads,
        Attachment,
        Course,
        Disk,
        Instance,
        Job,
        Kept,
        Machine,
        Never,
        Operation,
        Outcome,
        Point,
        Script,
        World,
    )
}
_KIND: Final = "$kind"


@dataclasses.dataclass(frozen=True)
class StateFile:
    """One file."""

    path: Path

    def load(self) -> Kept | None:
        """Return what was kept, or None where nothing was."""
        if not self.path.exists():
            return None
        kept = json.loads(self.path.read_text(encoding="utf-8"), object_hook=_decode)
        if not isinstance(kept, Kept):
            raise TypeError(f"{self.path} holds no world of this simulator")
        return kept

    def save(self, world: World, accusations: list[str]) -> None:
        """Keep the world."""
        text = json.dumps(_encode(Kept(world, accusations)))
        beside = self.path.with_name(self.path.name + ".new")
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)


def _encode(value: Any) -> Any:
    match value:
        case datetime():
            return {_KIND: "datetime", "at": value.isoformat()}
        case timedelta():
            return {_KIND: "timedelta", "seconds": value.total_seconds()}
        case list():
            return [_encode(one) for one in value]
        case dict():
            return {name: _encode(one) for name, one in value.items()}
        case _ if dataclasses.is_dataclass(value):
            fields = {f.name: _encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
            return {_KIND: type(value).__name__, **fields}
    return value


def _decode(value: dict[str, Any]) -> Any:
    kind = value.pop(_KIND, None)
    match kind:
        case None:
            return value
        case "datetime":
            return datetime.fromisoformat(value["at"])
        case "timedelta":
            return timedelta(seconds=value["seconds"])
    return _RECORDS[kind](**value)
