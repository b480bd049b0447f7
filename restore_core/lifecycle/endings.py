"""How restores end, and which end is none yet: what is tried again, confirmed or guarded. Pure."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from restore_core.errors import Problem
from restore_core.lifecycle import pace, reasons
from restore_core.lifecycle.events import Refused
from restore_core.lifecycle.states import (
    Confirming,
    Ended,
    Ending,
    Guarding,
    Outcome,
    Plan,
    Retrying,
    Running,
    State,
    Unplanned,
    Wait,
    Waiting,
)
from restore_core.lifecycle.status import Status

CLOUD_DOS: Final = "clouddos"
"""The beginning of the codes of Data Protection's own limits, lower-cased."""

FULL: Final = "usererrormaxconcurrentoperationlimitreached"
"""The beginning, lower-cased, of the code of a vault in which as many restores run as may: the one
that is told so has not begun."""

TRANSIENT: Final = (
    "cloudinternalerror",
    "cloudserviceretryableerror",
    "internalservererror",
    "gatewaytimeout",
    FULL,
    CLOUD_DOS,
)
"""Beginnings of the codes, lower-cased, after which a failed validation is asked for again."""

DISK_EXISTS: Final = "diskalreadyexists"
"""Part of the code, lower-cased, of a refusal because the target exists."""


def ended(plan: Plan, outcome: Outcome) -> State:
    """End, or start a job anew, once, that Azure says it could not do at that time.

    Never while another claim stands: its job might run beside the new one. The claim of the job
    that was seen ended is forgotten, so that no search finds that job again.
    """
    problem = outcome.problem
    again = (
        outcome.status is Status.FAILED
        and problem is not None
        and is_transient(problem)
        and not problem.code.lower().startswith(CLOUD_DOS)
        and plan.first_failure is None
        and len(plan.claims) == 1
    )
    if not again:
        return Ending(outcome, plan)
    plan = replace(plan, claims=(), failures=0, first_failure=outcome)
    return Retrying(plan, Wait(outcome.at + pace.RESTART, problem=problem))


def concluded(plan: Plan | None, outcome: Outcome) -> Outcome:
    """Return how a restore ends: as its first job failed, where no other was started."""
    first = plan.first_failure if plan else None
    may_run = outcome.status is Status.TIMED_OUT and plan is not None and plan.claims
    if first is None or outcome.job is not None or may_run:
        return outcome
    return replace(first, problem=reasons.not_started_anew(first.problem, outcome.problem))


def refused(event: Refused) -> Outcome:
    """Return how a restore ends that was refused, and which disk is back in its place."""
    return Outcome(
        Status.REJECTED,
        event.at,
        event.problem,
        back_as=event.back_as,
        back_from=event.back_from,
    )


def ended_unless_ours(plan: Plan, outcome: Outcome) -> State:
    """End, unless the disk that stands in the way may be the work of one of our own claims."""
    exists = outcome.problem is not None and DISK_EXISTS in outcome.problem.code.lower()
    if exists and plan.claims:
        return Confirming(plan, outcome, Wait(outcome.at))
    return Ending(concluded(plan, outcome), plan)


def lapsed(state: Waiting, at: datetime) -> State:
    """End, unless a claim was made: its job is looked for once more, whatever was believed."""
    plan = _plan_of(state)
    claimed = plan is not None and bool(plan.claims)
    outcome = Outcome(Status.REJECTED, at, reasons.too_late(state, claimed=claimed))
    if plan is not None and claimed:
        return Confirming(plan, outcome, Wait(at))
    return Ending(concluded(plan, outcome), plan)


def given_up(state: Waiting, at: datetime) -> State:
    """End a restore that is too old; where a job may still write its target, that stays locked."""
    plan = _plan_of(state)
    job = state.job if isinstance(state, Running) else None
    claimed = plan is not None and bool(plan.claims)
    outcome = Outcome(Status.TIMED_OUT, at, reasons.too_old(state, claimed=claimed), job)
    return Ending(concluded(plan, outcome), plan, at + pace.GUARD if claimed else None)


def may_be_withdrawn(state: State) -> bool:
    """Tell whether nothing has been asked of Azure that could not be left undone."""
    if isinstance(state, Ending | Ended | Guarding):
        return False
    plan = _plan_of(state)
    return plan is None or not plan.claims


def withdrawn(state: Waiting, problem: Problem, at: datetime) -> State:
    """End what its sender wants no more."""
    plan = _plan_of(state)
    return Ending(concluded(plan, Outcome(Status.CANCELLED, at, problem)), plan)


def ended_after_all(outcome: Outcome, job_status: str) -> Outcome:
    """Return the outcome of a restore that was given up, now that its job has ended."""
    return replace(outcome, job_status=job_status, problem=reasons.ended_after_all(job_status))


def guard_on(guarding: Guarding, wait: Wait, at: datetime) -> State:
    """Watch the target on, unless it was long enough."""
    if at >= guarding.until:
        return Ending(guarding.outcome, guarding.plan)
    return replace(guarding, wait=wait)


def _plan_of(state: State) -> Plan | None:
    return None if isinstance(state, Unplanned) else state.plan


def is_transient(problem: Problem) -> bool:
    """Tell whether a problem mends itself."""
    return problem.code.lower().startswith(TRANSIENT)


def is_full(problem: Problem) -> bool:
    """Tell whether a restore has not begun, because as many run as may."""
    return problem.code.lower().startswith(FULL)
