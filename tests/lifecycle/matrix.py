"""Every state, what it owes, every event, and which may follow in which state."""

from datetime import datetime, timedelta

from restore_core.errors import Problem
from restore_core.lifecycle.effects import (
    Effect,
    FindJob,
    PollJob,
    PollRestore,
    PollValidation,
    Prepare,
    Requeue,
    Reserve,
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
from restore_core.lifecycle.set_events import MembersEnrolled, Recalled, SetEnded, SetPlanned
from restore_core.lifecycle.status import Status
from tests.builders import (
    A_JOB,
    A_PROBLEM,
    a_claim,
    a_header,
    a_plan,
    a_tally,
    an_operation,
    every_state,
)
from tests.fakes import NOON

SECOND = timedelta(seconds=1)
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
