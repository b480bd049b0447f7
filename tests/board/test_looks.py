"""What a page is told between two looks, and what that costs of storage transactions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from restore_core.errors import Unavailable
from restorectl.board.looks import Looks
from tests.board.scene import Night, a_night, ended, under_way
from tests.board.test_in_browser import refuse

if TYPE_CHECKING:
    from restorectl.board.looks import Changes

DAY = timedelta(days=1)
EVERY = 3  # seconds between two looks of a page: restorectl/board/page/look.js.


def looks(night: Night, span: timedelta = DAY) -> Looks:
    return Looks(night.reading, night.clock, span)


def ids(changes: Changes) -> list[str]:
    return sorted(item["rowId"] for item in changes.items)


def test_a_page_is_told_everything_once_and_then_what_has_changed() -> None:
    night = a_night()
    board = looks(night)
    first = board.since(0)

    night.put(under_way("new-01", "Accepted", 0))
    night.clock.advance(seconds=EVERY)
    second = board.since(first.version)
    night.clock.advance(seconds=EVERY)
    third = board.since(second.version)

    assert (first.whole, len(first.items)) == (True, 55)
    assert (second.whole, ids(second)) == (False, ["new-01"])
    assert (third.whole, ids(third), third.version) == (False, [], second.version)


def test_a_restore_that_ends_is_told_however_long_ago_it_was_accepted() -> None:
    night = Night.empty()
    row = under_way("old-01", "Running", 60 * 23)
    night.put(row)
    board = looks(night)
    version = board.since(0).version

    night.end(row, took=60 * 60 * 23)
    night.clock.advance(seconds=EVERY)
    told = board.since(version)

    assert [(item["rowId"], item["status"]) for item in told.items] == [("old-01", "Completed")]


def test_many_that_end_at_once_are_told_together() -> None:
    night = Night.empty()
    rows = [under_way(f"m{n:02}", "Running", 30) for n in range(40)]
    night.put(*rows)
    board = looks(night)
    version = board.since(0).version

    for row in rows:
        night.end(row)
    night.clock.advance(seconds=EVERY)
    calls = len(night.tables.io.calls)
    told = board.since(version)

    assert len(told.items) == 40
    assert len(night.tables.io.calls) - calls < 10


def test_a_page_that_holds_a_row_that_is_gone_is_told_everything_anew() -> None:
    night = a_night()
    board = looks(night)
    version = board.since(0).version

    night.tables.get_table_client("RestoreResults").rows.popitem()
    night.clock.advance(minutes=2)
    told = board.since(version)

    assert (told.whole, len(told.items)) == (True, 54)


def test_a_page_of_an_earlier_server_is_told_everything() -> None:
    assert looks(a_night()).since(999_999).whole


def test_a_failure_is_told_and_the_next_look_goes_on_where_the_last_was() -> None:
    night = a_night()
    board = looks(night)
    version = board.since(0).version

    night.clock.advance(seconds=EVERY)
    night.tables.io.before = refuse
    with pytest.raises(Unavailable):
        board.since(version)
    night.tables.io.before = lambda _what: None
    night.put(ended(under_way("new-01", "", 1), took=30))

    assert ids(board.since(version)) == ["new-01"]


def test_two_pages_cost_what_one_costs() -> None:
    night = a_night()
    board = looks(night)
    board.since(0)
    calls = len(night.tables.io.calls)

    board.since(0)

    assert len(night.tables.io.calls) == calls


@pytest.mark.parametrize("span", [DAY, timedelta(days=30)])
@pytest.mark.parametrize("vaults", [0, 3])
def test_a_look_costs_two_queries_and_one_for_each_vault_that_restores(
    span: timedelta, vaults: int
) -> None:
    night = Night.empty()
    night.put(*(ended(under_way(f"e{n:02}", "", 9 + n)) for n in range(40)))
    night.put(*(under_way(f"o{n}", "Running", 2, vault=f"vault-{n}") for n in range(vaults)))
    board = looks(night, span)
    version = board.since(0).version
    calls = len(night.tables.io.calls)

    for _ in range(60 // EVERY):
        night.clock.advance(seconds=EVERY)
        version = board.since(version).version

    cost = len(night.tables.io.calls) - calls
    print(f"{cost} storage transactions a minute, of {span.days} days, in {vaults} vaults")
    assert cost == 60 // EVERY * (2 + vaults)
