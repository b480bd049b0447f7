"""The life of a restore: what each state owes, and what may follow it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest

from restore_core.contract.resource_ids import JobId
from restore_core.errors import Problem
from restore_core.lifecycle import events, pace
from restore_core.lifecycle.debts import owed
from restore_core.lifecycle.effects import (
    Effect,
    FindJob,
    GiveUp,
    PollJob,
    PollRestore,
    PollValidation,
    Prepare,
    Requeue,
    Reserve,
    Settle,
    Trigger,
    Validate,
)
from restore_core.lifecycle.events import (
    AgeReached,
    Event,
    HeldBack,
    JobEnded,
    JobNamed,
    JobNotFound,
    JobNotSeen,
    Lapsed,
    LeaderFailed,
    LeaderFound,
    OperationFailed,
    OperationStarted,
    Prepared,
    Refused,
    Requeued,
    Reserved,
    SearchUnfinished,
    Settled,
    StillRunning,
    TriggerClaimed,
    TriggerNotTaken,
    TriggerUnanswered,
    TurnAwaited,
    TurnCame,
    Unanswered,
    ValidationFailed,
    ValidationSucceeded,
    Withdrawn,
)
from restore_core.lifecycle.outbox import Outbox, Stage
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.set_events import MembersEnrolled, Recalled, SetEnded, SetPlanned
from restore_core.lifecycle.states import (
    Accepted,
    Confirming,
    Ended,
    Ending,
    Guarding,
    Planned,
    Queued,
    Ready,
    Restoring,
    Retrying,
    Running,
    Search,
    State,
    Triggering,
    Validated,
    Validating,
    Wait,
)
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.transitions import MAX_CLAIMS, ImpossibleEvent, apply
from restore_core.lifecycle.turn import Turn
from tests.builders import (
    A_JOB,
    A_PROBLEM,
    DEADLINE,
    EARLIER,
    a_claim,
    a_claimed_plan,
    a_header,
    a_member,
    a_plan,
    a_restore,
    a_tally,
    an_operation,
    an_outcome,
    every_state,
)
from tests.fakes import NOON

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DISK_EXISTS = Problem("UserErrorSameNameDiskAlreadyExists", "A disk with that name exists.")


def not_found(at: datetime) -> JobNotFound:
    """Return that a whole pass at this moment showed no job."""
    return JobNotFound(at, at)


STATES = every_state()
EVENTS: dict[str, Event] = {
    type(event).__name__: event
    for event in (
        Prepared(a_plan(), NOON),
        SetPlanned(a_header(), NOON),
        MembersEnrolled(1, NOON),
        Withdrawn(A_PROBLEM, NOON),
        Recalled(NOON),
        SetEnded(Status.COMPLETED, a_tally(), None, NOON),
        Refused(A_PROBLEM, NOON),
        LeaderFound("r0", NOON),
        LeaderFailed(NOON, was_tried=True),
        Reserved(NOON),
        Requeued(NOON),
        TurnAwaited(NOON),
        TurnCame(NOON),
        OperationStarted(an_operation(), None, NOON),
        StillRunning(NOON),
        Unanswered(A_PROBLEM, NOON),
        HeldBack(NOON + SECOND, NOON),
        ValidationSucceeded(NOON),
        ValidationFailed(A_PROBLEM, NOON),
        TriggerClaimed(a_claim()),
        TriggerNotTaken(A_PROBLEM, None, NOON),
        TriggerUnanswered(A_PROBLEM, NOON),
        JobNamed(A_JOB, NOON),
        not_found(NOON),
        SearchUnfinished(NOON, None),
        JobNotSeen(NOON, None),
        OperationFailed(A_PROBLEM, NOON),
        JobEnded(Status.COMPLETED, "Completed", NOON, None),
        AgeReached(NOON),
        Lapsed(NOON),
        Settled(NOON),
    )
}

LOOK_AGAIN_OR_GIVE_UP = {"Unanswered", "HeldBack", "AgeReached"}
OR_LAPSE = LOOK_AGAIN_OR_GIVE_UP | {"Lapsed", "Withdrawn"}
MAY_FOLLOW = {
    "Accepted": {"Prepared", "SetPlanned", "TurnAwaited", "Refused", "LeaderFound"} | OR_LAPSE,
    "Enrolled": {"TurnCame"} | OR_LAPSE,
    "Enrolling": {"MembersEnrolled", "Withdrawn", "Unanswered", "HeldBack"},
    "Gathering": {
        "Recalled",
        "StillRunning",
        "SetEnded",
        "Withdrawn",
        "Unanswered",
        "HeldBack",
    },
    "Following": {"LeaderFound", "LeaderFailed", "Refused"} | OR_LAPSE,
    "Planned": {"Reserved", "TurnAwaited", "Refused", "LeaderFound"} | OR_LAPSE,
    "Queued": {"TurnCame"} | OR_LAPSE,
    "Retrying": {"Requeued", "TurnAwaited"} | OR_LAPSE,
    "Ready": {"OperationStarted", "ValidationSucceeded", "ValidationFailed"} | OR_LAPSE,
    "Validating": {"StillRunning", "ValidationSucceeded", "ValidationFailed"} | OR_LAPSE,
    "Validated": {"TriggerClaimed", "Refused"} | OR_LAPSE,
    "Triggering": {
        "OperationStarted",
        "TriggerNotTaken",
        "TriggerUnanswered",
        "Refused",
        "JobNamed",
        "JobNotFound",
        "SearchUnfinished",
    }
    | LOOK_AGAIN_OR_GIVE_UP,
    "Restoring": {
        "StillRunning",
        "TriggerUnanswered",
        "OperationFailed",
        "JobNamed",
        "JobNotSeen",
    }
    | LOOK_AGAIN_OR_GIVE_UP,
    "Running": {"StillRunning", "JobEnded"} | LOOK_AGAIN_OR_GIVE_UP,
    "Confirming": {"JobNamed", "JobNotFound", "SearchUnfinished"} | LOOK_AGAIN_OR_GIVE_UP,
    "Ending": {"Settled"},
    "Guarding": {
        "JobNamed",
        "JobNotFound",
        "SearchUnfinished",
        "JobEnded",
        "StillRunning",
        "Unanswered",
        "HeldBack",
    },
    "Ended": set[str](),
}
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


# ------------------------------------------------------------------------- what is owed

OWED_WHEN_DUE: dict[str, Effect] = {
    "Accepted": Prepare(),
    "Planned": Reserve(),
    "Retrying": Requeue(),
    "Ready": Validate(),
    "Validating": PollValidation(an_operation()),
    "Validated": Trigger(),
    "Triggering": FindJob(),
    "Restoring": PollRestore(an_operation()),
    "Running": PollJob(A_JOB),
    "Confirming": FindJob(),
    "Guarding": PollJob(A_JOB),
}


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
    assert again.wait == Wait(NOON + 45 * SECOND, 1, A_PROBLEM)


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
    restoring = Restoring(a_claimed_plan(), an_operation(started=NOON), Wait(NOON))
    claim = a_claimed_plan().claims[-1]

    looking = apply(restoring, brings)

    assert isinstance(looking, Triggering)
    assert owed(looking, NOON + HOUR) == FindJob()
    lease = claim.believed_after - claim.at
    assert looking.plan.claims[-1] == replace(claim, believed_after=NOON + HOUR + lease)


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
    assert running.wait == Wait(NOON + 21 * MINUTE, 1, A_PROBLEM)


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

    assert still == guarding(wait=Wait(NOON + 15 * SECOND, 1, A_PROBLEM))


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


@pytest.mark.parametrize("state", [*NOT_STARTED, *STARTED])
def test_past_the_deadline_what_has_been_looked_at_is_given_up(state: str) -> None:
    looked_at = every_state(Wait(DEADLINE + MINUTE))[state]

    assert a_restore(looked_at).owes(DEADLINE) == GiveUp()


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


# ------------------------------------------------------------- what is held back, and paced


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
    assert called == Accepted(Wait(NOON + HOUR, 1, A_PROBLEM), has_turn=True)
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
