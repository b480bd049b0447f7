"""What each state owes, and from when."""

from datetime import timedelta

import pytest

from restore_core.lifecycle.debts import owed
from restore_core.lifecycle.effects import Effect, FindJob, Settle
from restore_core.lifecycle.states import Ended, Ending, Guarding, Wait
from restore_core.lifecycle.status import Status
from tests.builders import a_claimed_plan, a_plan, an_outcome
from tests.fakes import NOON
from tests.lifecycle.matrix import OWED_WHEN_DUE, STATES

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("state", "effect"), OWED_WHEN_DUE.items())
def test_a_waiting_state_owes_its_one_effect_from_the_moment_it_is_due(
    state: str, effect: Effect
) -> None:
    assert owed(STATES[state], NOON) == effect
    assert owed(STATES[state], NOON + HOUR) == effect


@pytest.mark.parametrize("state", OWED_WHEN_DUE)
def test_a_waiting_state_owes_nothing_before_it_is_due(state: str) -> None:
    assert owed(STATES[state], NOON - SECOND) is None


def test_an_ending_owes_its_settling_at_once_and_releases_the_target() -> None:
    assert owed(Ending(an_outcome(), a_plan()), NOON) == Settle(release=True)


def test_an_ending_that_is_guarded_owes_its_settling_without_the_release() -> None:
    guarded = Ending(an_outcome(Status.TIMED_OUT), a_claimed_plan(), NOON + HOUR)

    assert owed(guarded, NOON) == Settle(release=False)


def test_an_ended_restore_owes_nothing_ever() -> None:
    assert owed(Ended(an_outcome(), a_plan()), NOON + timedelta(days=3650)) is None


def test_a_guard_without_a_known_job_looks_for_one() -> None:
    guarding = Guarding(an_outcome(Status.TIMED_OUT), a_claimed_plan(), NOON + HOUR, Wait(NOON))

    assert owed(guarding, NOON) == FindJob()
