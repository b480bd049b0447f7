"""How many calls a restore may cost, and how that slows it down."""

from dataclasses import replace
from datetime import timedelta

import pytest

from restore_core.lifecycle import budget, pace
from restore_core.lifecycle.events import JobNotFound, SearchUnfinished, StillRunning
from restore_core.lifecycle.states import Guarding, Running, Search, Triggering, Wait
from tests.builders import A_JOB, DEADLINE, a_claim, a_claimed_plan, a_restore, every_state
from tests.fakes import NOON

SECOND, HOUR, LIFE = timedelta(seconds=1), timedelta(hours=1), timedelta(days=9)


@pytest.mark.parametrize("calls", [0, 15, 299, 300])
def test_up_to_three_hundred_calls_nothing_is_slower(calls: int) -> None:
    assert budget.stretched(SECOND, calls, 1, LIFE) == SECOND


@pytest.mark.parametrize("cost", [1, 3, 10])
@pytest.mark.parametrize("life", [timedelta(hours=1), LIFE, timedelta(days=37)])
def test_five_hundred_calls_last_for_what_is_left_of_a_life(cost: int, life: timedelta) -> None:
    at, calls = timedelta(), budget.FREE
    pauses = []

    while at < life:
        calls += cost
        pauses.append(budget.stretched(timedelta(seconds=15), calls, cost, life - at))
        at += pauses[-1]

    assert calls <= budget.MOST + cost
    assert pauses[0] < life / 80  # It sets in gently.


def test_beyond_five_hundred_calls_only_the_last_look_is_left() -> None:
    assert budget.stretched(SECOND, 500, 1, HOUR) == HOUR
    assert budget.stretched(SECOND, 700, 1, timedelta()) == SECOND


def test_one_large_search_counts_as_ten_calls() -> None:
    few = budget.stretched(SECOND, 420, 10, LIFE)

    assert budget.stretched(SECOND, 420, 250, LIFE) == few < LIFE / 4


@pytest.mark.parametrize(
    ("calls", "believable", "pages"),
    [
        (8, False, 142),
        (149, False, 2),
        (400, False, 2),
        (8, True, 300),
        (180, True, 300),
        (300, True, 180),
        (490, True, 2),
    ],
)
def test_a_search_reads_what_its_restore_can_afford(
    *, calls: int, believable: bool, pages: int
) -> None:
    assert budget.pages(calls, believable=believable) == pages


# ---------------------------------------------------------------------------- of a restore


def test_a_restore_counts_what_its_effects_cost() -> None:
    restore = a_restore(Running(a_claimed_plan(), A_JOB, Wait(NOON)))

    once = restore.after(StillRunning(NOON), (), calls=1)
    twice = once.after(StillRunning(NOON), (), calls=2)

    assert (restore.arm_calls, once.arm_calls, twice.arm_calls) == (0, 1, 3)


def test_a_restore_that_has_cost_much_looks_less_often_and_at_its_deadline_all_the_same() -> None:
    restore = a_restore(Running(a_claimed_plan(), A_JOB, Wait(NOON)))

    usual = restore.after(StillRunning(NOON), (), calls=1)
    slow = replace(restore, arm_calls=350).after(StillRunning(NOON), (), calls=1)
    last = replace(restore, arm_calls=600).after(StillRunning(NOON), (), calls=1)

    assert usual.due is not None
    assert slow.due is not None
    assert usual.due < slow.due < DEADLINE
    assert last.due == DEADLINE


def test_what_follows_at_once_waits_for_nothing() -> None:
    plan = a_claimed_plan()
    dear = replace(a_restore(Triggering(plan, Wait(NOON))), arm_calls=499)
    believed = plan.claims[-1].believed_after

    again = dear.after(JobNotFound(believed, believed), (), calls=250)

    assert again.due == believed


def test_a_guard_that_has_cost_much_looks_once_more_at_its_end() -> None:
    guarding = every_state()["Guarding"]
    assert isinstance(guarding, Guarding)
    dear = replace(a_restore(guarding), arm_calls=600)

    slow = dear.after(SearchUnfinished(NOON, None), (), calls=1)

    assert slow.due == guarding.until
    assert dear.pages(NOON) == budget.GLANCE


def test_a_search_that_was_cut_is_read_on_whoever_does_it() -> None:
    search = Search("https://management.azure.com/next", NOON)
    claim = a_claim(NOON)
    restore = a_restore(Triggering(a_claimed_plan(claim), Wait(NOON)))

    cut = restore.after(SearchUnfinished(NOON, search, retry_after=HOUR), (), calls=150)

    assert cut.plan is not None
    assert cut.plan.search == search
    assert cut.due == NOON + HOUR
    assert cut.pages(NOON) == 2
    assert cut.pages(claim.believed_after) == 300


def test_a_pass_that_began_too_early_is_not_believed_whenever_it_ended() -> None:
    claim = a_claim(NOON)
    restore = a_restore(Triggering(a_claimed_plan(claim), Wait(NOON)))
    late = claim.believed_after + pace.FIRST_SEARCH

    still = restore.after(JobNotFound(late, claim.believed_after - SECOND), ())
    believed = restore.after(JobNotFound(late, claim.believed_after), ())

    assert isinstance(still.state, Triggering)
    assert still.due is not None
    assert still.due > late
    assert not isinstance(believed.state, Triggering)
