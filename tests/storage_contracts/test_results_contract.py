"""The table of results and what receivers read of it, on either storage."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from restore_core.azure.arm_guard import MAX_URL
from restore_core.azure.tables.account import AccountTables
from restore_core.azure.tables.outstanding import OUTSTANDING
from restore_core.azure.tables.results import MAX_REFUSED, RESULTS
from restore_core.errors import Problem, Unavailable
from restore_core.lifecycle.states import Ending, Wait
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.transitions import MAX_CLAIMS
from tests.builders import (
    a_claim,
    a_plan,
    a_refused_message,
    a_restore,
    an_outcome,
    every_state,
    in_state,
)
from tests.fakes import NOON
from tests.storage_contracts.conftest import Storage

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
