"""What is held back or paced, and the turns of members."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from restore_core.lifecycle.events import (
    HeldBack,
    JobNamed,
    Reserved,
    StillRunning,
    TriggerNotTaken,
    TurnAwaited,
    TurnCame,
    Unanswered,
)
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Accepted, Ending, Guarding, Planned, State, Wait
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.transitions import apply
from restore_core.lifecycle.turn import Turn
from tests.builders import (
    A_JOB,
    A_PROBLEM,
    EARLIER,
    a_claimed_plan,
    a_member,
    a_plan,
    a_restore,
    an_outcome,
    every_state,
)
from tests.fakes import NOON
from tests.lifecycle.matrix import MAY_FOLLOW, STATES

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("state", [name for name, may in MAY_FOLLOW.items() if "HeldBack" in may])
def test_one_that_is_held_back_is_as_it_was_and_only_due_later(state: str) -> None:
    unlucky = Wait(NOON, 2, A_PROBLEM, 1, NOON + MINUTE)
    before, after = (
        every_state(unlucky)[state],
        every_state(replace(unlucky, due=NOON + 3 * SECOND)),
    )

    assert apply(before, HeldBack(NOON + 3 * SECOND, NOON)) == after[state]


def test_one_that_is_held_back_keeps_its_turn() -> None:
    held = Accepted(Wait(NOON), has_turn=True)

    assert apply(held, HeldBack(NOON + SECOND, NOON)) == replace(held, wait=Wait(NOON + SECOND))


def test_a_guard_that_is_held_back_ends_when_it_was_long_enough() -> None:
    guarding = Guarding(an_outcome(Status.TIMED_OUT), a_claimed_plan(), NOON, Wait(NOON))

    assert isinstance(apply(guarding, HeldBack(NOON + SECOND, NOON)), Ending)


@pytest.mark.parametrize(
    ("retry_after", "until"), [(47 * SECOND, NOON + 47 * SECOND), (None, NOON + 15 * SECOND)]
)
def test_a_429_says_until_when_arm_is_left_alone_and_any_other_answer_takes_it_back(
    retry_after: timedelta | None, until: datetime
) -> None:
    throttled = Unanswered(A_PROBLEM, NOON, retry_after, throttled=True)
    not_taken = TriggerNotTaken(A_PROBLEM, retry_after, NOON, throttled=True)

    held = [apply(STATES["Running"], throttled), apply(STATES["Triggering"], not_taken)]
    looked: Any = apply(held[0], Unanswered(A_PROBLEM, NOON))

    assert [a_restore(state).throttled_until for state in held] == [until, until]
    assert looked.wait.throttled_until is None


def a_member_in(state: State) -> Restore:
    return replace(a_restore(state), member=a_member())


def test_a_member_that_lost_its_turn_waits_for_another_and_keeps_count_of_its_misses() -> None:
    lost: Any = apply(Accepted(Wait(NOON), has_turn=True), Unanswered(A_PROBLEM, NOON))
    waiting: Any = apply(lost, TurnAwaited(NOON + MINUTE))
    called: Any = apply(waiting, TurnCame(NOON + HOUR))

    assert not lost.has_turn
    assert called == Accepted(Wait(NOON + HOUR, 1, A_PROBLEM, unread_since=NOON), has_turn=True)
    turns = [a_member_in(state).turn for state in (lost, waiting, called)]
    assert turns == [Turn.NONE, Turn.ENROLLED, Turn.TAKEN]


@pytest.mark.parametrize(("state", "turn"), [("Queued", Turn.ENROLLED), ("Ready", Turn.TAKEN)])
def test_a_member_takes_turns_of_its_own_kind_also_where_it_only_validates(
    state: str, turn: Turn
) -> None:
    validates = replace(a_restore(STATES[state], validateOnly=True), member=a_member())

    assert (a_member_in(STATES[state]).turn, validates.turn) == (turn, turn)


def test_when_a_restore_was_given_its_turn_is_kept() -> None:
    called = a_restore(STATES["Queued"]).after(TurnCame(NOON), frozenset())
    reserved = a_restore(STATES["Planned"]).after(Reserved(NOON), frozenset())
    member = a_member_in(STATES["Enrolled"]).after(TurnCame(NOON), frozenset())
    member = replace(member, state=Planned(a_plan(), Wait(NOON), has_turn=True))

    assert called.turn_at == reserved.turn_at == NOON
    assert called.after(Unanswered(A_PROBLEM, NOON + HOUR), frozenset()).turn_at == NOON
    assert member.after(Reserved(NOON + HOUR), frozenset()).turn_at == NOON


def test_the_job_of_a_member_is_looked_at_when_jobs_end_and_that_of_one_disk_at_once() -> None:
    named = JobNamed(A_JOB, EARLIER + 40 * SECOND)

    alone = a_restore(STATES["Restoring"]).after(named, frozenset())
    member = a_member_in(STATES["Restoring"]).after(named, frozenset())
    late = a_member_in(STATES["Triggering"]).after(JobNamed(A_JOB, NOON + HOUR), frozenset())

    assert (alone.due, member.due) == (EARLIER + 41 * SECOND, EARLIER + 213 * SECOND)
    assert late.due == NOON + HOUR + SECOND
    assert member.after(StillRunning(EARLIER + 213 * SECOND), frozenset()).due == (
        EARLIER + 228 * SECOND
    )
