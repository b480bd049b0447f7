"""Whatever a row holds when it is read: nothing escapes, no other restore is touched. I1, I3."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restore_core.azure.tables.row_codec import restore_of, restore_row
from restore_core.errors import UnreadableRow
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Wait
from tests import builders
from tests.fakes import NOON
from tests.hostile import nasty
from tests.hostile.arena import Arena
from tests.hostile.counted import count, examples
from tests.hostile.spoil import places_in

STATES = builders.every_state(Wait(NOON, misses=1, problem=builders.A_PROBLEM))
MOST_CALLS_OF_AN_INVOCATION = 3

edits = st.one_of(
    st.tuples(st.just("set"), st.integers(0, 100), st.one_of(nasty.nasty_json, nasty.nasty_text)),
    st.tuples(st.just("drop"), st.integers(0, 100)),
    st.tuples(st.just("column"), st.sampled_from(["document", "operationUrl", "status", "dueAt"]),
              nasty.nasty_text),
    st.tuples(st.just("gone"), st.sampled_from(["document", "operationUrl", "dueAt", "status"])),
)  # fmt: skip


def edited(row: dict[str, Any], edit: tuple[Any, ...]) -> dict[str, Any]:
    match edit:
        case "set" | "drop", int(at), *value:
            document = json.loads(row["document"])
            places = places_in(document)
            held, key = places[at % len(places)]
            if value:
                held[key] = value[0]
            else:
                del held[key]
            return {**row, "document": json.dumps(document)}
        case "column", str(name), text:
            return {**row, name: text}
        case "gone", str(name):
            return {key: value for key, value in row.items() if key != name}
    raise AssertionError(edit)


def row_of(state: str, instance: str = builders.INSTANCE) -> dict[str, Any]:
    return restore_row(builders.a_restore(STATES[state], backupInstanceId=instance))


@examples(300)
@given(state=st.sampled_from(sorted(STATES)), edit=edits)
def test_a_row_is_a_restore_or_unreadable_and_nothing_else(
    state: str, edit: tuple[Any, ...]
) -> None:
    count("rows")
    try:
        restore = restore_of(edited(row_of(state), edit))
    except UnreadableRow as unreadable:
        told = str(unreadable)
        assert len(told.splitlines()) == 1
        return

    assert isinstance(restore, Restore)
    assert restore.id == "r1"
    restore.owes(NOON)
    restore_of(restore_row(restore))


@examples(70)
@given(state=st.sampled_from(sorted(STATES)), edit=edits)
def test_no_row_stops_the_timer_or_harms_another_restore(
    arena: Arena, state: str, edit: tuple[Any, ...]
) -> None:
    arena.reset()
    arena.tables.get_table_client("Restores").rows[("r1", "restore")] = (
        'W/"1"',
        edited(row_of(state, arena.instance), edit),
    )
    arena.tables.get_table_client("OutstandingRestores").rows[("0", "r1")] = (
        'W/"1"',
        {"PartitionKey": "0", "RowKey": "r1", "due": NOON, "jobId": "", "turn": "awaited"},
    )
    arena.send(backupInstanceId=arena.instance)
    other = arena.protect("disk-2")
    arena.send(requestId="r2", backupInstanceId=other, targetDiskId=builders.disk("d2"))
    arena.queue("restore-steps").send_message("r1")

    arena.run(until=lambda: any(row["RowKey"] == "r2" for row in arena.results()), hours=1)

    count("rows")
    assert arena.result("r2")["status"] == "Completed"
    assert arena.failures == [], "an exception left a function"
    assert arena.most_calls <= 2 * MOST_CALLS_OF_AN_INVOCATION
    arena.judge_calls()


@pytest.mark.parametrize("state", sorted(STATES))
def test_a_row_that_is_left_alone_is_read_as_it_was_written(state: str) -> None:
    restore = builders.a_restore(STATES[state])

    assert restore_of(restore_row(restore)) == restore
