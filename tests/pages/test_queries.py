"""The queries of the pages: the language's own parser reads them, the log of a run answers them.

Parsed against the columns of the workspace, where `make test-infra` or `make test-docs` has set the
parser up; run wherever the tests run.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from simulator import outcomes
from tests import builders
from tests.infra.test_queries_parse import complaints
from tests.infra.workspace import LoggedWorld
from tests.pages.commands import PAGES

SHOWN = {
    f"{name} {number}": text
    for name, page in PAGES.items()
    for number, text in enumerate(
        re.findall(r"^```kusto\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    )
}
STORY, BADLY, UNDER_WAY, TICKS = (
    text for name, text in SHOWN.items() if name.startswith("docs/operations.md")
)


ID = re.search(r'id = "(.+)"', STORY)


@pytest.fixture(scope="module")
def world() -> Iterator[LoggedWorld]:
    """One restore that ended well, one that failed, one that was given up, one under way."""
    assert ID
    with LoggedWorld(rules={"max_age": timedelta(hours=1)}) as world:
        script, names = world.simulator.script, [ID[1], "failed", "given-up", "under-way"]
        for name in names:
            world.protect(name)
        script("failed-restored", job=outcomes.fails("UserErrorDiskSnapshotNotFound"))
        for name in ("given-up", "under-way"):
            script(f"{name}-restored", job=outcomes.succeeds(lasts=timedelta(hours=2)))
        for name in names[:3]:
            send(world, name)
        world.send(b"no json")
        world.run()
        send(world, names[3])
        world.run(minutes=5)
        yield world


def send(world: LoggedWorld, name: str) -> None:
    target = builders.disk(f"{name}-restored")
    world.send(requestId=name, backupInstanceId=world.protect(name), targetDiskId=target)


def answered(world: LoggedWorld, query: str) -> list[dict[str, Any]]:
    return world.workspace.query(query, world.clock())


def test_every_query_of_the_pages_parses() -> None:
    assert complaints(SHOWN) == {name: [] for name in SHOWN}


def test_the_story_of_a_restore_is_every_line_of_it_and_of_no_other(world: LoggedWorld) -> None:
    assert ID
    lines = [row["Message"] for row in answered(world, STORY)]

    assert lines[0].startswith("restore.accepted")
    assert lines[-1].startswith("restore.ended")
    assert lines == [m for m in world.workspace.messages if f" requestId={ID[1]} " in m]


def test_what_ended_badly_is_told_once_with_its_reason(world: LoggedWorld) -> None:
    told = sorted((row["status"], row["code"]) for row in answered(world, BADLY))

    assert told == sorted(
        (row["status"], row["errorCode"])
        for row in world.rows("RestoreResults")
        if row["status"] != "Completed"
    )
    assert len(told) == 3


def test_what_has_not_ended_is_told_with_where_it_stands(world: LoggedWorld) -> None:
    (row,) = answered(world, UNDER_WAY)

    assert (row["requestId"], row["state"]) == ("under-way", "Running")


def test_each_tick_of_the_hour_is_told(world: LoggedWorld) -> None:
    newest, *rest = answered(world, TICKS)

    assert (newest["outstanding"], newest["running"], newest["leftOver"]) == (1, 1, 0)
    assert len(rest) in {119, 120}  # The first is as old as an hour, give or take microseconds.
