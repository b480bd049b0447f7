"""Sets for an operator: sent, listed, watched, withdrawn; from the rows of a real one."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from restore_core.lifecycle.status import Status
from restore_core.reading.wanted import until_now
from restorectl.exits import Exit
from restorectl.followed import Followed, picture
from restorectl.session import opened
from tests.builders import TARGET_GROUP, a_tally
from tests.published_schemas import LIST, REQUEST
from tests.restorectl.bench import program
from tests.sets import SOURCES, a_machine, send, source, withdraw
from tests.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.restorectl.bench import Ctl, Operated

pytestmark = pytest.mark.azurite

DAY = timedelta(days=1)
MACHINE = f"{SOURCES}/providers/Microsoft.Compute/virtualMachines/vm-1"


@pytest.fixture
def world(operated: Operated) -> Iterator[World]:
    with World(start=operated.now) as world:
        yield world


@pytest.fixture
def shown(operated: Operated) -> Callable[[World], None]:
    """What takes a world's tables over into the account, as they stand."""

    def take_over(world: World) -> None:
        for name, table in world.tables.tables.items():
            client = operated.table_service.get_table_client(name)
            for row in table.list_entities():
                client.upsert_entity(row)
            for row in list(client.list_entities()):
                if (row["PartitionKey"], row["RowKey"]) not in table.rows:
                    client.delete_entity(row)

    return take_over


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (["--machine", MACHINE, "--expected", "3"], "sourceVirtualMachineId", MACHINE),
        (["--group", SOURCES, "--suffix", "-back"], "sourceResourceGroupId", SOURCES),
        (
            ["--disk", source("disk-1"), "--disk", source("disk-2")],
            "sourceDiskIds",
            [source("disk-1"), source("disk-2")],
        ),
    ],
)
def test_options_make_a_set_by_its_schema(
    ctl: Ctl, words: list[str], field: str, value: object
) -> None:
    told = ctl("send", *words, "--to", TARGET_GROUP, "--dry-run")

    REQUEST.validate(told.json)
    assert told.json[field] == value


def test_a_set_is_sent_when_somebody_has_said_so(ctl: Ctl, operated: Operated) -> None:
    words = ["send", "--machine", MACHINE, "--to", TARGET_GROUP]

    unasked = ctl(*words)
    assert (unasked.code, operated.requests()) == (Exit.NOT_CONFIRMED, [])
    whole = "Restore all disks of the machine 'vm-1' from their newest points to new disks in 'rg-r"
    assert whole in unasked.err

    assert ctl(*words, "--yes").code == 0
    assert len(operated.requests()) == 1


def test_the_question_says_what_from_when_and_under_which_names(
    ctl: Ctl, operated: Operated
) -> None:
    words = ["send", "--machine", MACHINE, "--to", TARGET_GROUP, "--suffix", "-back", "--force"]

    told = ctl(*words, "--at", "2026-11-20T02:00:00Z", "--expected", "25").err

    assert told.startswith(
        "Restore all disks of the machine 'vm-1' (25 are expected, also what came back a moment "
        "ago or is under way) from their newest points at 2026-11-20T02:00:00Z or before to new "
        "disks in 'rg-restore', named …-back?"
    )
    assert operated.requests() == []


def test_a_set_is_shown_while_its_members_run_and_as_they_end(
    ctl: Ctl, world: World, shown: Callable[[World], None]
) -> None:
    send(world, sourceVirtualMachineId=a_machine(world, "data-1", unprotected=["scratch"]))
    world.run(minutes=3)
    shown(world)

    running: Any = ctl("ls", "--part-of", "set-1", "-o", "json").json
    LIST.validate(running)
    names = {item["sourceDiskId"].rpartition("/")[2]: item for item in running["value"]}
    assert {name: item["ended"] for name, item in names.items()} == {
        "vm-1-os": False,
        "data-1": False,
        "scratch": True,
    }
    assert names["scratch"]["status"] == "NotProtected"
    assert names["data-1"]["status"] in ("Running", "Restoring", "Validating")
    listed = ctl("ls", "--part-of", "set-1", "--status", "notProtected", "-o", "json").json
    assert [one["rowId"] for one in listed["value"]] == [names["scratch"]["rowId"]]
    said = ctl("ls", "--part-of", "set-1", "--status", "Rejected").err
    assert said.startswith("No disk of set-1 has the status Rejected. There is: ")
    assert "1 NotProtected, of vault-1." in said
    assert ctl("show", names["scratch"]["rowId"], "-o", "json").json["status"] == "NotProtected"
    assert ctl("watch", names["scratch"]["rowId"]).code == Exit.BADLY
    watched = ctl("watch", "set-1", "--timeout", "0")
    assert watched.code == Exit.STILL_OPEN
    assert watched.out.count("\n") == 4
    assert "(0 of 3 back, 1 NotProtected, 2 under way)" in watched.out
    shown_now = " ".join(ctl("show", "set-1").out.split())
    assert "a set of 3 disks, 0 of 3 back, 1 NotProtected, 2 under way, for" in shown_now
    assert f"machine: {MACHINE}" in shown_now
    assert f"target group: {TARGET_GROUP}" in shown_now
    assert "cut-off: the newest point at or before 20" in shown_now
    assert "2 go on: Azure has taken them" in ctl("withdraw", "set-1", "--yes").err

    world.run()
    shown(world)

    item = ctl("show", "set-1", "-o", "json").json
    assert item["counts"] == {"Completed": 2, "NotProtected": 1}
    (row,) = (line for line in ctl("ls").out.splitlines() if "3 disks" in line)
    assert row.split()[5] in ("min", "h"), row
    told = " ".join(ctl("show", "set-1").out.split())
    assert "a set of 3 disks, 2 Completed, 1 NotProtected" in told
    assert "restorectl ls --part-of set-1" in told
    said = ctl("show", "set-1").out.partition("places of the old ones, in order:\n")[2]
    assert [" ".join(line.split()[:4]) for line in said.splitlines()] == [
        "az vm deallocate --ids",
        "az vm disk detach",
        "az vm disk attach",
        "az vm update --ids",
        "az vm start --ids",
    ]
    assert ctl("watch", "set-1").code == Exit.BADLY
    ended = ctl("ls", "--part-of", "set-1", "-o", "json").json
    LIST.validate(ended)
    assert all(one["ended"] for one in ended["value"])
    assert len(ctl("ls", "--since", "2h", "--ended", "-o", "tsv").out.splitlines()) == 1 + 3
    assert "1 set, of which each disk is counted" in ctl("stats").out
    assert "attach" in " ".join(ctl("show", names["data-1"]["rowId"]).out.split())


