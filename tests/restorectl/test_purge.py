"""purge: what ended long ago goes, nothing else does, and a purge that was killed is repeated."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from restore_core.azure.tables.account import AccountTables
from restore_core.lifecycle.status import Status
from restorectl import purging
from restorectl.exits import Exit
from restorectl.purging import Purge
from tests.builders import message
from tests.fakes import NOON, Io
from tests.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.restorectl.bench import Ctl, Operated

DAY = 86_400


@pytest.fixture
def aged(operated: Operated) -> Operated:
    """Have results of many ages."""
    operated.end("young", ago=2 * DAY)
    operated.end("of-the-week", ago=8.9 * DAY)
    operated.end("old", ago=100 * DAY)
    operated.end("older", Status.FAILED, ago=200 * DAY)
    operated.begin("outstanding", "Running", ago=300 * DAY)
    return operated


@pytest.mark.azurite
def test_what_ended_before_goes_with_its_memory(ctl: Ctl, aged: Operated) -> None:
    told = ctl("purge", "--before", "30d", "--yes")

    assert told.code == 0
    assert "2 of 2 are gone." in told.err
    assert aged.ids("RestoreResults") == {"young", "of-the-week"}
    assert aged.ids("Restores") == {"young", "of-the-week", "outstanding"}


@pytest.mark.azurite
def test_it_counts_first_and_asks(ctl: Ctl, aged: Operated) -> None:
    counted = ctl("purge", "--before", "30d", "--dry-run")
    unasked = ctl("purge", "--before", "30d")

    assert (counted.code, unasked.code) == (0, Exit.NOT_CONFIRMED)
    assert "Would delete 2 results of 2 days since" in counted.err
    assert "Delete 2 results" in unasked.err
    assert len(aged.ids("RestoreResults")) == 4


@pytest.mark.azurite
@pytest.mark.parametrize("before", ["7d", "1m", "191h"])
def test_what_is_younger_than_a_messages_life_stays(ctl: Ctl, aged: Operated, before: str) -> None:
    told = ctl("purge", "--before", before, "--yes")

    assert told.code == Exit.USAGE
    assert "8 days are the least" in told.err
    assert len(aged.ids("RestoreResults")) == 4


@pytest.mark.azurite
def test_nothing_to_delete_is_said(ctl: Ctl, aged: Operated) -> None:
    assert "Nothing ended before" in ctl("purge", "--before", "400d").err
    assert len(aged.ids("Restores")) == 5


@pytest.mark.azurite
def test_what_is_outstanding_is_kept_whatever_its_age(ctl: Ctl, aged: Operated) -> None:
    found = aged.store.restores.load("old")
    assert found is not None
    aged.store.schedule.put(found.restore, aged.now)

    told = ctl("purge", "--before", "30d", "--yes")

    assert "1 are kept: they are outstanding" in told.err
    assert aged.ids("RestoreResults") == {"young", "of-the-week", "old"}


@pytest.mark.azurite
def test_a_refused_message_goes_and_no_restore_with_it(ctl: Ctl, operated: Operated) -> None:
    operated.end("r", ago=2 * DAY)
    operated.refuse(b"x", "r", at=operated.now - timedelta(days=50))

    assert "1 of 1 are gone." in ctl("purge", "--before", "30d", "--yes").err
    assert operated.ids("Restores") == {"r"}


@pytest.mark.azurite
def test_two_purges_at_once_are_no_failure(operated: Operated) -> None:
    then = operated.now - timedelta(days=50)
    for number in range(purging.BATCH + 1):
        operated.refuse(str(number).encode(), at=then)
    results = operated.table_service.get_table_client("RestoreResults")
    last = max(row["RowKey"] for row in results.list_entities())

    def another(gone: int) -> None:
        if gone == purging.BATCH:
            results.delete_entity(f"{then:%Y-%m-%d}", last)

    job = Purge(operated.table_service, operated.store, operated.now - timedelta(days=30))

    assert job.run(another) == 0
    assert operated.ids("RestoreResults") == set()


# ------------------------------------------------------------------- in memory: deaths and races


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


def restored(world: World, *ids: str) -> None:
    """Have restores that are done with, to the last notice."""
    for number, request_id in enumerate(ids):
        instance = world.protect(f"disk-{number}")
        world.send(message(backupInstanceId=instance, requestId=request_id, **_to(request_id)))
    world.run()


def _to(request_id: str) -> dict[str, Any]:
    from tests.builders import disk  # noqa: PLC0415

    return {"targetDiskId": disk(f"{request_id}-back")}


def purge(world: World, days: float = 0) -> Purge:
    tables: Any = Deletable(world)
    return Purge(tables, AccountTables(world.tables), world.clock() - timedelta(days=days))


class Deletable:
    """The world's tables with the one face that only a purge uses: a transaction of deletions."""

    def __init__(self, world: World) -> None:
        self._tables = world.tables

    def get_table_client(self, name: str) -> Any:
        table: Any = self._tables.get_table_client(name)
        table.submit_transaction = lambda changes: [
            table.delete_entity(key["PartitionKey"], key["RowKey"]) for _, key in changes
        ]
        return table


