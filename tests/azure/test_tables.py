"""The tables when storage fails: every failure may be tried again, a lost race never is."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from azure.core.exceptions import ResourceModifiedError

from restore_core.azure.tables.account import AccountTables
from restore_core.contract.resource_ids import DiskId
from restore_core.engine.ports import Outstanding
from restore_core.errors import Unavailable
from restore_core.lifecycle.turn import Turn
from tests.azure.failing_storage import OUTAGES, failing, http_error
from tests.builders import a_refused_message, a_restore, an_outcome, disk, every_state
from tests.fakes import NOON, Io, MemoryTables

TARGET = DiskId.parse(disk("d"))
OUTSTANDING = Outstanding(
    key="vault",
    request_id="r1",
    due=NOON,
    turn=Turn.TAKEN,
    accepted_at=NOON,
    vault="",
    leader="",
    turn_at=None,
    throttled_until=None,
    finds_full=False,
    is_own=False,
    etag='W/"x"',
)
CALLS: dict[str, Callable[[AccountTables], Any]] = {
    "create_missing": lambda store: store.create_missing(),
    "load": lambda store: store.restores.load("r1"),
    "record": lambda store: store.restores.record(a_restore()),
    "save": lambda store: store.restores.save(a_restore(), 'W/"x"'),
    "add": lambda store: store.schedule.add(a_restore(), NOON),
    "announce": lambda store: store.schedule.announce(a_restore(), NOON, NOON),
    "put": lambda store: store.schedule.put(a_restore(), NOON),
    "all": lambda store: store.schedule.all(),
    "forget": lambda store: store.schedule.forget(a_restore()),
    "drop": lambda store: store.schedule.drop(OUTSTANDING),
    "lock_target": lambda store: store.targets.lock(TARGET, "r1"),
    "release_target": lambda store: store.targets.release(TARGET, "r1"),
    "write_result": lambda store: store.results.write(a_restore(), an_outcome()),
    "take_source": lambda store: store.sources.take(
        TARGET, "r1", counts=lambda _: True, force=False
    ),
    "row_of": lambda store: store.row_of("r1"),
    "refused": lambda store: store.refused("2026-11-21", "r1"),
    "results": lambda store: store.results_of("2026-11-21", status=None, after="", most=1),
    "turns": lambda store: store.schedule.turns(5),
    "write_unaccepted": lambda store: store.results.write_refused(a_refused_message()),
}


@pytest.fixture
def io() -> Io:
    return Io()


@pytest.fixture
def tables(io: Io) -> MemoryTables:
    return MemoryTables(io)


@pytest.fixture
def store(tables: MemoryTables) -> AccountTables:
    store = AccountTables(tables)  # type: ignore[arg-type]
    store.create_missing()
    return store


@pytest.mark.parametrize(
    ("call", "outage"),
    [pair for pair in product(CALLS, OUTAGES) if pair != ("create_missing", "403")],
)
def test_every_failure_of_every_call_may_be_tried_again(
    io: Io, store: AccountTables, call: str, outage: str
) -> None:
    failing(io, OUTAGES[outage])

    with pytest.raises(Unavailable) as raised:
        CALLS[call](store)

    assert raised.value.problem.code == "StorageUnavailable"
    assert "secret" not in str(raised.value)


def test_a_failure_names_the_services_code(io: Io, store: AccountTables) -> None:
    failing(io, http_error(503, "ServerBusy"))

    with pytest.raises(Unavailable, match="Storage did not answer: ServerBusy"):
        store.restores.load("r1")


def test_not_being_allowed_to_create_tables_that_exist_is_no_error(
    io: Io, store: AccountTables
) -> None:
    failing(io, http_error(403), only=lambda what: what.endswith(".create"))

    store.create_missing()

    assert store.restores.load("r1") is None


def test_a_lock_that_was_taken_while_it_was_read_is_tried_again(
    io: Io, store: AccountTables
) -> None:
    store.restores.record(a_restore(every_state()["Ended"], requestId="r1"))
    store.targets.lock(TARGET, "r1")
    lost = ResourceModifiedError("UpdateConditionNotSatisfied")
    failing(io, lost, only=lambda what: what == "TargetLocks.update")

    with pytest.raises(Unavailable):
        store.targets.lock(TARGET, "r2")


def test_a_lock_that_was_taken_while_it_was_released_is_left_alone(
    io: Io, store: AccountTables
) -> None:
    store.targets.lock(TARGET, "r1")
    lost = ResourceModifiedError("UpdateConditionNotSatisfied")
    failing(io, lost, only=lambda what: what == "TargetLocks.delete")

    store.targets.release(TARGET, "r1")


def test_a_save_that_cannot_be_confirmed_is_tried_again(io: Io, store: AccountTables) -> None:
    recorded = store.restores.record(a_restore())
    store.restores.save(a_restore(every_state()["Planned"]), recorded.etag)
    failing(io, http_error(503), only=lambda what: what == "Restores.get")

    with pytest.raises(Unavailable):
        store.restores.save(a_restore(every_state()["Planned"]), recorded.etag)


@pytest.mark.parametrize(
    ("table", "call"),
    [
        ("TargetLocks", lambda store, name: store.targets.lock(TARGET, name)),
        (
            "RestoredSources",
            lambda store, name: store.sources.take(
                TARGET, name, counts=lambda _: False, force=False
            ),
        ),
    ],
)
def test_a_row_that_is_deleted_while_it_is_read_is_tried_again(
    io: Io, tables: MemoryTables, store: AccountTables, table: str, call: Callable[..., Any]
) -> None:
    call(store, "r1")
    rows = tables.tables[table].rows
    io.before = lambda what: rows.clear() if what == f"{table}.get" else None

    with pytest.raises(Unavailable):
        call(store, "r2")


def test_who_joins_a_source_that_another_has_joined_meanwhile_looks_again(
    io: Io, store: AccountTables
) -> None:
    def take(name: str) -> Any:
        return store.sources.take(TARGET, name, counts=lambda _: False, force=False)

    take("r1")
    lost = [ResourceModifiedError("UpdateConditionNotSatisfied")]

    def once(what: str) -> None:
        if what == "RestoredSources.update" and lost:
            raise lost.pop()

    io.before = once

    assert take("r2") is None
    assert io.calls.count("RestoredSources.update") == 2
