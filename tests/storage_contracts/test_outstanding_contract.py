"""The table of what is outstanding, on either storage."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.data.tables import UpdateMode

from restore_core.azure.tables.account import AccountTables
from restore_core.azure.tables.outstanding import OUTSTANDING
from restore_core.lifecycle.states import Wait
from restore_core.lifecycle.turn import Turn
from tests.builders import (
    INSTANCE,
    SOURCE,
    SUBSCRIPTION,
    a_member,
    a_restore,
    every_state,
    in_state,
)
from tests.fakes import NOON
from tests.storage_contracts.conftest import Storage

SECOND = timedelta(seconds=1)


def ids(store: AccountTables, now: datetime) -> list[str]:
    return [one.request_id for one in store.schedule.all() if one.due <= now]


def test_everything_that_is_outstanding_is_found_with_its_due_time(store: AccountTables) -> None:
    for request_id, due in (("a", 2), ("b", 3), ("c", 1)):
        store.schedule.put(a_restore(requestId=request_id), NOON + due * SECOND)

    found = {one.request_id: one.due for one in store.schedule.all()}

    assert found == {"a": NOON + 2 * SECOND, "b": NOON + 3 * SECOND, "c": NOON + SECOND}


def test_what_has_its_turn_or_waits_for_it_is_counted_and_nothing_else(
    store: AccountTables,
) -> None:
    for state in ("Accepted", "Queued", "Running", "Ending", "Guarding", "Ended"):
        store.schedule.put(in_state(state, state), NOON)
    store.schedule.put(a_restore(requestId="validates", validateOnly=True), NOON)
    for state in ("Enrolled", "Queued"):
        member = replace(in_state(state, f"member-{state}"), member=a_member())
        store.schedule.put(member, NOON)

    turns = {outstanding.request_id: outstanding.turn for outstanding in store.schedule.turns()}

    taken = dict.fromkeys(("Accepted", "Running", "Ending"), Turn.TAKEN)
    assert turns == {**taken, "Queued": Turn.AWAITED}


@pytest.mark.parametrize("at", [None, NOON + SECOND])
def test_when_it_had_its_turn_and_until_when_arm_is_left_alone_stand_in_its_row(
    store: AccountTables, at: datetime | None
) -> None:
    waiting = every_state(Wait(NOON, throttled_until=at))["Running"]
    store.schedule.put(replace(a_restore(waiting), turn_at=at), NOON)

    (found,) = store.schedule.all()

    assert (found.turn_at, found.throttled_until) == (at, at)
    assert found.subscription == SUBSCRIPTION


def test_who_has_ended_tells_of_no_limit_and_who_names_no_vault_of_no_subscription(
    store: AccountTables,
) -> None:
    unknown = {"backupInstanceId": ..., "sourceDiskId": str(SOURCE)}
    store.schedule.put(in_state("Ended", "Ended"), NOON)
    store.schedule.put(a_restore(requestId="Accepted", **unknown), NOON)

    found = {one.request_id: one for one in store.schedule.all()}

    assert found["Ended"].throttled_until is None
    assert (found["Ended"].subscription, found["Accepted"].subscription) == (SUBSCRIPTION, "")


def test_a_restore_is_followed_while_another_waits_for_its_end(store: AccountTables) -> None:
    follower = in_state("Following", "follower")
    store.schedule.put(follower, NOON)
    store.schedule.put(in_state("Queued", "waits"), NOON)
    followed = [store.schedule.is_followed(name) for name in (follower.leader, "follower", "waits")]

    store.schedule.put(in_state("Running", "follower"), NOON)

    assert followed == [True, False, False]
    assert not store.schedule.is_followed(follower.leader)


def test_no_more_turns_are_read_than_are_asked_for(store: AccountTables) -> None:
    for number in range(5):
        store.schedule.put(a_restore(requestId=f"r{number}"), NOON)

    assert len(store.schedule.turns(3)) == 3
    assert len(store.schedule.turns(9)) == 5


def test_a_row_of_the_version_before_counts_as_due_when_it_says(
    store: AccountTables, storage: Storage
) -> None:
    table = storage.tables.get_table_client(OUTSTANDING)
    row = {"PartitionKey": "vault", "RowKey": "old", "due": NOON, "jobId": ""}
    table.upsert_entity(row, UpdateMode.REPLACE)

    (found,) = store.schedule.all()

    assert (found.request_id, found.turn, found.accepted_at) == ("old", Turn.TAKEN, NOON)


def test_an_announcement_is_replaced_by_the_next(store: AccountTables, storage: Storage) -> None:
    store.schedule.put(in_state("Running"), NOON)
    assert storage.rows(OUTSTANDING)[0]["jobId"]

    store.schedule.put(in_state("Accepted"), NOON + SECOND)

    assert ids(store, NOON) == []
    assert ids(store, NOON + SECOND) == ["r1"]
    assert len(storage.rows(OUTSTANDING)) == 1


def test_the_row_of_a_request_has_one_key_whatever_vault_it_names(
    store: AccountTables, storage: Storage
) -> None:
    for changes in (
        {},
        {"backupInstanceId": INSTANCE.replace("t-1", "t-2")},
        {"backupInstanceId": ..., "sourceDiskId": str(SOURCE)},
    ):
        store.schedule.put(a_restore(requestId="a", **changes), NOON)

    (row,) = storage.rows(OUTSTANDING)
    assert row["vault"] == ""


def test_the_first_row_of_a_request_hides_none_that_stands(
    store: AccountTables, storage: Storage
) -> None:
    store.schedule.put(in_state("Running"), NOON)

    store.schedule.announce(a_restore(), NOON, NOON + SECOND)

    (row,) = storage.rows(OUTSTANDING)
    assert row["jobId"]


def test_a_row_that_stands_is_not_dropped_by_who_has_read_it_before(
    store: AccountTables,
) -> None:
    store.schedule.announce(a_restore(), NOON, NOON)
    (read,) = store.schedule.all()

    store.schedule.announce(a_restore(), NOON, NOON + SECOND)
    store.schedule.drop(read)

    (row,) = store.schedule.all()
    assert row.due == NOON + SECOND


def test_what_is_added_leaves_a_row_that_stands_as_it_is(store: AccountTables) -> None:
    store.schedule.put(in_state("Running"), NOON)
    before = store.schedule.all()

    store.schedule.add(a_restore(), NOON + SECOND)

    assert store.schedule.all() == before


def old_row(storage: Storage, request_id: str = "r1", **columns: Any) -> None:
    """Write an outstanding row as version 0.1.0 wrote it, under its vault's key."""
    row = {"PartitionKey": "default", "RowKey": request_id, "due": NOON, "jobId": "", **columns}
    storage.tables.get_table_client(OUTSTANDING).upsert_entity(row, UpdateMode.REPLACE)


