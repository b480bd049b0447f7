"""The sources that were restored last, and the locks of targets, on either storage."""

import pytest

from restore_core.azure.tables.account import AccountTables
from restore_core.azure.tables.restores import RESTORES
from restore_core.azure.tables.row_codec import restore_row
from restore_core.azure.tables.sources import SOURCES
from restore_core.azure.tables.targets import LOCKS
from restore_core.contract.resource_ids import DiskId
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Ending
from restore_core.lifecycle.status import Status
from tests.builders import (
    SOURCE,
    a_claimed_plan,
    a_restore,
    an_outcome,
    disk,
    every_state,
    in_state,
)
from tests.fakes import NOON
from tests.storage_contracts.conftest import Storage, take

STATES = every_state()
TARGET = DiskId.parse(disk("disk-1-restored"))


# --------------------------------------------------------------------------------- sources


def noted(storage: Storage) -> list[str]:
    return [row["requestIds"] for row in storage.rows(SOURCES)]


def test_a_source_is_taken_once_by_each_who_asks_again(
    store: AccountTables, storage: Storage
) -> None:
    assert take(store, "a") == ""
    assert take(store, "a", counting="a") == ""

    assert noted(storage) == ["a"]
    assert storage.rows(SOURCES)[0]["sourceDiskId"] == str(SOURCE)


def test_a_source_is_refused_while_an_earlier_restore_of_it_counts(
    store: AccountTables, storage: Storage
) -> None:
    store.restores.record(a_restore(requestId="a"))
    take(store, "a")

    assert take(store, "b", counting="a") == "a"

    assert noted(storage) == ["a"]


def test_what_counts_no_more_is_forgotten(store: AccountTables, storage: Storage) -> None:
    store.restores.record(a_restore(requestId="a"))
    take(store, "a")

    assert take(store, "b") == ""

    assert noted(storage) == ["b"]


def test_who_insists_joins_those_that_count(store: AccountTables, storage: Storage) -> None:
    for name in ("a", "b"):
        store.restores.record(a_restore(requestId=name))
        take(store, name, counting="a", force=True)

    assert noted(storage) == ["a,b"]
    assert take(store, "c", counting="a b") == "b"


def test_a_restore_that_is_gone_keeps_no_one_from_its_source(store: AccountTables) -> None:
    take(store, "a")

    assert take(store, "b", counting="a") == ""


def test_a_source_is_the_same_in_any_case(store: AccountTables) -> None:
    store.restores.record(a_restore(requestId="a"))
    take(store, "a")
    upper = DiskId.parse(str(SOURCE).upper())

    found = store.sources.take(upper, "b", counts=lambda _: True, force=False)

    assert found is not None


# ----------------------------------------------------------------------------------- locks


def test_a_free_target_is_taken(store: AccountTables, storage: Storage) -> None:
    assert store.targets.lock(TARGET, "r1") == "r1"

    (row,) = storage.rows(LOCKS)
    assert (row["requestId"], row["targetDiskId"]) == ("r1", str(TARGET))


def test_a_target_is_taken_again_by_its_holder(store: AccountTables) -> None:
    store.restores.record(in_state("Planned"))
    store.targets.lock(TARGET, "r1")

    assert store.targets.lock(TARGET, "r1") == "r1"


@pytest.mark.parametrize("state", [name for name in STATES if name not in ("Ending", "Ended")])
def test_a_target_that_another_restore_holds_is_told_its_holder(
    store: AccountTables, state: str
) -> None:
    store.restores.record(in_state(state, "r1"))
    store.targets.lock(TARGET, "r1")

    assert store.targets.lock(TARGET, "r2") == "r1"
    assert store.targets.lock(TARGET, "r1") == "r1"


def test_a_target_is_the_same_in_any_casing(store: AccountTables) -> None:
    store.restores.record(in_state("Running"))
    store.targets.lock(TARGET, "r1")

    assert store.targets.lock(DiskId.parse(str(TARGET).upper()), "r2") == "r1"
    assert store.targets.lock(DiskId.parse(disk("another")), "r2") == "r2"


def test_a_target_is_held_by_one_that_has_ended_and_is_still_to_be_guarded(
    store: AccountTables,
) -> None:
    guarded = Ending(an_outcome(Status.TIMED_OUT), a_claimed_plan(), NOON)
    store.restores.record(a_restore(guarded, requestId="r1"))
    store.targets.lock(TARGET, "r1")

    assert store.targets.lock(TARGET, "r2") == store.targets.holder(TARGET) == "r1"


@pytest.mark.parametrize("holder", [in_state("Ending", "r1"), in_state("Ended", "r1"), None])
def test_a_target_whose_holder_has_ended_or_is_gone_is_taken_over(
    store: AccountTables, holder: Restore | None
) -> None:
    if holder is not None:
        store.restores.record(holder)
    store.targets.lock(TARGET, "r1")

    assert store.targets.holder(TARGET) is None
    assert store.targets.lock(TARGET, "r2") == "r2"


def test_a_holder_that_cannot_be_read_keeps_its_target(
    store: AccountTables, storage: Storage
) -> None:
    row = {**restore_row(a_restore()), "document": "{"}
    storage.tables.get_table_client(RESTORES).create_entity(row)
    store.targets.lock(TARGET, "r1")

    assert store.targets.lock(TARGET, "r2") == "r1"


def test_a_released_target_is_free(store: AccountTables, storage: Storage) -> None:
    store.targets.lock(TARGET, "r1")

    store.targets.release(TARGET, "r1")
    store.targets.release(TARGET, "r1")

    assert storage.rows(LOCKS) == []
    assert store.targets.lock(TARGET, "r2") == "r2"


def test_a_target_is_not_released_by_another_restore(store: AccountTables) -> None:
    store.restores.record(in_state("Running"))
    store.targets.lock(TARGET, "r1")

    store.targets.release(TARGET, "r2")

    assert store.targets.lock(TARGET, "r3") == "r1"