def test_a_rehearsal_is_told_with_its_size_and_how_long_it_would_take(
    ctl: Ctl, operated: Operated
) -> None:
    asked = {
        "backupInstanceId": ...,
        "targetDiskId": ...,
        "sourceVirtualMachineId": MACHINE,
        "targetResourceGroupId": TARGET_GROUP,
        "pointInTime": "latest",
        "validateOnly": True,
    }
    tally = a_tally(size_gib=64, expected_seconds=600)
    operated.end("set-1", Status.VALIDATED, asked=asked, tally=tally, job=None)

    told = " ".join(ctl("show", "set-1").out.split())

    assert "disks confirmed by: the machine itself" in told
    assert "cut-off: none: the newest point when it is looked for" in told
    assert "would take: 10 min 00 s" in told
    assert "size: 64 GiB" in told
    sent = f"restorectl send --id set-1-retry --machine {MACHINE} --to {TARGET_GROUP} --at latest"
    assert told.endswith(sent)


def test_what_does_not_fit_on_the_terminal_is_counted(operated: Operated) -> None:
    for number in range(30):
        operated.begin(f"running-{number:02}")
    operated.end("bad", Status.FAILED)
    items = opened("").reading.restores(until_now(operated.now - DAY, operated.now), operated.now)
    ended = [item for item in items.items if item["ended"]]
    running = [item for item in items.items if not item["ended"]]
    of_set = {"rowId": "set", "members": 31, "ended": False, "status": "Gathering"}
    to = Console(height=24, width=80, file=io.StringIO())

    to.print(picture(Followed([of_set], [*running, *ended]), operated.now, to))
    text = to.file.getvalue()

    lines = text.splitlines()
    assert len(lines) <= 24
    assert lines[0].startswith("set: 0 of 31 back")
    assert text.index("bad") < text.index("running-")
    number = int(lines[-1].split()[1])
    assert number + text.count("running-") == 30


def test_a_set_that_was_withdrawn_is_told_as_that(
    ctl: Ctl, world: World, shown: Callable[[World], None]
) -> None:
    send(world, sourceVirtualMachineId=a_machine(world, "data-1"))
    world.deliver()
    withdraw(world)
    world.run()
    shown(world)

    assert "Cancelled" in ctl("ls", "--part-of", "set-1").out
    assert "has ended, Cancelled" in ctl("withdraw", "set-1").err


def test_a_purge_takes_a_set_whole(
    ctl: Ctl, world: World, shown: Callable[[World], None], operated: Operated
) -> None:
    world.clock.advance(days=-100)
    world.next_tick = world.clock()
    send(world, sourceVirtualMachineId=a_machine(world, "data-1"))
    world.run()
    shown(world)
    assert operated.ids("RestoreSets") != set()

    told = ctl("purge", "--before", "30d", "--yes")

    assert told.code == 0, told.err
    assert operated.ids("RestoreSets") == operated.ids("Restores") == set()
    assert operated.ids("RestoreResults") == set()


def test_the_console_script_asks_for_a_set_by_nobody_and_sends_nothing() -> None:
    told = program("send", "--group", SOURCES, "--to", TARGET_GROUP, "--account", "strestore")

    assert told.code == Exit.NOT_CONFIRMED
    assert "--yes" in told.err
