"""The table of restores, on either storage; and tables that are missing."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from restore_core.azure.tables.account import AccountTables
from restore_core.azure.tables.restores import RESTORES
from restore_core.azure.tables.row_codec import restore_row
from restore_core.contract.resource_ids import DiskId
from restore_core.errors import Superseded, UnreadableRow
from tests.builders import a_restore, a_set_of, an_outcome, disk, every_state, in_state
from tests.fakes import NOON
from tests.storage_contracts.conftest import Storage, take

STATES = every_state()
TARGET = DiskId.parse(disk("disk-1-restored"))


def test_a_restore_that_was_never_recorded_is_none(store: AccountTables) -> None:
    assert store.restores.load("r1") is None


@pytest.mark.parametrize("state", STATES)
def test_a_restore_is_recorded_and_read_in_every_state(store: AccountTables, state: str) -> None:
    recorded = store.restores.record(in_state(state))

    assert store.restores.load("r1") == recorded
    assert recorded.restore == in_state(state)


def test_a_restore_is_recorded_once(store: AccountTables) -> None:
    first = store.restores.record(a_restore())

    with pytest.raises(Superseded):
        store.restores.record(in_state("Running"))

    assert store.restores.load("r1") == first


def test_request_ids_differ_by_case(store: AccountTables) -> None:
    store.restores.record(a_restore(requestId="Inc-1"))

    assert store.restores.load("inc-1") is None


def test_a_save_moves_the_restore_and_its_etag(store: AccountTables) -> None:
    recorded = store.restores.record(in_state("Accepted"))

    saved = store.restores.save(in_state("Planned"), recorded.etag)

    assert store.restores.load("r1") == saved
    assert saved.etag != recorded.etag


def test_a_save_leaves_no_column_of_the_state_before(
    store: AccountTables, storage: Storage
) -> None:
    recorded = store.restores.record(in_state("Restoring"))
    assert "operationUrl" in storage.rows(RESTORES)[0]

    store.restores.save(in_state("Running"), recorded.etag)

    assert "operationUrl" not in storage.rows(RESTORES)[0]


def test_a_save_on_a_restore_that_has_moved_is_superseded(store: AccountTables) -> None:
    recorded = store.restores.record(in_state("Accepted"))
    moved = store.restores.save(in_state("Planned"), recorded.etag)

    with pytest.raises(Superseded):
        store.restores.save(in_state("Ready"), recorded.etag)

    assert store.restores.load("r1") == moved


def test_a_save_that_was_made_already_is_known_as_our_own(store: AccountTables) -> None:
    """The client repeats a write whose answer it lost; the second one finds another etag."""
    recorded = store.restores.record(in_state("Validated"))
    saved = store.restores.save(in_state("Triggering"), recorded.etag)

    again = store.restores.save(in_state("Triggering"), recorded.etag)

    assert again == saved


def test_a_restore_of_as_many_disks_as_a_message_holds_is_recorded_and_saved(
    store: AccountTables,
) -> None:
    several = a_set_of(400, reason="日" * 1_000)

    recorded = store.restores.record(several)
    saved = store.restores.save(replace(several, arm_calls=1), recorded.etag)

    assert store.restores.load("r1") == saved
    assert saved.restore == replace(several, arm_calls=1)


def test_a_save_that_differs_only_where_a_row_goes_on_is_not_our_own(store: AccountTables) -> None:
    several = a_set_of(400)
    recorded = store.restores.record(several)
    another = store.restores.save(replace(several, arm_calls=1), recorded.etag)

    with pytest.raises(Superseded):
        store.restores.save(replace(several, arm_calls=2), recorded.etag)

    assert store.restores.load("r1") == another


def test_a_save_on_a_restore_that_is_gone_is_superseded(
    store: AccountTables, storage: Storage
) -> None:
    recorded = store.restores.record(a_restore())
    storage.tables.get_table_client(RESTORES).delete_entity("r1", "restore")

    with pytest.raises(Superseded):
        store.restores.save(in_state("Planned"), recorded.etag)


@pytest.mark.parametrize("document", ["{", json.dumps({"state": {"is": "Unknown"}})])
def test_a_row_that_cannot_be_read_says_so(
    store: AccountTables, storage: Storage, document: str
) -> None:
    row = {**restore_row(a_restore()), "document": document}
    storage.tables.get_table_client(RESTORES).create_entity(row)

    with pytest.raises(UnreadableRow, match="The row of r1 cannot be read"):
        store.restores.load("r1")


def test_tables_are_created_where_they_are_missing_and_left_where_they_are(
    store: AccountTables,
) -> None:
    recorded = store.restores.record(a_restore())

    store.create_missing()

    assert store.restores.load("r1") == recorded


WITHOUT_TABLES: dict[str, tuple[Callable[[AccountTables], Any], Any]] = {
    "load": (lambda store: store.restores.load("r1"), None),
    "record": (lambda store: store.restores.record(a_restore()).restore, a_restore()),
    "add": (lambda store: store.schedule.add(a_restore(), NOON), None),
    "announce": (lambda store: store.schedule.announce(a_restore(), NOON, NOON), None),
    "put": (lambda store: store.schedule.put(a_restore(), NOON), None),
    "all": (lambda store: store.schedule.all(), []),
    "forget": (lambda store: store.schedule.forget(a_restore()), None),
    "lock": (lambda store: store.targets.lock(TARGET, "r1"), "r1"),
    "release": (lambda store: store.targets.release(TARGET, "r1"), None),
    "source": (lambda store: take(store, "r1"), ""),
    "result": (lambda store: store.results.write(a_restore(), an_outcome()), None),
    "row": (lambda store: store.row_of("r1"), None),
    "refused": (lambda store: store.refused("2026-11-21", "r1"), []),
    "results": (
        lambda store: store.results_of("2026-11-21", status=None, after="", most=1),
        [],
    ),
}


@pytest.mark.parametrize(("call", "answer"), WITHOUT_TABLES.values(), ids=WITHOUT_TABLES)
def test_a_table_that_is_missing_is_made_when_it_is_missed(
    storage: Storage, call: Callable[[AccountTables], Any], answer: Any
) -> None:
    assert call(AccountTables(storage.tables)) == answer


def test_what_is_saved_in_a_table_that_is_missing_is_superseded(storage: Storage) -> None:
    with pytest.raises(Superseded):
        AccountTables(storage.tables).restores.save(a_restore(), 'W/"x"')
