"""Rows that earlier versions wrote are read, whatever state their restores stood in.

`rows/` holds what the code of then wrote: of 0.1.0, and of the last commit before 0.2.0.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from restore_core.azure.tables.row_codec import restore_of, restore_row
from tests.builders import A_PROBLEM
from tests.fakes import NOON

ROWS = [
    pytest.param(row, id=f"{file.stem} {row['status']} {row['PartitionKey']}")
    for file in sorted((Path(__file__).parent / "rows").glob("*.json"))
    for row in json.loads(file.read_text("utf-8"))
]
WAITING = {"dueAt", "requestedAt", "acceptedAt", "triggeredAt", "completedAt", "recoveryPointTime"}


def as_stored(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row as a table gives it: its times are times."""
    times = {name: datetime.fromisoformat(row[name]) for name in WAITING & row.keys()}
    return {**row, **times}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_an_earlier_version_is_read_and_written_anew(row: dict[str, Any]) -> None:
    restore = restore_of(as_stored(row))

    assert restore.id == row["PartitionKey"]
    assert type(restore.state).__name__ == json.loads(row["document"])["state"]["is"]
    assert restore_of(restore_row(restore)) == restore
    assert (restore.stands_in, restore.arm_calls, restore.moments) == (False, 0, {})


@pytest.mark.parametrize("row", ROWS)
def test_what_an_earlier_version_was_answered_and_owes_is_known(row: dict[str, Any]) -> None:
    restore = restore_of(as_stored(row))

    waits = "wait" in json.loads(row["document"])["state"] and restore.outcome is None
    assert (restore.problem == A_PROBLEM) == waits
    assert (restore.owes(NOON) is None) == (restore.due is None or restore.due > NOON)
    assert restore_of(restore_row(restore)).owes(NOON) == restore.owes(NOON)


def test_both_versions_are_there_in_every_state_that_they_knew() -> None:
    assert len(ROWS) == 12 + 13
