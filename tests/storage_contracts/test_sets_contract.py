"""The plans of sets and the durations of vaults, in memory and on Azurite."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restore_core.azure.tables.account import AccountTables
from restore_core.azure.tables.durations import DURATIONS, KEPT
from restore_core.azure.tables.sets import SETS
from restore_core.contract.resource_ids import (
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    VirtualMachineId,
)
from restore_core.errors import Problem, Unavailable, UnreadableRow
from restore_core.lifecycle.backup_instance import BackupInstance
from restore_core.lifecycle.sets import (
    NOT_PROTECTED,
    Attachment,
    End,
    FoundDisk,
    Header,
    PlannedDisk,
)
from tests.builders import INSTANCE, SOURCE, TARGET_GROUP, disk
from tests.fakes import NOON
from tests.storage_contracts.conftest import Storage

HEADER = Header("a" * 32, 2, 1, validate_only=False, as_graph_showed=True)
MACHINE = VirtualMachineId.parse(f"{TARGET_GROUP}/providers/Microsoft.Compute/virtualMachines/vm-1")
VAULT = BackupInstanceId.parse(INSTANCE).vault
INSTANCE_OF_DISK = BackupInstance(BackupInstanceId.parse(INSTANCE), SOURCE, "westeurope", None)
BACK = End("Completed", NOON, disk=disk("disk-1-new"), point_time=NOON, seconds=291)


def a_row(place: int, attempt: str = HEADER.attempt, **changes: Any) -> PlannedDisk:
    found = FoundDisk(SOURCE, INSTANCE_OF_DISK, None, 32, Attachment(MACHINE, 1))
    target = DiskId.parse(disk(f"disk-{place}-new"))
    return replace(
        PlannedDisk(f"{attempt}~{place:05}", f"set.disk-{place}.0", found, target), **changes
    )


def missing(place: int) -> PlannedDisk:
    problem = Problem("DiskNotProtected", "No vault protects it.")
    end = End(NOT_PROTECTED, NOON, problem.code, problem.message)
    return a_row(place, found=FoundDisk(SOURCE, None, problem), end=end)


def test_a_plan_is_read_as_it_was_written(store: AccountTables) -> None:
    plan = [a_row(0), missing(1)]

    assert store.sets.save("set", HEADER, plan) == HEADER

    assert store.sets.header("set") == HEADER
    assert store.sets.plan("set", HEADER) == plan


def test_a_plan_of_more_rows_than_a_transaction_takes_is_whole(store: AccountTables) -> None:
    plan = [a_row(place) for place in range(201)]

    store.sets.save("set", HEADER, plan)

    assert store.sets.plan("set", HEADER) == plan


def test_of_two_plans_the_one_whose_header_came_first_stands(store: AccountTables) -> None:
    late = replace(HEADER, attempt="b" * 32)
    store.sets.save("set", HEADER, [a_row(0)])

    assert store.sets.save("set", late, [a_row(0, late.attempt), a_row(1, late.attempt)]) == HEADER

    assert store.sets.header("set") == HEADER
    assert [row.row for row in store.sets.plan("set", HEADER)] == [a_row(0).row]


def test_rows_without_a_header_are_no_plan(store: AccountTables, storage: Storage) -> None:
    store.sets.save("set", HEADER, [a_row(0)])
    storage.tables.get_table_client(SETS).delete_entity("set", "header")

    assert store.sets.header("set") is None
    assert store.sets.shown("set") == []


def test_a_header_that_goes_while_it_is_looked_for_is_tried_again(
    memory_storage: Storage,
) -> None:
    store = AccountTables(memory_storage.tables)
    store.sets.save("set", HEADER, [a_row(0)])
    rows = memory_storage.tables.get_table_client(SETS).rows

    def forget(what: str) -> None:
        if what == "RestoreSets.get":
            rows.pop(("set", "header"), None)

    memory_storage.tables.io.before = forget
    with pytest.raises(Unavailable):
        store.sets.save("set", HEADER, [a_row(0)])


def test_an_end_is_added_to_its_row_and_once_more_without_harm(store: AccountTables) -> None:
    store.sets.save("set", HEADER, [a_row(0), a_row(1)])

    for _ in range(2):
        store.sets.end("set", a_row(0).row, BACK)

    assert store.sets.plan("set", HEADER) == [a_row(0, end=BACK), a_row(1)]


def test_the_end_of_a_row_that_is_gone_makes_no_other(
    store: AccountTables, storage: Storage
) -> None:
    store.sets.end("set", a_row(0).row, BACK)

    assert storage.rows(SETS) == []


@pytest.mark.parametrize(
    ("column", "text"),
    [("found", "{"), ("found", "[]"), ("found", '{"source": 1}'), ("targetDiskId", "no disk")],
)
def test_a_row_that_cannot_be_read_is_named(
    store: AccountTables, storage: Storage, column: str, text: str
) -> None:
    store.sets.save("set", HEADER, [a_row(0)])
    row = next(row for row in storage.rows(SETS) if row["RowKey"] != "header")
    store.sets._table.put({**row, column: text})

    with pytest.raises(UnreadableRow, match=f"{column} of set a+~00000 in RestoreSets cannot"):
        store.sets.plan("set", HEADER)


def test_what_the_last_restores_of_a_vault_took_is_remembered(store: AccountTables) -> None:
    for number in range(KEPT + 2):
        store.durations.add(VAULT, number, NOON + timedelta(seconds=number))
    store.durations.add(VAULT, KEPT + 1, NOON + timedelta(seconds=KEPT + 1))

    assert store.durations.of(VAULT) == list(range(2, KEPT + 2))
    assert store.durations_of(VAULT) == store.durations.of(VAULT)
    assert store.durations.of(BackupVaultId(VAULT.group, "other")) == []


def test_durations_that_cannot_be_read_are_made_anew(
    store: AccountTables, storage: Storage
) -> None:
    store.durations.add(VAULT, 1, NOON)
    (row,) = storage.rows(DURATIONS)
    store.durations._table.put({**row, "jobs": "[{}]"})

    assert store.durations.of(VAULT) == []
    store.durations.add(VAULT, 2, NOON)
    assert store.durations.of(VAULT) == [2]
