"""What is done again: a validation, the wait for a turn, the search for a job. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from restore_core.errors import Problem
from restore_core.lifecycle import endings, pace
from restore_core.lifecycle.states import (
    Outcome,
    Plan,
    Queued,
    Ready,
    Retrying,
    State,
    Triggering,
    Wait,
)
from restore_core.lifecycle.status import Status


def validation_failed(plan: Plan, problem: Problem, at: datetime) -> State:
    """Validate again where the code says that it may pass, else end."""
    if endings.is_transient(problem):
        return validate_again(plan, at, problem)
    return endings.ended_unless_ours(plan, Outcome(Status.REJECTED, at, problem))


def validate_again(plan: Plan, at: datetime, problem: Problem | None) -> Retrying:
    """Wait to be validated again, without a turn meanwhile."""
    plan = replace(plan, failures=plan.failures + 1)
    due = at + pace.validation_retry(plan.failures)
    return Retrying(plan, Wait(due, plan.failures, problem=problem))


def queued_again(plan: Plan, wait: Wait, *, validated: bool) -> Queued | Ready:
    """Wait for a turn again; what only validates needs none."""
    return Ready(plan, wait) if plan.validate_only else Queued(plan, wait, validated)


def search_anew(
    plan: Plan, at: datetime, problem: Problem, retry_after: timedelta | None = None
) -> Triggering:
    """Look for the job of a restore that ARM took, its claim's lease counted from now.

    The job may have begun this moment: the list has its time to catch up from here.
    """
    due = at + (retry_after or timedelta())
    last = plan.claims[-1]
    renewed = replace(last, believed_after=at + (last.believed_after - last.at))
    plan = replace(plan, claims=(*plan.claims[:-1], renewed))
    return Triggering(plan, Wait(due, problem=problem))