class Killed(BaseException):
    """The process ends here."""


def ids(world: World, table: str) -> set[str]:
    return {row["requestId"] for row in world.tables.get_table_client(table).list_entities()}


@pytest.mark.timeout(240)  # A world for each of its calls.
def test_a_purge_that_is_killed_anywhere_is_done_by_the_next(world: World) -> None:
    restored(world, "a", "b", "c")
    world.clock.advance(days=40)
    world.io.calls.clear()
    purge(world, 30).run(lambda _: None)
    calls, deaths = len(world.io.calls), 0

    for death in range(1, calls + 1):
        with World() as other:
            restored(other, "a", "b", "c")
            other.clock.advance(days=40)
            other.send(backupInstanceId=other.protect("disk-9"), requestId="running")
            other.deliver()
            deaths += killed(other, death)
            purge(other, 30).run(lambda _: None)
            assert ids(other, "RestoreResults") == set()
            assert ids(other, "Restores") == {"running"}
            assert ids(other, "OutstandingRestores") == {"running"}
            other.run()
            assert other.result("running")["status"] == "Completed"
    assert deaths == calls


def killed(world: World, death: int) -> int:
    """Purge and die at the call of this number; return whether it came to that."""
    left = [death]

    def die(_: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    world.io.before = die
    try:
        purge(world, 30).run(lambda _: None)
    except Killed:
        return 1
    finally:
        world.io.before = Io().before
    return 0


def test_a_restore_that_has_changed_since_is_left(world: World) -> None:
    restored(world, "a")
    world.clock.advance(days=40)
    row = world.tables.get_table_client("Restores").rows[("a", "restore")]
    job = purge(world, 30)

    def changed(what: str) -> None:
        if what == "Restores.delete":
            world.tables.get_table_client("Restores").rows["a", "restore"] = ('W/"new"', row[1])

    world.io.before = changed

    assert job.run(lambda _: None) == 1
    assert ids(world, "RestoreResults") == ids(world, "Restores") == {"a"}


def test_a_restore_that_still_owes_a_notice_is_left(world: World) -> None:
    restored(world, "a")
    world.clock.advance(days=40)
    world.tables.get_table_client("Restores").rows["a", "restore"][1]["dueAt"] = NOON

    assert purge(world, 30).run(lambda _: None) == 1
    assert ids(world, "Restores") == {"a"}


def test_a_leader_is_kept_while_one_follows_it(world: World) -> None:
    restored(world, "a")
    world.clock.advance(days=40)
    outstanding = world.tables.get_table_client("OutstandingRestores")
    row = {"PartitionKey": "00", "RowKey": "b", "requestId": "b", "due": NOON, "leader": "a"}
    outstanding.create_entity(row)

    assert purge(world, 30).counted().outstanding == 1
    purge(world, 30).run(lambda _: None)
    assert ids(world, "Restores") == {"a"}


def test_the_least_age_is_more_than_a_message_lives() -> None:
    assert timedelta(days=7) < purging.LEAST_AGE
