"""Which recovery point qualifies, and which one is chosen."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from restore_core.contract.resource_ids import RecoveryPointId
from restore_core.errors import Problem, Rejected
from restore_core.lifecycle.recovery_points import RecoveryPoint, accept_named, newest
from tests.builders import a_point
from tests.fakes import NOON

HOUR = timedelta(hours=1)


def a_point_of(hours_ago: int, **changes: Any) -> RecoveryPoint:
    name = RecoveryPointId(f"point-{hours_ago}")
    return a_point(id=name, time=NOON - hours_ago * HOUR, **changes)


def refusal(points: list[RecoveryPoint], not_after: datetime | None = NOON) -> Problem:
    with pytest.raises(Rejected) as refused:
        newest(points, not_after=not_after, now=NOON)
    return refused.value.problem


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"stores": ("VaultStore",)}, "it is in VaultStore, not in the OperationalStore"),
    ({"stores": ("VaultStore", "ArchiveStore")}, "it is in VaultStore, ArchiveStore, not in"),
    ({"stores": ()}, "it is in no store, not in the OperationalStore"),
    ({"state": "CREATING"}, "its state is CREATING, not COMMITTED"),
    ({"state": ""}, "its state is unknown, not COMMITTED"),
    ({"visible": False}, "it is not visible"),
    ({"expiry": NOON}, "it expired at 2026-11-21T12:00:00Z"),
    ({"completeness": "Partial"}, "it is partial"),
    ({"completeness": "PARTIAL"}, "it is partial"),
]
FIT: list[dict[str, Any]] = [
    {},
    {"state": "Committed"},
    {"stores": ("VaultStore", "operationalStore")},
    {"expiry": NOON + timedelta(seconds=1)},
    {"completeness": ""},
    {"completeness": "SomethingNew"},
]


@pytest.mark.parametrize("changes", FIT)
def test_a_point_qualifies(changes: dict[str, Any]) -> None:
    point = a_point(**changes)

    assert point.unfit(NOON) is None
    assert accept_named(point, NOON) == point
    assert newest([point], not_after=None, now=NOON) == point


@pytest.mark.parametrize(("changes", "why"), UNFIT)
def test_a_named_point_that_does_not_qualify_is_refused_with_the_reason(
    changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(Rejected) as refused:
        accept_named(a_point(**changes), NOON)

    problem = refused.value.problem
    assert problem.code == "RecoveryPointNotUsable"
    assert why in problem.message
    assert "2026-11-21T02:00:00Z" in problem.message
    assert "Name another recovery point" in problem.action


@pytest.mark.parametrize(("changes", "why"), UNFIT)
def test_a_point_that_does_not_qualify_is_passed_over_for_an_older_one(
    changes: dict[str, Any], why: str
) -> None:
    older = a_point_of(2)

    assert newest([a_point_of(1, **changes), older], not_after=None, now=NOON) == older
    assert why in refusal([a_point_of(1, **changes)]).message


def test_the_newest_is_chosen_whatever_the_order_of_the_list() -> None:
    points = [a_point_of(hours) for hours in (5, 1, 9, 3)]

    assert newest(points, not_after=None, now=NOON).id == "point-1"
    assert newest(reversed(points), not_after=None, now=NOON).id == "point-1"


@pytest.mark.parametrize(
    ("not_after", "chosen"),
    [
        (NOON - 3 * HOUR, "point-3"),
        (NOON - 3 * HOUR - timedelta(microseconds=1), "point-5"),
        (NOON, "point-1"),
        (None, "point-1"),
    ],
)
def test_the_newest_at_or_before_a_moment_is_chosen(
    not_after: datetime | None, chosen: str
) -> None:
    points = [a_point_of(hours) for hours in (1, 3, 5)]

    assert newest(points, not_after=not_after, now=NOON).id == chosen


def test_no_point_at_all_is_told_as_such() -> None:
    problem = refusal([])

    assert problem.code == "NoRecoveryPoint"
    assert "no recovery point at all" in problem.message
    assert "backups succeed" in problem.action


def test_only_later_points_are_told_with_the_moment_to_ask_for() -> None:
    problem = refusal([a_point_of(1), a_point_of(4)], NOON - 9 * HOUR)

    assert "No recovery point at or before 2026-11-21T03:00:00Z" in problem.message
    assert "point-1 of 2026-11-21T11:00:00Z: it is later" in problem.message
    assert "the next that fits is 2026-11-21T08:00:00Z" in problem.action


def test_the_points_that_were_asked_for_are_told_before_the_later_ones() -> None:
    later = [a_point_of(hours) for hours in range(1, 7)]
    asked_for = a_point_of(12, state="PENDING")

    problem = refusal([*later, asked_for], NOON - 9 * HOUR)

    assert "its state is PENDING" in problem.message
    assert "and 2 more" in problem.message


def test_every_unfit_point_is_told_with_its_reason_up_to_five() -> None:
    points = [a_point_of(hours, visible=False) for hours in range(1, 9)]

    problem = refusal(points, None)

    assert problem.message.count("it is not visible") == 5
    assert "and 3 more" in problem.message
    assert "Wait for the next backup" in problem.action


def test_a_refusal_of_few_points_names_no_more() -> None:
    assert "more" not in refusal([a_point_of(1, visible=False)]).message
