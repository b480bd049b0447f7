"""The app's tables, on either storage."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from azure.data.tables import UpdateMode

from restore_core.azure.arm_guard import MAX_URL
from restore_core.azure.tables.account import AccountTables
from restore_core.azure.tables.outstanding import OUTSTANDING
from restore_core.azure.tables.restores import RESTORES
from restore_core.azure.tables.results import MAX_REFUSED, RESULTS
from restore_core.azure.tables.row_codec import restore_row
from restore_core.azure.tables.sources import SOURCES
from restore_core.azure.tables.targets import LOCKS
from restore_core.contract.resource_ids import DiskId
from restore_core.errors import Problem, Superseded, Unavailable, UnreadableRow
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Ending, Wait
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.transitions import MAX_CLAIMS
from restore_core.lifecycle.turn import Turn
from tests.builders import (
    INSTANCE,
    SOURCE,
    SUBSCRIPTION,
    a_claim,
    a_member,
    a_plan,
    a_refused_message,
    a_restore,
    a_set_of,
    an_outcome,
    disk,
    every_state,
)
from tests.fakes import NOON
from tests.storage_contracts.conftest import Storage

STATES = every_state()
TARGET = DiskId.parse(disk("disk-1-restored"))
SECOND = timedelta(seconds=1)


def in_state(name: str, request_id: str = "r1") -> Restore:
    return a_restore(STATES[name], requestId=request_id)


# -------------------------------------------------------------------------------- restores


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


# ----------------------------------------------------------------------------- outstanding


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


# --------------------------------------------------------------------------------- sources


def take(store: AccountTables, name: str, *, counting: str = "", force: bool = False) -> str:
    """Take the source for a restore; return the one that forbids it, of those that count."""
    found = store.sources.take(
        SOURCE, name, counts=lambda restore: restore.id in counting.split(), force=force
    )
    return found.id if found else ""


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


@pytest.mark.parametrize("state", [name for name in STATES if name != "Ended"])
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


@pytest.mark.parametrize("holder", [in_state("Ended", "r1"), None])
def test_a_target_whose_holder_has_ended_or_is_gone_is_taken_over(
    store: AccountTables, holder: Restore | None
) -> None:
    if holder is not None:
        store.restores.record(holder)
    store.targets.lock(TARGET, "r1")

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


# --------------------------------------------------------------------------------- results

FAILED = an_outcome(Status.FAILED, problem=Problem("Code", "<&> größe 😀", "Do it."))


def test_a_result_is_written_once_however_often_it_is_written(
    store: AccountTables, storage: Storage
) -> None:
    ending = a_restore(Ending(FAILED, a_plan()))

    store.results.write(ending, FAILED)
    store.results.write(ending, FAILED)

    (row,) = storage.rows(RESULTS)
    assert (row["PartitionKey"], row["RowKey"]) == ("2026-11-21", "r1")
    assert (row["status"], row["errorMessage"]) == ("Failed", "<&> größe 😀")
    assert row["completedAt"] == NOON


def test_a_result_of_a_long_restore_fits_into_its_row(
    store: AccountTables, storage: Storage
) -> None:
    years = a_plan(point_time=NOON - timedelta(days=3_650))
    late = replace(FAILED, at=NOON + timedelta(days=31))

    store.results.write(a_restore(Ending(late, years)), late)

    assert storage.rows(RESULTS)[0]["durationSeconds"] == 31 * 86_400
    assert storage.rows(RESULTS)[0]["recoveryPointAgeSeconds"] == 3_650 * 86_400


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe\x00", b'{"a": "<&>"}', "größe 😀".encode(), b"", b"x" * 65_536],
    ids=["bytes", "json", "letters", "empty", "64 KiB"],
)
def test_a_message_that_never_became_a_restore_is_written_once(
    store: AccountTables, storage: Storage, body: bytes
) -> None:
    for _ in range(2):
        store.results.write_refused(a_refused_message(body))

    (row,) = storage.rows(RESULTS)
    assert row["PartitionKey"] == "2026-11-21"
    assert row["RowKey"].startswith("unreadable~")
    assert (row["status"], row["errorCode"]) == ("Rejected", "SomeCode")


def test_a_message_that_never_became_a_restore_touches_no_other_row(
    store: AccountTables, storage: Storage
) -> None:
    store.results.write(a_restore(Ending(FAILED, a_plan())), FAILED)

    store.results.write_refused(a_refused_message(request_id="r1"))

    assert sorted(row["RowKey"].partition("~")[0] for row in storage.rows(RESULTS)) == ["r1", "r1"]
    assert {row["status"] for row in storage.rows(RESULTS)} == {"Failed", "Rejected"}


# ------------------------------------------------------------------------- what receivers read


def end(store: AccountTables, request_id: str, status: Status = Status.COMPLETED) -> None:
    outcome = an_outcome(status)
    store.results.write(a_restore(Ending(outcome, a_plan()), requestId=request_id), outcome)


def refuse(store: AccountTables, request_id: str, body: bytes, *, days: int = 0) -> None:
    inserted_at = NOON - timedelta(days=days)
    message = a_refused_message(
        body, request_id=request_id, inserted_at=inserted_at, at=inserted_at
    )
    store.results.write_refused(message)


def keys(rows: list[Any]) -> list[str]:
    return [row["RowKey"] for row in rows]


def listed(store: AccountTables, status: Status | None = None, **wanted: Any) -> list[str]:
    wanted = {"after": "", "most": 100, **wanted}
    return keys(store.results_of("2026-11-21", status=status, **wanted))


def test_a_row_is_read_as_it_stands_there_or_not_at_all(store: AccountTables) -> None:
    store.restores.record(in_state("Running"))

    row = store.row_of("r1")

    assert row is not None
    assert row["status"] == "Running"
    assert row["acceptedAt"] == NOON
    assert store.row_of("r2") is None


def test_the_results_of_a_day_come_by_key(store: AccountTables) -> None:
    for request_id in ("b", "a", "B", "c-1"):
        end(store, request_id)
    refuse(store, "a", b"x", days=1)

    assert listed(store) == ["B", "a", "b", "c-1"]
    assert store.results_of("2026-11-19", status=None, after="", most=1) == []


def test_results_are_listed_after_a_key_and_not_more_than_asked_for(store: AccountTables) -> None:
    for number in range(5):
        end(store, f"r{number}")

    assert listed(store, most=2) == ["r0", "r1"]
    assert listed(store, after="r1", most=2) == ["r2", "r3"]
    assert listed(store, after="r3", most=2) == ["r4"]
    assert listed(store, after="r4") == []


def test_results_of_one_status_are_listed(store: AccountTables) -> None:
    end(store, "r1", Status.FAILED)
    end(store, "r2")
    end(store, "r3", Status.FAILED)
    refuse(store, "r4", b"x")

    assert listed(store, Status.FAILED) == ["r1", "r3"]
    assert listed(store, Status.FAILED, after="r1") == ["r3"]
    (refused,) = listed(store, Status.REJECTED)
    assert refused.startswith("r4~")


def test_more_results_than_the_service_gives_at_once_are_listed(
    store: AccountTables, storage: Storage
) -> None:
    table = storage.tables.get_table_client(RESULTS)
    for number in range(1_005):
        row = {"PartitionKey": "2026-11-21", "RowKey": f"r{number:04}", "status": "Failed"}
        table.create_entity(row)

    assert listed(store, most=1_001) == [f"r{number:04}" for number in range(1_001)]
    assert listed(store, Status.COMPLETED) == []


@pytest.mark.parametrize("after", ["' or RowKey ge '", "a' or 'a' eq 'a", "%27", "&$top=1", "ä 😀"])
def test_a_key_is_a_value_whatever_it_holds(store: AccountTables, after: str) -> None:
    end(store, "0")

    assert listed(store, after=after) == (["0"] if after < "0" else [])


def test_the_refused_messages_of_an_id_and_a_day_are_found_and_no_others(
    store: AccountTables,
) -> None:
    refuse(store, "r1", b"x")
    refuse(store, "r1", b"y")
    refuse(store, "r1", b"y", days=1)
    refuse(store, "r10", b"x")
    refuse(store, "r", b"x")
    refuse(store, "", b"x")
    end(store, "r1")

    found = store.refused("2026-11-21", "r1")

    assert [key.partition("~")[0] for key in keys(found)] == ["r1", "r1"]
    assert {row["messageText"] for row in found} == {"x", "y"}
    assert len(store.refused("2026-11-20", "r1")) == 1
    assert store.refused("2026-11-19", "r1") == []


def test_a_refused_message_is_found_by_its_key_of_some_days_the_newest(
    store: AccountTables,
) -> None:
    refuse(store, "r1", b"x")
    refuse(store, "r1", b"x", days=1)
    refuse(store, "r1", b"y", days=1)
    key = str(store.refused("2026-11-21", "r1")[0]["RowKey"])

    newest = store.refused_row("2026-11-01", "2026-11-30", key)

    assert newest is not None
    assert (newest["PartitionKey"], newest["messageText"]) == ("2026-11-21", "x")
    older = store.refused_row("2026-11-01", "2026-11-20", key)
    assert older is not None
    assert older["PartitionKey"] == "2026-11-20"
    assert store.refused_row("2026-11-01", "2026-11-19", key) is None


def test_no_more_refused_messages_are_read_than_a_sender_can_mistake(store: AccountTables) -> None:
    for number in range(MAX_REFUSED + 1):
        refuse(store, "r1", str(number).encode())

    assert len(store.refused("2026-11-21", "r1")) == MAX_REFUSED


@pytest.mark.parametrize("letter", ["x", "ä", "日", "😀", '"', "\\"])
@pytest.mark.parametrize("state", ["Restoring", "Confirming", "Guarding"])
def test_the_largest_restore_fits_into_its_row(
    store: AccountTables, state: str, letter: str
) -> None:
    told = Problem(letter * 128, letter * 1_500, letter * 1_500, letter * 64)
    largest: Any = every_state(Wait(NOON, 3, told))[state]
    claims = tuple(a_claim(NOON, str(uuid4())) for _ in range(MAX_CLAIMS))
    largest = replace(largest, plan=a_plan(claims=claims, correlation_id="c" * 64))
    if state == "Restoring":
        url = "https://management.azure.com/" + "x" * MAX_URL
        largest = replace(largest, operation=replace(largest.operation, url=url[:MAX_URL]))
    elif state == "Confirming":
        largest = replace(largest, refusal=replace(largest.refusal, problem=told))
    else:
        largest = replace(largest, outcome=replace(largest.outcome, problem=told))
    texts = dict.fromkeys(("reason", "requestedBy", "correlationId"), letter * 1_024)
    restore = a_restore(largest, requestId="r" * 128, **texts)

    recorded = store.restores.record(restore)

    assert store.restores.load(restore.id) == recorded


def test_results_of_some_days_are_found_by_their_days_without_the_text_of_messages(
    store: AccountTables,
) -> None:
    end(store, "r1")
    end(store, "r2", Status.FAILED)
    refuse(store, "r3", b"x", days=1)
    refuse(store, "r4", b"x", days=2)

    found = store.ended("2026-11-20", "2026-11-21", status=None)

    assert [key[:2] for key in keys(found)] == ["r3", "r1", "r2"]
    assert {"messageText", "Timestamp", "document"}.isdisjoint(set().union(*found))
    assert found[1]["acceptedAt"] == NOON
    assert keys(store.ended("2026-11-19", "2026-11-21", status=Status.FAILED)) == ["r2"]
    assert len(store.ended("2026-11-19", "2026-11-21", status=None, most=1)) == 1
    assert store.ended("2026-11-22", "2026-11-23", status=None) == []


def test_what_is_under_way_is_shown_as_it_was_at_its_last_step(store: AccountTables) -> None:
    restore = in_state("Running")
    store.schedule.put(restore, NOON)

    (shown,) = store.outstanding()

    assert (shown["RowKey"], shown["status"], shown["acceptedAt"]) == ("r1", "Running", NOON)
    assert shown["targetDiskId"] == str(a_plan().target)
    assert shown["dueAt"] == restore.due
    assert {"due", "turn", "leader", "vault"}.isdisjoint(shown)


def test_what_an_earlier_version_noted_is_shown_as_its_restore_stands(
    store: AccountTables, storage: Storage
) -> None:
    store.restores.record(in_state("Running"))
    outstanding = storage.tables.get_table_client(OUTSTANDING)
    for request_id in ("r1", "r2"):
        outstanding.create_entity({"PartitionKey": "old", "RowKey": request_id, "due": NOON})

    shown = {row["RowKey"]: row.get("status") for row in store.outstanding()}

    assert shown == {"r1": "Running", "r2": None}


def test_of_two_rows_of_a_restore_that_under_its_own_key_is_shown(
    store: AccountTables, storage: Storage
) -> None:
    store.schedule.put(in_state("Running"), NOON)
    outstanding = storage.tables.get_table_client(OUTSTANDING)
    outstanding.create_entity({"PartitionKey": "zz", "RowKey": "r1", "due": NOON})

    assert [row["status"] for row in store.outstanding()] == ["Running"]


def test_where_tables_are_only_read_none_is_made(storage: Storage) -> None:
    store = AccountTables(storage.tables, are_made=False)

    for read in (store.outstanding, lambda: store.row_of("r1"), store.schedule.all):
        with pytest.raises(Unavailable, match="TableNotFound"):
            read()
    AccountTables(storage.tables).create_missing()
    assert store.outstanding() == []
