"""How a job ends its restore, and the one retry of a job that failed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restore_core.contract.resource_ids import JobId
from restore_core.errors import Problem
from restore_core.lifecycle.events import (
    AgeReached,
    Event,
    JobEnded,
    Lapsed,
    Refused,
    Requeued,
    StillRunning,
    TurnCame,
    Unanswered,
    ValidationFailed,
)
from restore_core.lifecycle.states import (
    Ending,
    Queued,
    Ready,
    Restoring,
    Retrying,
    Running,
    State,
    Validated,
    Wait,
)
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.transitions import apply
from restore_core.lifecycle.turn import Turn
from tests.builders import (
    A_JOB,
    A_PROBLEM,
    EARLIER,
    a_claim,
    a_claimed_plan,
    a_plan,
    a_restore,
    an_operation,
    an_outcome,
)
from tests.fakes import NOON
from tests.lifecycle.matrix import DISK_EXISTS, STATES

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


# ----------------------------------------------------------------------------- the job


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_a_job_that_ends_decides_the_outcome_at_its_own_end(status: Status) -> None:
    ended = apply(STATES["Running"], JobEnded(status, "AsItWasSpelt", EARLIER, A_PROBLEM))

    assert isinstance(ended, Ending)
    assert ended.outcome == an_outcome(
        status, at=EARLIER, problem=A_PROBLEM, job=A_JOB, job_status="AsItWasSpelt"
    )


def test_a_job_that_runs_is_left_alone_as_long_as_arm_asks() -> None:
    running = apply(STATES["Running"], StillRunning(NOON, 33 * MINUTE))

    assert isinstance(running, Running)
    assert running.wait == Wait(NOON + 33 * MINUTE)


def test_a_job_that_cannot_be_read_is_told_in_the_row_and_tried_again() -> None:
    running = apply(STATES["Running"], Unanswered(A_PROBLEM, NOON, 21 * MINUTE))

    assert isinstance(running, Running)
    assert running.wait == Wait(NOON + 21 * MINUTE, 1, A_PROBLEM, unread_since=NOON)


@pytest.mark.parametrize("state", ["Accepted", "Planned", "Running"])
def test_no_answer_is_tried_again_less_and_less_often(state: str) -> None:
    waiting: Any = STATES[state]
    pauses = []

    for _ in range(8):
        waiting = apply(waiting, Unanswered(A_PROBLEM, NOON))
        pauses.append((waiting.wait.due - NOON) / SECOND)

    assert type(waiting).__name__ == state
    assert pauses == [15, 30, 60, 120, 240, 480, 900, 900]


@pytest.mark.parametrize("name", ["Ready", "Validated"])
def test_one_that_azure_cannot_take_gives_its_turn_back_and_comes_back_less_and_less_often(
    name: str,
) -> None:
    state, pauses = STATES[name], []

    for _ in range(8):
        waiting = apply(state, Unanswered(A_PROBLEM, NOON))
        assert isinstance(waiting, Retrying)
        assert a_restore(waiting).turn is Turn.NONE
        pauses.append((waiting.wait.due - NOON) / SECOND)
        queued = apply(waiting, Requeued(NOON))
        assert a_restore(queued).turn is Turn.AWAITED
        state = apply(queued, TurnCame(NOON))
        assert type(state).__name__ == name

    assert pauses == [15, 30, 60, 120, 240, 480, 900, 900]


def test_a_validation_alone_needs_no_turn_to_be_tried_again() -> None:
    waiting = apply(Ready(a_plan(validate_only=True), Wait(NOON)), Unanswered(A_PROBLEM, NOON))

    assert isinstance(apply(waiting, Requeued(NOON)), Ready)


# ----------------------------------------------------------------------------- one retry

BUSY = Problem("CloudInternalError", "Try again.")


def job_failed(state: State, problem: Problem = BUSY, status: Status = Status.FAILED) -> State:
    return apply(state, JobEnded(status, "Failed", NOON, problem))


def started_anew() -> Retrying:
    state = job_failed(STATES["Running"])
    assert isinstance(state, Retrying)
    return state


def test_a_job_that_failed_with_a_transient_code_is_started_anew_from_the_queue() -> None:
    waiting = started_anew()

    assert waiting.wait == Wait(NOON + 5 * MINUTE, problem=BUSY)
    assert waiting.plan.claims == ()
    assert waiting.plan.first_failure == an_outcome(
        Status.FAILED, problem=BUSY, job=A_JOB, job_status="Failed"
    )
    assert isinstance(apply(apply(waiting, Requeued(NOON)), TurnCame(NOON)), Ready)


def test_a_job_is_started_anew_once() -> None:
    plan = replace(started_anew().plan, claims=(a_claim(),))

    ended = job_failed(Running(plan, JobId("second"), Wait(NOON)))

    assert isinstance(ended, Ending)
    assert (ended.outcome.status, ended.outcome.job) == (Status.FAILED, "second")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("UserErrorDiskSnapshotNotFound", Status.FAILED),
        ("CloudDosTimeboudLimitReached", Status.FAILED),
        ("CloudInternalError", Status.CANCELLED),
        ("CloudInternalError", Status.COMPLETED_WITH_WARNINGS),
    ],
)
def test_no_other_end_of_a_job_is_followed_by_another(code: str, status: Status) -> None:
    ended = job_failed(STATES["Running"], Problem(code, "No."), status)

    assert isinstance(ended, Ending)
    assert ended.outcome.status is status


def test_no_job_is_started_anew_while_another_claim_stands() -> None:
    plan = a_claimed_plan(a_claim(EARLIER, "claim-1"), a_claim(NOON, "claim-2"))

    assert isinstance(job_failed(Running(plan, A_JOB, Wait(NOON))), Ending)


REFUSALS: dict[str, tuple[type, Event]] = {
    "the target exists": (Ready, ValidationFailed(DISK_EXISTS, NOON)),
    "a rule is gone": (Validated, Refused(Problem("NotAllowed", "No rule."), NOON)),
    "its notAfter is over": (Queued, Lapsed(NOON)),
    "its deadline is over": (Queued, AgeReached(NOON)),
}


@pytest.mark.parametrize(("state", "event"), REFUSALS.values(), ids=REFUSALS)
def test_one_that_may_not_be_started_anew_ends_as_its_first_job_failed(
    state: type, event: Event
) -> None:
    ended = apply(state(started_anew().plan, Wait(NOON)), event)

    assert isinstance(ended, Ending)
    assert (ended.outcome.status, ended.outcome.job) == (Status.FAILED, A_JOB)
    assert ended.outcome.problem is not None
    assert ended.outcome.problem.code == BUSY.code
    assert "It was not started anew" in ended.outcome.problem.message
    assert ended.guard_until is None


def test_one_that_was_started_anew_and_given_up_is_guarded() -> None:
    plan = replace(started_anew().plan, claims=(a_claim(),))

    ended = apply(Restoring(plan, an_operation(), Wait(NOON)), AgeReached(NOON))

    assert isinstance(ended, Ending)
    assert ended.outcome.status is Status.TIMED_OUT
    assert ended.guard_until is not None
