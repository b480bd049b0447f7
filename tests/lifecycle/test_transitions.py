"""The life of a restore: what may follow in each state, up to the validation."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from restore_core.errors import Problem
from restore_core.lifecycle import events
from restore_core.lifecycle.debts import owed
from restore_core.lifecycle.effects import GiveUp, Prepare, Requeue
from restore_core.lifecycle.events import (
    Event,
    LeaderFailed,
    LeaderFound,
    OperationStarted,
    Prepared,
    Refused,
    Reserved,
    StillRunning,
    Unanswered,
    ValidationFailed,
    ValidationSucceeded,
)
from restore_core.lifecycle.states import (
    Accepted,
    Ending,
    Planned,
    Ready,
    Retrying,
    State,
    Validated,
    Validating,
    Wait,
)
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.transitions import ImpossibleEvent, apply
from restore_core.lifecycle.turn import Turn
from tests.builders import (
    A_PROBLEM,
    DEADLINE,
    EARLIER,
    a_plan,
    a_restore,
    an_operation,
    every_state,
)
from tests.fakes import NOON
from tests.lifecycle.matrix import EVENTS, MAY_FOLLOW, STATES

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


ALLOWED = [(state, event) for state, names in MAY_FOLLOW.items() for event in sorted(names)]
IMPOSSIBLE = [(s, e) for s in STATES for e in EVENTS if e not in MAY_FOLLOW[s]]


# --------------------------------------------------------------------- the whole matrix


def test_the_matrix_names_every_state_and_every_event() -> None:
    assert {state.__name__ for state in get_args(State)} == set(MAY_FOLLOW) == set(STATES)
    assert {event.__name__ for event in get_args(events.Event)} == set(EVENTS)
    assert len(ALLOWED) + len(IMPOSSIBLE) == 18 * 31


@pytest.mark.parametrize(("state", "event"), ALLOWED)
def test_this_event_may_follow_in_this_state(state: str, event: str) -> None:
    assert type(apply(STATES[state], EVENTS[event])) in get_args(State)


@pytest.mark.parametrize(("state", "event"), IMPOSSIBLE)
def test_this_event_cannot_follow_in_this_state(state: str, event: str) -> None:
    with pytest.raises(ImpossibleEvent, match=f"{event} cannot follow in {state}"):
        apply(STATES[state], EVENTS[event])


# ------------------------------------------------------------------- up to the validation


def test_a_prepared_restore_takes_its_target_before_anything_is_asked_of_arm() -> None:
    assert apply(Accepted(Wait(NOON)), Prepared(a_plan(), NOON)) == Planned(a_plan(), Wait(NOON))


def test_a_validation_alone_takes_no_target() -> None:
    plan = a_plan(validate_only=True)

    assert apply(Accepted(Wait(NOON)), Prepared(plan, NOON)) == Ready(plan, Wait(NOON))


def test_a_locked_target_leads_to_the_validation() -> None:
    assert apply(STATES["Planned"], Reserved(NOON)) == Ready(a_plan(), Wait(NOON))


@pytest.mark.parametrize("state", ["Accepted", "Planned", "Validated", "Triggering"])
def test_a_definite_refusal_ends_as_rejected_with_its_reason(state: str) -> None:
    ended = apply(STATES[state], Refused(A_PROBLEM, NOON))

    assert isinstance(ended, Ending)
    assert (ended.outcome.status, ended.outcome.problem) == (Status.REJECTED, A_PROBLEM)
    assert ended.guard_until is None


def test_a_validation_that_was_taken_is_looked_at_when_arm_says_so() -> None:
    operation = an_operation(started=NOON)

    validating = apply(STATES["Ready"], OperationStarted(operation, 47 * SECOND, NOON))

    assert isinstance(validating, Validating)
    assert validating.operation == operation
    assert validating.wait == Wait(NOON + 47 * SECOND)
    assert validating.plan.correlation_id == operation.correlation_id


def test_a_validation_is_first_looked_at_when_one_could_have_ended() -> None:
    started = OperationStarted(an_operation(started=NOON), 10 * SECOND, NOON)

    validating = apply(STATES["Ready"], started)

    assert isinstance(validating, Validating)
    assert validating.wait == Wait(NOON + 30 * SECOND)


def test_a_validation_that_runs_is_looked_at_again_and_its_misses_are_forgotten() -> None:
    unlucky = every_state(Wait(NOON, 2, A_PROBLEM))["Validating"]

    running = apply(unlucky, StillRunning(NOON, 40 * SECOND))

    assert isinstance(running, Validating)
    assert running.wait == Wait(NOON + 40 * SECOND)


@pytest.mark.parametrize("state", ["Ready", "Validating"])
def test_a_validation_that_succeeds_leads_to_the_claim(state: str) -> None:
    assert apply(STATES[state], ValidationSucceeded(NOON)) == Validated(a_plan(), Wait(NOON))


@pytest.mark.parametrize("state", ["Ready", "Validating"])
def test_a_request_for_a_validation_alone_ends_when_it_succeeds(state: str) -> None:
    alone: Any = replace(STATES[state], plan=a_plan(validate_only=True))  # type: ignore[type-var]

    ended = apply(alone, ValidationSucceeded(NOON))

    assert isinstance(ended, Ending)
    assert ended.outcome.status is Status.VALIDATED


@pytest.mark.parametrize(
    "code",
    [
        "CloudInternalError",
        "CloudServiceRetryableError",
        "InternalServerError",
        "GatewayTimeout",
        "UserErrorMaxConcurrentOperationLimitReached",
        "CloudDosTimeboudLimitReached",
        "CloudDosAbsoluteLimitReached",
    ],
)
def test_a_validation_that_fails_with_a_transient_code_is_asked_for_again(code: str) -> None:
    problem = Problem(code, "Try again.")
    state, pauses = STATES["Validating"], []

    for _ in range(6):
        state = apply(replace_validating(state), ValidationFailed(problem, NOON))
        assert isinstance(state, Retrying)
        assert state.wait.problem == problem
        pauses.append((state.wait.due - NOON) / MINUTE)

    assert pauses == [1, 5, 15, 60, 60, 60]


def replace_validating(state: State) -> State:
    """Return the validation that was asked for again, of the same plan."""
    if not isinstance(state, Retrying):
        return state
    return Validating(state.plan, an_operation(), Wait(NOON))


@pytest.mark.parametrize(
    "code", ["UserErrorNotEnoughPermissionOnTargetRG", "CloudInvalidInputError", "UnknownError"]
)
def test_a_validation_that_fails_with_any_other_code_is_a_rejection(code: str) -> None:
    problem = Problem(code, "No.")

    ended = apply(STATES["Validating"], ValidationFailed(problem, NOON))

    assert isinstance(ended, Ending)
    assert ended.outcome.status is Status.REJECTED
    assert ended.outcome.problem == problem


def test_a_validation_that_is_gone_three_times_is_asked_for_again() -> None:
    gone, state = Unanswered(A_PROBLEM, NOON, gone=True), STATES["Validating"]

    seen = [type(state := apply(state, gone)).__name__ for _ in range(3)]

    assert seen == ["Validating", "Validating", "Retrying"]
    assert owed(state, NOON) is None
    assert owed(state, NOON + MINUTE) == Requeue()


def test_a_validation_that_is_lost_again_and_again_is_asked_for_ever_less_often() -> None:
    validating, pauses = Validating(a_plan(), an_operation(started=NOON), Wait(NOON)), []

    for _ in range(5):
        ready = apply(validating, StillRunning(NOON + HOUR))
        assert isinstance(ready, Retrying)
        pauses.append((ready.wait.due - NOON - HOUR) / MINUTE)
        validating = replace(validating, plan=ready.plan)

    assert pauses == [1, 5, 15, 60, 60]


def test_other_misses_do_not_count_as_an_operation_that_is_gone() -> None:
    state, busy = STATES["Validating"], Unanswered(A_PROBLEM, NOON)

    for event in (busy, busy, Unanswered(A_PROBLEM, NOON, gone=True)):
        state = apply(state, event)

    assert isinstance(state, Validating)


def test_a_validation_that_answers_between_two_losses_is_not_lost() -> None:
    gone, state = Unanswered(A_PROBLEM, NOON, gone=True), STATES["Validating"]

    for event in (gone, gone, StillRunning(NOON), gone, gone):
        state = apply(state, event)

    assert isinstance(state, Validating)


@pytest.mark.parametrize("brings", [StillRunning(NOON + HOUR), Unanswered(A_PROBLEM, NOON + HOUR)])
def test_a_validation_that_has_not_ended_in_an_hour_is_asked_for_again(brings: Event) -> None:
    validating = Validating(a_plan(), an_operation(started=NOON), Wait(NOON))

    again = apply(validating, brings)

    assert isinstance(again, Retrying)
    assert again.wait.due == NOON + HOUR + MINUTE


@pytest.mark.parametrize("state", ["Validating", "Restoring"])
def test_an_operation_that_cannot_be_read_for_an_hour_less_a_second_is_kept(state: str) -> None:
    late = EARLIER + HOUR - SECOND

    kept = apply(STATES[state], Unanswered(A_PROBLEM, late))

    assert type(kept).__name__ == state
    assert kept.wait.problem == A_PROBLEM  # type: ignore[union-attr]


# ----------------------------------------------------------------------------- followers


def test_one_whose_leader_failed_goes_ahead_in_its_turn_and_stands_in_for_it() -> None:
    follower = a_restore(STATES["Following"])

    ahead = follower.after(LeaderFailed(NOON, was_tried=True), frozenset())

    assert isinstance(ahead.state, Accepted)
    assert (follower.stands_in, ahead.stands_in) == (False, True)
    assert (follower.is_second_try, ahead.is_second_try) == (False, True)
    assert ahead.turn is Turn.NONE
    assert ahead.owes(NOON) == Prepare()
    assert ahead.after(LeaderFound("r9", NOON), frozenset()).leader == "r9"


def test_one_whose_leader_was_withdrawn_goes_ahead_as_a_first_try() -> None:
    ahead = a_restore(STATES["Following"]).after(LeaderFailed(NOON, was_tried=False), frozenset())

    assert (ahead.stands_in, ahead.is_second_try) == (True, False)


def test_a_follower_has_no_plan_owes_nothing_and_ends_at_its_last_moment() -> None:
    follower = a_restore(STATES["Following"])

    assert follower.plan is None
    assert (follower.turn, follower.leader) == (Turn.FOLLOWS, "r0")
    assert follower.due == DEADLINE
    assert follower.owes(DEADLINE - SECOND) is None
    assert follower.owes(DEADLINE) == GiveUp()