def test_a_turn_is_counted_once_for_each_id_whatever_keys_its_rows_have(
    store: AccountTables, storage: Storage
) -> None:
    old_row(storage, turn="taken", acceptedAt=NOON)
    store.schedule.put(in_state("Queued"), NOON)

    (one,) = store.schedule.turns()

    assert (one.is_own, one.turn) == (True, Turn.AWAITED)


def test_a_row_of_an_earlier_version_is_known_as_one(
    store: AccountTables, storage: Storage
) -> None:
    old_row(storage)
    store.schedule.put(a_restore(requestId="r2"), NOON + 100 * SECOND)

    assert {one.request_id: one.is_own for one in store.schedule.all()} == {
        "r1": False,
        "r2": True,
    }


def test_a_forgotten_restore_is_not_due_any_more(store: AccountTables) -> None:
    store.schedule.put(a_restore(), NOON)

    store.schedule.forget(a_restore())
    store.schedule.forget(a_restore())

    assert store.schedule.all() == []


def test_a_row_that_stands_for_nothing_is_dropped(store: AccountTables) -> None:
    store.schedule.put(a_restore(), NOON)
    (outstanding,) = store.schedule.all()

    store.schedule.drop(outstanding)
    store.schedule.drop(outstanding)

    assert store.schedule.all() == []


def test_a_row_that_was_written_anew_meanwhile_is_not_dropped(store: AccountTables) -> None:
    store.schedule.put(a_restore(), NOON)
    (outstanding,) = store.schedule.all()
    store.schedule.put(a_restore(), NOON)

    store.schedule.drop(outstanding)

    assert ids(store, NOON) == ["r1"]
