"""What is still to be told of a restore: each stage once, in order, until it has been sent."""

from datetime import timedelta

import pytest

from restore_core.errors import Problem
from restore_core.lifecycle.outbox import FINAL, Notice, Outbox, Stage
from restore_core.lifecycle.status import Status
from tests.fakes import NOON

ALL = frozenset(Stage)
LATER = NOON + timedelta(minutes=1)


def test_every_outcome_is_a_stage_and_every_final_stage_an_outcome() -> None:
    ends = [Stage.of(status) for status in Status if status is not Status.IGNORED]

    assert set(ends) == set(FINAL)
    assert len(ends) == len(FINAL)


def test_stages_on_the_way_come_before_every_end() -> None:
    on_the_way = [stage for stage in Stage if not stage.is_final and stage is not Stage.WAITING]

    assert [stage.rank for stage in on_the_way] == [0, 1, 2, 3]
    assert {stage.rank for stage in FINAL} == {4}


def test_a_restore_is_told_of_from_its_acceptance_where_that_is_wanted() -> None:
    assert Outbox.opened(NOON, ALL).pending == (Notice(Stage.ACCEPTED, 1, NOON),)
    assert Outbox.opened(NOON, FINAL).pending == ()


def test_notices_are_numbered_one_after_the_other() -> None:
    box = Outbox.opened(NOON, ALL).after(Stage.VALIDATING, LATER, ALL)

    assert [(one.stage, one.sequence, one.at) for one in box.pending] == [
        (Stage.ACCEPTED, 1, NOON),
        (Stage.VALIDATING, 2, LATER),
    ]
    assert box.due == NOON


def test_numbers_go_on_after_the_sending() -> None:
    box = Outbox.opened(NOON, ALL).sent().after(Stage.COMPLETED, LATER, ALL)

    assert box.pending == (Notice(Stage.COMPLETED, 2, LATER),)


@pytest.mark.parametrize("stage", [Stage.ACCEPTED, Stage.VALIDATING])
def test_a_stage_is_reached_once_and_none_before_it_again(stage: Stage) -> None:
    box = Outbox.opened(NOON, ALL).after(Stage.VALIDATING, NOON, ALL)

    assert box.after(stage, LATER, ALL) == box


def test_a_second_end_is_none() -> None:
    box = Outbox.opened(NOON, ALL).after(Stage.TIMED_OUT, NOON, ALL)

    assert box.after(Stage.COMPLETED, LATER, ALL) == box


def test_a_stage_that_is_not_told_is_passed_and_takes_no_number() -> None:
    box = Outbox.opened(NOON, FINAL).after(Stage.RESTORING, NOON, FINAL)

    assert (box.reached, box.sequence, box.pending, box.due) == (Stage.RESTORING, 0, (), None)


def test_what_is_pending_is_owed_from_the_transition_on() -> None:
    box = Outbox.opened(NOON, FINAL).after(Stage.COMPLETED, LATER, FINAL)

    assert box.due == LATER


def test_what_could_not_be_sent_is_tried_later_and_later() -> None:
    box = Outbox.opened(NOON, ALL)
    waits = []
    for _ in range(3):
        box = box.not_sent(NOON)
        assert box.due is not None
        waits.append((box.due - NOON).total_seconds())

    assert waits == [15, 30, 60]
    assert box.sent().misses == 0


def test_what_no_one_waits_for_any_more_is_dropped_after_a_week() -> None:
    box = Outbox.opened(NOON, ALL).after(Stage.COMPLETED, NOON + timedelta(hours=1), ALL)

    left = box.not_sent(NOON + timedelta(days=7))

    assert [notice.stage for notice in left.pending] == [Stage.ACCEPTED, Stage.COMPLETED]
    assert left.not_sent(NOON + timedelta(days=8)).due is None


# ---------------------------------------------------------------------- what it waits for

BUSY = Problem("TooManyRequests", "Later.")
QUARTER = timedelta(minutes=15)


def heard(outbox: Outbox, *minutes: float, problem: Problem = BUSY) -> Outbox:
    for minute in minutes:
        outbox = outbox.heard(problem, NOON + timedelta(minutes=minute), ALL)
    return outbox


def test_what_is_answered_for_a_quarter_of_an_hour_is_noticed_once() -> None:
    opened = Outbox(Stage.ACCEPTED, NOON)

    assert heard(opened, 0, 14.9).pending == ()
    assert heard(opened, 0, 14.9, 15, 16, 60).pending == (
        Notice(Stage.WAITING, 1, NOON + QUARTER, BUSY),
    )


def test_another_answer_begins_another_quarter_and_has_a_notice_of_its_own() -> None:
    other = Problem("AuthorizationFailed", "No.")
    outbox = heard(heard(Outbox(Stage.ACCEPTED, NOON), 0, 15), 16, 30, problem=other)

    assert [notice.problem for notice in outbox.pending] == [BUSY]
    outbox = heard(outbox, 31, problem=other)
    assert [notice.problem for notice in outbox.pending] == [BUSY, other]
    assert [notice.problem for notice in heard(outbox, 60, 90).pending] == [BUSY, other]


def test_answers_far_apart_are_not_one_wait() -> None:
    assert heard(Outbox(Stage.ACCEPTED, NOON), 0, 91).pending == ()


def test_a_notice_of_waiting_moves_no_stage_and_is_sent_only_where_it_is_wanted() -> None:
    outbox = Outbox(Stage.VALIDATING, NOON)

    assert heard(outbox, 0, 20).reached is Stage.VALIDATING
    unwanted = outbox.heard(BUSY, NOON, FINAL).heard(BUSY, NOON + QUARTER, FINAL)
    assert unwanted.pending == ()
