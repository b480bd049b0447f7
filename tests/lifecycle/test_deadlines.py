"""Nothing too late: the deadline, the maximum age, and the guard after it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from restore_core.lifecycle.debts import owed
from restore_core.lifecycle.effects import FindJob, GiveUp, PollJob, Settle, Trigger
from restore_core.lifecycle.events import (
    AgeReached,
    Event,
    HeldBack,
    JobEnded,
    JobNamed,
    Lapsed,
    OperationFailed,
    Reserved,
    Settled,
    StillRunning,
    Unanswered,
)
from restore_core.lifecycle.outbox import Outbox, Stage
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import (
    Accepted,
    Confirming,
    Ended,
    Ending,
    Guarding,
    Ready,
    State,
    Wait,
)
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.transitions import apply
from tests.builders import (
    A_JOB,
    A_PROBLEM,
    DEADLINE,
    EARLIER,
    a_claim,
    a_claimed_plan,
    a_plan,
    a_restore,
    an_outcome,
    every_state,
)
from tests.fakes import NOON
from tests.lifecycle.matrix import DISK_EXISTS, EVENTS, OWED_WHEN_DUE, STATES, not_found

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def ready_after_a_claim() -> Ready:
    return Ready(a_claimed_plan(), Wait(NOON))


# ------------------------------------------------------------------ nothing too late


def test_nothing_is_triggered_with_less_time_left_than_a_job_takes() -> None:
    restore = a_restore(STATES["Validated"])

    assert restore.owes(DEADLINE - 400 * SECOND) == Trigger()
    assert restore.owes(DEADLINE - 399 * SECOND) == GiveUp()
    ended = restore.after(AgeReached(DEADLINE - 399 * SECOND), frozenset())
    assert ended.problem is not None
    assert "less than 400 s" in ended.problem.message


def test_one_that_is_too_late_and_was_claimed_is_looked_for_once_more_before_it_ends() -> None:
    looked_for = apply(ready_after_a_claim(), Lapsed(NOON))

    assert isinstance(looked_for, Confirming)
    assert looked_for.wait.due == NOON
    assert looked_for.refusal.status is Status.REJECTED
    assert looked_for.refusal.problem is not None
    assert looked_for.refusal.problem.code == "TooLate"
    assert "no job of it was found" in looked_for.refusal.problem.message


# -------------------------------------------------------------------- the maximum age


@pytest.mark.parametrize("state", ["Accepted", "Planned", "Ready", "Validating", "Validated"])
def test_a_restore_that_grew_too_old_before_any_claim_says_that_no_job_was_started(
    state: str,
) -> None:
    told = every_state(Wait(NOON, 3, A_PROBLEM))[state]

    ended = apply(told, AgeReached(NOON))

    assert isinstance(ended, Ending)
    assert ended.outcome.status is Status.TIMED_OUT
    assert ended.guard_until is None
    problem = ended.outcome.problem
    assert problem is not None
    assert f"while {state}" in problem.message
    assert "No job was started" in problem.message
    assert str(A_PROBLEM) in problem.message


@pytest.mark.parametrize("state", ["Triggering", "Restoring", "Running", "Confirming"])
def test_a_restore_that_grew_too_old_after_a_claim_says_so_and_guards_its_target_for_a_week(
    state: str,
) -> None:
    ended = apply(STATES[state], AgeReached(NOON))

    assert isinstance(ended, Ending)
    assert ended.outcome.status is Status.TIMED_OUT
    assert ended.guard_until == NOON + timedelta(days=7)
    assert ended.outcome.problem is not None
    assert "may still run" in ended.outcome.problem.message


def test_a_ready_restore_with_an_earlier_claim_guards_its_target_too() -> None:
    ended = apply(ready_after_a_claim(), AgeReached(NOON))

    assert isinstance(ended, Ending)
    assert ended.guard_until == NOON + timedelta(days=7)


def test_a_restore_that_grew_too_old_while_it_ran_names_its_job() -> None:
    ended = apply(STATES["Running"], AgeReached(NOON))

    assert isinstance(ended, Ending)
    assert ended.outcome.job == A_JOB


# --------------------------------------------------------------------------- the guard

UNTIL = NOON + timedelta(days=7)


def guarding(**changes: Any) -> Guarding:
    outcome = an_outcome(Status.TIMED_OUT, job=A_JOB)
    return replace(Guarding(outcome, a_claimed_plan(), UNTIL, Wait(NOON)), **changes)


def test_a_guarded_ending_is_settled_and_then_watched() -> None:
    outcome = an_outcome(Status.TIMED_OUT)

    watched = apply(Ending(outcome, a_claimed_plan(), UNTIL), Settled(NOON))

    assert watched == Guarding(outcome, a_claimed_plan(), UNTIL, Wait(NOON + HOUR))


def test_a_guard_that_sees_the_job_end_releases_the_target_and_keeps_the_outcome() -> None:
    job_ended = JobEnded(Status.COMPLETED, "Completed", NOON, None)

    ended = apply(guarding(), job_ended)

    assert isinstance(ended, Ending)
    assert (ended.outcome.status, ended.outcome.job_status) == (Status.TIMED_OUT, "Completed")
    assert ended.outcome.problem is not None
    assert "The job ended as Completed" in ended.outcome.problem.message
    assert "may still run" not in ended.outcome.problem.message
    assert owed(ended, NOON) == Settle(release=True)


def test_a_guard_that_finds_its_job_watches_it() -> None:
    without_job = guarding(outcome=an_outcome(Status.TIMED_OUT))

    watching = apply(without_job, JobNamed(A_JOB, NOON))

    assert isinstance(watching, Guarding)
    assert watching.outcome.job == A_JOB
    assert owed(watching, NOON) == PollJob(A_JOB)


@pytest.mark.parametrize("event", ["StillRunning", "JobNotFound", "SearchUnfinished"])
def test_a_guard_looks_every_hour(event: str) -> None:
    still = apply(guarding(), EVENTS[event])

    assert still == guarding(wait=Wait(NOON + HOUR))


@pytest.mark.parametrize(
    "event", [StillRunning(UNTIL), not_found(UNTIL), Unanswered(A_PROBLEM, UNTIL)]
)
def test_a_guard_ends_after_a_week_whatever_it_sees(event: Event) -> None:
    assert apply(guarding(), event) == Ending(guarding().outcome, a_claimed_plan())


def test_a_guard_that_gets_no_answer_tries_again() -> None:
    still = apply(guarding(), Unanswered(A_PROBLEM, NOON))

    assert still == guarding(wait=Wait(NOON + 15 * SECOND, 1, A_PROBLEM, unread_since=NOON))


def test_a_settled_ending_is_the_end() -> None:
    outcome = an_outcome()

    assert apply(Ending(outcome, None), Settled(NOON)) == Ended(outcome, None)
    assert apply(Ending(outcome, a_plan()), Settled(NOON)) == Ended(outcome, a_plan())


# ---------------------------------------------------------- a restore and its deadline

NOT_STARTED = ["Accepted", "Planned", "Ready", "Validating", "Validated"]
STARTED = ["Triggering", "Restoring", "Running", "Confirming"]


@pytest.mark.parametrize("state", [*NOT_STARTED, *STARTED])
def test_a_restore_owes_what_its_state_owes_up_to_its_deadline(state: str) -> None:
    restore = a_restore(STATES[state])

    assert restore.owes(NOON) == OWED_WHEN_DUE[state]
    last = DEADLINE - (401 if state == "Validated" else 1) * SECOND
    assert restore.owes(last) == OWED_WHEN_DUE[state]
    assert restore.owes(NOON - SECOND) is None


@pytest.mark.parametrize("state", NOT_STARTED)
def test_past_the_deadline_nothing_new_is_begun(state: str) -> None:
    assert a_restore(STATES[state]).owes(DEADLINE) == GiveUp()


@pytest.mark.parametrize("state", STARTED)
def test_past_the_deadline_what_was_started_is_looked_at_once_more(state: str) -> None:
    restore = a_restore(STATES[state])

    assert restore.owes(DEADLINE) == OWED_WHEN_DUE[state]


@pytest.mark.parametrize("state", NOT_STARTED)
def test_past_the_deadline_what_was_not_started_is_not_waited_for(state: str) -> None:
    waiting = every_state(Wait(DEADLINE + MINUTE))[state]

    assert a_restore(waiting).owes(DEADLINE) == GiveUp()


AFTER: dict[str, Event] = {
    "Triggering": not_found(DEADLINE + SECOND),
    "Restoring": StillRunning(DEADLINE + SECOND),
    "Running": StillRunning(DEADLINE + SECOND, HOUR),
    "Confirming": not_found(DEADLINE + SECOND),
}


def looked_at_last(state: str) -> Restore:
    """Return one whose last look is to come, and whose claim is too young for "there is none"."""
    young = replace(a_claim(), believed_after=DEADLINE + HOUR)
    last: Any = every_state(Wait(DEADLINE))[state]
    return a_restore(replace(last, plan=a_claimed_plan(young)))


@pytest.mark.parametrize("state", STARTED)
def test_past_the_deadline_a_look_that_is_answered_and_brings_no_end_is_the_last_one(
    state: str,
) -> None:
    ended = looked_at_last(state).after(AFTER[state], frozenset())

    assert ended.outcome is not None
    assert ended.outcome.status is Status.TIMED_OUT


@pytest.mark.parametrize("state", STARTED)
def test_past_the_deadline_a_look_without_an_answer_is_repeated_for_half_an_hour(
    state: str,
) -> None:
    restore, looks = looked_at_last(state), []

    while restore.outcome is None:
        assert restore.due is not None
        looks.append(restore.due)
        restore = restore.after(Unanswered(A_PROBLEM, restore.due, throttled=True), frozenset())

    assert len(looks) > 3
    assert looks[-1] <= DEADLINE + 30 * MINUTE


def test_past_the_deadline_a_job_that_is_named_is_looked_at() -> None:
    named = looked_at_last("Restoring").after(JobNamed(A_JOB, DEADLINE + SECOND), frozenset())

    assert named.owes(DEADLINE + SECOND) == PollJob(A_JOB)


def test_past_the_deadline_what_leads_on_at_once_is_no_end() -> None:
    failed = OperationFailed(DISK_EXISTS, DEADLINE + SECOND)

    confirming = looked_at_last("Restoring").after(failed, frozenset())

    assert confirming.owes(DEADLINE + SECOND) == FindJob()


def test_who_has_cost_much_is_held_back_at_its_deadline_no_longer_than_others() -> None:
    costly = replace(looked_at_last("Triggering"), arm_calls=480)
    later = DEADLINE + 2 * MINUTE

    held = costly.after(HeldBack(later, DEADLINE), frozenset(), calls=1)

    assert held.due == later


def test_no_retry_after_keeps_the_last_look_for_longer_than_half_an_hour() -> None:
    asked = Unanswered(A_PROBLEM, DEADLINE - MINUTE, timedelta(days=1))

    waiting = a_restore(every_state(Wait(NOON))["Running"]).after(asked, frozenset())

    assert waiting.due == DEADLINE + 30 * MINUTE


@pytest.mark.parametrize("state", STARTED)
def test_who_is_held_back_at_its_deadline_is_looked_at_when_arm_takes_calls_again(
    state: str,
) -> None:
    later = DEADLINE + 5 * MINUTE
    held = a_restore(every_state(Wait(DEADLINE))[state])

    held = held.after(HeldBack(later, DEADLINE), frozenset())

    assert (held.due, held.owes(DEADLINE + MINUTE)) == (later, None)
    assert held.owes(later) == OWED_WHEN_DUE[state]


@pytest.mark.parametrize("state", STARTED)
def test_no_call_comes_before_arm_wants_one_also_at_the_deadline(state: str) -> None:
    started = a_restore(every_state(Wait(NOON))[state])
    asked = Unanswered(A_PROBLEM, DEADLINE - MINUTE, 6 * MINUTE)

    waiting = started.after(asked, frozenset())

    assert waiting.due == DEADLINE + 5 * MINUTE
    assert waiting.owes(DEADLINE) is None


@pytest.mark.parametrize("state", ["Ending", "Guarding"])
def test_the_deadline_does_not_touch_what_has_an_outcome(state: str) -> None:
    assert a_restore(STATES[state]).owes(DEADLINE + HOUR) == owed(STATES[state], DEADLINE)


def test_an_ended_restore_is_never_due_and_owes_nothing_past_its_deadline() -> None:
    ended = a_restore(STATES["Ended"])

    assert ended.due is None
    assert ended.owes(DEADLINE) is None


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (Accepted(Wait(NOON + HOUR)), NOON + HOUR),
        (Accepted(Wait(DEADLINE + HOUR)), DEADLINE),
        (Ending(an_outcome(at=EARLIER), a_plan()), EARLIER),
        (guarding(wait=Wait(DEADLINE + HOUR)), DEADLINE + HOUR),
    ],
)
def test_a_restore_is_due_when_its_state_is_and_at_its_deadline_at_the_latest(
    state: State, due: datetime
) -> None:
    assert a_restore(state).due == due


def test_only_the_timer_looks_at_jobs_gives_turns_and_tells_of_what_has_ended() -> None:
    awaiting = {name for name, state in STATES.items() if a_restore(state).awaits_timer}

    waits = {"Queued", "Enrolled", "Following", "Gathering"}
    assert awaiting == {"Running", "Guarding", "Ended"} | waits


@pytest.mark.parametrize("state", STATES)
def test_a_restore_shows_its_plan_its_outcome_and_its_job_once_they_are_known(state: str) -> None:
    restore = a_restore(STATES[state])

    of_sets = {"Enrolled", "Enrolling", "Gathering"}
    assert (restore.plan is None) == (state in {"Accepted", "Following"} | of_sets)
    assert (restore.outcome is None) == (state not in {"Ending", "Ended", "Guarding"})
    assert (restore.job == A_JOB) == (state in {"Running", "Guarding"})


def test_a_restore_after_an_event_is_the_same_restore_in_its_next_state() -> None:
    restore = a_restore(STATES["Planned"])

    after = restore.after(Reserved(NOON), notices=frozenset())

    outbox = Outbox(Stage.VALIDATING, NOON)
    ready = Ready(a_plan(), Wait(NOON))
    assert after == replace(
        restore, state=ready, outbox=outbox, turn_at=NOON, moments={"Ready": NOON}
    )


def test_a_restore_knows_what_it_was_answered_last() -> None:
    assert a_restore(Accepted(Wait(NOON))).problem is None
    assert a_restore(Accepted(Wait(NOON, 1, A_PROBLEM))).problem == A_PROBLEM
    assert a_restore(Ending(an_outcome(problem=A_PROBLEM), None)).problem == A_PROBLEM
