"""From the claim to the job: never two jobs that may run at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from restore_core.errors import Problem
from restore_core.lifecycle import pace
from restore_core.lifecycle.debts import owed
from restore_core.lifecycle.effects import FindJob, Validate
from restore_core.lifecycle.events import (
    AgeReached,
    Event,
    JobNamed,
    JobNotSeen,
    OperationFailed,
    OperationStarted,
    Refused,
    Requeued,
    StillRunning,
    TriggerClaimed,
    TriggerNotTaken,
    TriggerUnanswered,
    TurnCame,
    Unanswered,
    ValidationFailed,
)
from restore_core.lifecycle.states import (
    Confirming,
    Ending,
    Ready,
    Restoring,
    Retrying,
    Running,
    Search,
    State,
    Triggering,
    Validated,
    Wait,
)
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.transitions import MAX_CLAIMS, apply
from tests.builders import (
    A_JOB,
    A_PROBLEM,
    EARLIER,
    a_claim,
    a_claimed_plan,
    an_operation,
    an_outcome,
)
from tests.fakes import NOON
from tests.lifecycle.matrix import DISK_EXISTS, EVENTS, STATES, not_found

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


# -------------------------------------------------------------------------- the claim


def test_a_claim_is_kept_in_the_plan_and_its_finder_owes_a_search_not_a_post() -> None:
    claim = a_claim(NOON)

    claimed = apply(STATES["Validated"], TriggerClaimed(claim))

    assert isinstance(claimed, Triggering)
    assert claimed.plan.claims == (claim,)
    assert owed(claimed, NOON) is None
    assert owed(claimed, claimed.wait.due) == FindJob()


def test_a_plan_remembers_its_latest_claims_and_no_more_than_a_row_holds() -> None:
    claims = [a_claim(NOON, f"claim-{number}") for number in range(MAX_CLAIMS + 1)]
    validated = Validated(a_claimed_plan(*claims[:-1]), Wait(NOON))

    claimed = apply(validated, TriggerClaimed(claims[-1]))

    assert isinstance(claimed, Triggering)
    assert claimed.plan.claims == tuple(claims[1:])


def test_the_search_for_a_found_claim_begins_when_its_post_cannot_be_sent_any_more() -> None:
    claimed = apply(STATES["Validated"], TriggerClaimed(a_claim(NOON)))

    assert isinstance(claimed, Triggering)
    assert claimed.wait.due > NOON + pace.CLAIM_FRESH


def test_a_restore_that_was_taken_is_looked_at_when_arm_says_so() -> None:
    operation = an_operation(started=NOON)

    restoring = apply(STATES["Triggering"], OperationStarted(operation, 30 * SECOND, NOON))

    assert isinstance(restoring, Restoring)
    assert restoring.wait.due == NOON + 30 * SECOND
    assert restoring.plan.correlation_id == operation.correlation_id


def test_a_post_that_was_certainly_not_taken_gives_its_claim_back_and_is_tried_again() -> None:
    first, second = a_claim(EARLIER, "claim-1"), a_claim(NOON, "claim-2")
    claimed = Triggering(a_claimed_plan(first, second), Wait(NOON))

    again = apply(claimed, TriggerNotTaken(A_PROBLEM, 45 * SECOND, NOON))

    assert isinstance(again, Retrying)
    assert again.validated
    assert again.plan.claims == (first,)
    assert again.wait == Wait(NOON + 45 * SECOND, 1, A_PROBLEM, unread_since=NOON)


def test_posts_that_are_not_taken_come_less_and_less_often() -> None:
    state, pauses = STATES["Validated"], []

    for _ in range(10):
        claimed = apply(state, TriggerClaimed(a_claim(NOON)))
        waiting = apply(claimed, TriggerNotTaken(A_PROBLEM, None, NOON))
        assert isinstance(waiting, Retrying)
        pauses.append((waiting.wait.due - NOON) / SECOND)
        state = apply(apply(waiting, Requeued(NOON)), TurnCame(NOON))
        assert isinstance(state, Validated)

    assert pauses == [15, 30, 60, 120, 240, 480, 900, 900, 900, 900]


def test_a_post_without_an_answer_looks_for_its_job_and_keeps_the_claim() -> None:
    looking = apply(STATES["Triggering"], TriggerUnanswered(A_PROBLEM, NOON))

    assert isinstance(looking, Triggering)
    assert looking.plan == a_claimed_plan()
    assert looking.wait == Wait(NOON + pace.FIRST_SEARCH, problem=A_PROBLEM)
    assert owed(looking, looking.wait.due) == FindJob()


# ------------------------------------------------------------------------- the search


@pytest.mark.parametrize("state", ["Triggering", "Restoring", "Confirming"])
def test_a_job_that_is_found_is_adopted_at_once(state: str) -> None:
    running = apply(STATES[state], JobNamed(A_JOB, NOON))

    assert isinstance(running, Running)
    assert running.job == A_JOB
    assert NOON < running.wait.due <= NOON + 2 * SECOND


def test_no_job_is_not_believed_before_the_lease_is_over() -> None:
    claim = a_claim(NOON)
    almost = claim.believed_after - timedelta(microseconds=1)

    still = apply(Triggering(a_claimed_plan(claim), Wait(NOON)), not_found(almost))

    assert isinstance(still, Triggering)
    assert still.wait.due == claim.believed_after


def test_no_job_is_believed_when_the_lease_is_over_and_the_restore_is_validated_again() -> None:
    claim = a_claim(NOON)

    again = apply(Triggering(a_claimed_plan(claim), Wait(NOON)), not_found(claim.believed_after))

    assert isinstance(again, Ready)
    assert again.plan.claims == (claim,)
    assert owed(again, claim.believed_after) == Validate()


def test_only_the_lease_of_the_last_claim_decides() -> None:
    old, new = a_claim(NOON - HOUR, "claim-1"), a_claim(NOON, "claim-2")

    still = apply(Triggering(a_claimed_plan(old, new), Wait(NOON)), not_found(NOON + MINUTE))

    assert isinstance(still, Triggering)


def test_the_search_is_repeated_less_often_and_never_beyond_the_lease() -> None:
    claim = a_claim(NOON)
    state: State = Triggering(a_claimed_plan(claim), Wait(NOON))
    at, pauses = NOON, []

    while isinstance(state, Triggering):
        state = apply(state, not_found(at))
        if isinstance(state, Triggering):
            pauses.append((state.wait.due - at) / SECOND)
            at = state.wait.due

    assert pauses[:4] == [30, 60, 120, 240]
    assert at == claim.believed_after


# ------------------------------------------------------------------ the restore's operation


def test_a_restore_operation_that_runs_is_looked_at_again() -> None:
    running = apply(STATES["Restoring"], StillRunning(NOON, 50 * SECOND))

    assert isinstance(running, Restoring)
    assert running.wait == Wait(NOON + 50 * SECOND)


def test_a_look_beside_an_operation_is_read_on_by_the_next_whatever_comes_between() -> None:
    search = Search("https://management.azure.com/next", NOON)
    seen = JobNotSeen(NOON + HOUR, search, 50 * MINUTE)
    restoring = Restoring(a_claimed_plan(), an_operation(started=NOON), Wait(NOON))

    on = apply(restoring, seen)

    assert isinstance(on, Restoring)
    assert on == replace(restoring, plan=on.plan, wait=Wait(NOON + HOUR + 50 * MINUTE))
    lost, given_up = Unanswered(A_PROBLEM, NOON + 2 * HOUR), AgeReached(NOON + 2 * HOUR)
    for state in (on, apply(on, StillRunning(NOON + HOUR)), apply(on, lost), apply(on, given_up)):
        assert isinstance(state, Restoring | Triggering | Ending)
        assert state.plan is not None
        assert state.plan.search == search


def test_a_restore_operation_that_is_gone_leads_to_the_job_search_and_never_to_a_new_post() -> None:
    gone, state = Unanswered(A_PROBLEM, NOON, gone=True), STATES["Restoring"]

    seen = [type(state := apply(state, gone)).__name__ for _ in range(3)]

    assert seen == ["Restoring", "Restoring", "Triggering"]
    assert owed(state, NOON) == FindJob()


def test_a_restore_operation_that_runs_however_long_is_waited_for() -> None:
    """Its job may begin at any moment: there is nothing to search for yet."""
    restoring = Restoring(a_claimed_plan(), an_operation(started=NOON), Wait(NOON))

    assert isinstance(apply(restoring, StillRunning(NOON + 30 * HOUR)), Restoring)


@pytest.mark.parametrize(
    "brings",
    [Unanswered(A_PROBLEM, NOON + HOUR), TriggerUnanswered(A_PROBLEM, NOON + HOUR)],
)
def test_a_restore_operation_that_is_lost_leads_to_a_search_with_a_lease_of_its_own(
    brings: Event,
) -> None:
    unread = Wait(NOON, 1, A_PROBLEM, unread_since=NOON)
    restoring = Restoring(a_claimed_plan(), an_operation(started=NOON), unread)
    claim = a_claimed_plan().claims[-1]

    looking = apply(restoring, brings)

    assert isinstance(looking, Triggering)
    assert owed(looking, NOON + HOUR) == FindJob()
    lease = claim.believed_after - claim.at
    assert looking.plan.claims[-1] == replace(claim, believed_after=NOON + HOUR + lease)


def test_a_restore_operation_that_was_read_within_the_hour_is_not_lost_however_old_it_is() -> None:
    """Its job may not have begun: none would be found, and a second one would run beside it."""
    day = NOON + 24 * HOUR
    state = apply(STATES["Restoring"], StillRunning(day))

    for minutes in (5, 20, 40, 64):
        state = apply(state, Unanswered(A_PROBLEM, day + minutes * MINUTE))
        assert isinstance(state, Restoring)

    assert isinstance(apply(state, StillRunning(day + 65 * MINUTE)), Restoring)
    assert isinstance(apply(state, Unanswered(A_PROBLEM, day + 65 * MINUTE)), Triggering)


def test_a_search_for_the_job_of_a_lost_operation_waits_as_long_as_arm_asks() -> None:
    unread = Wait(NOON, 4, A_PROBLEM, unread_since=NOON)
    restoring = Restoring(a_claimed_plan(), an_operation(), unread)

    looking = apply(restoring, Unanswered(A_PROBLEM, NOON + HOUR, 7 * MINUTE))

    assert isinstance(looking, Triggering)
    assert looking.wait.due == NOON + HOUR + 7 * MINUTE


def test_a_restore_operation_that_fails_without_a_job_is_a_failure() -> None:
    ended = apply(STATES["Restoring"], OperationFailed(A_PROBLEM, NOON))

    assert isinstance(ended, Ending)
    assert ended.outcome.status is Status.FAILED


def test_a_restore_for_which_there_is_no_room_gives_its_claim_back_and_waits() -> None:
    full = Problem("UserErrorMaxConcurrentOperationLimitReached", "As many run as may.")

    waiting = apply(STATES["Restoring"], OperationFailed(full, NOON))

    assert isinstance(waiting, Retrying)
    assert (waiting.validated, waiting.plan.claims) == (True, ())
    assert waiting.wait == Wait(NOON + MINUTE, problem=full)


@pytest.mark.parametrize("brings", ["Unanswered", "StillRunning"])
@pytest.mark.parametrize("state", ["Restoring", "Running"])
def test_nothing_but_an_end_ends_what_arm_has_taken(state: str, brings: str) -> None:
    waiting, event = STATES[state], EVENTS[brings]

    for _ in range(50):
        waiting = apply(waiting, event)

    assert type(waiting).__name__ == state


# ------------------------------------------------------- the disk exists, after a claim


def ready_after_a_claim() -> Ready:
    return Ready(a_claimed_plan(), Wait(NOON))


@pytest.mark.parametrize(
    ("state", "event", "status"),
    [
        (ready_after_a_claim(), ValidationFailed(DISK_EXISTS, NOON), Status.REJECTED),
        (STATES["Triggering"], Refused(DISK_EXISTS, NOON), Status.REJECTED),
        (STATES["Restoring"], OperationFailed(DISK_EXISTS, NOON), Status.FAILED),
    ],
)
def test_the_disk_exists_after_a_claim_looks_for_our_own_job_before_it_ends_anything(
    state: State, event: Event, status: Status
) -> None:
    confirming = apply(state, event)

    assert isinstance(confirming, Confirming)
    assert (confirming.refusal.status, confirming.refusal.problem) == (status, DISK_EXISTS)
    assert owed(confirming, NOON) == FindJob()


def test_the_disk_exists_without_a_claim_is_a_rejection() -> None:
    ended = apply(STATES["Validating"], ValidationFailed(DISK_EXISTS, NOON))

    assert isinstance(ended, Ending)
    assert ended.outcome.status is Status.REJECTED


def test_a_refusal_is_confirmed_only_when_the_list_has_had_its_time() -> None:
    refusal = an_outcome(Status.REJECTED, problem=DISK_EXISTS)
    plan = a_claimed_plan()
    believed = plan.claims[-1].believed_after
    confirming = Confirming(plan, refusal, Wait(NOON))

    early = apply(confirming, not_found(believed - SECOND))

    assert isinstance(early, Confirming)
    assert early.wait.due == believed
    assert apply(early, not_found(believed)) == Ending(refusal, plan)


@pytest.mark.parametrize(
    "code", ["UserErrorMaxConcurrentOperationLimitReached", "CloudInternalError"]
)
def test_a_post_that_is_refused_for_a_while_gives_its_claim_back_and_is_tried_again(
    code: str,
) -> None:
    waiting = apply(STATES["Triggering"], Refused(Problem(code, "Later."), NOON))

    assert isinstance(waiting, Retrying)
    assert waiting.validated
    assert waiting.plan.claims == ()
    assert waiting.wait.due > NOON
