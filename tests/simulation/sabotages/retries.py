"""Sabotages of the one retry of a job, and of standing obstacles."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from restore_core.azure import arm
from restore_core.azure.backup_vault import BackupVault
from restore_core.lifecycle import endings, pace
from restore_core.lifecycle.events import JobEnded, Unanswered
from restore_core.lifecycle.states import Retrying, Wait
from restore_core.lifecycle.status import Status
from tests.simulation.sabotages.sabotage import Patch, Sabotage

# ------------------------------------------------------------------------------- a job once more


def _anew_when_cancelled() -> list[Patch]:
    real = endings.ended

    def ended(plan: Any, outcome: Any) -> Any:
        if outcome.status is Status.CANCELLED and plan.first_failure is None:
            plan = replace(plan, claims=(), first_failure=outcome)
            return Retrying(plan, Wait(outcome.at + pace.RESTART))
        return real(plan, outcome)

    return [(endings, "ended", ended)]


def _anew(change: Callable[[Any], Any]) -> Callable[[], list[Patch]]:
    real = endings.ended
    return lambda: [(endings, "ended", lambda plan, outcome: real(change(plan), outcome))]


def _keep_the_claim() -> list[Patch]:
    real = endings.ended

    def ended(plan: Any, outcome: Any) -> Any:
        state = real(plan, outcome)
        if isinstance(state, Retrying):
            return replace(state, plan=replace(state.plan, claims=plan.claims))
        return state

    return [(endings, "ended", ended)]


# ---------------------------------------------------------------------------- standing obstacles


def _an_obstacle_ends_a_poll() -> list[Patch]:
    real = BackupVault.poll_job

    def poll(self: Any, *args: Any) -> Any:
        event = real(self, *args)
        if isinstance(event, Unanswered) and event.problem.code == "ScopeLocked":
            return JobEnded(Status.FAILED, "Locked", event.at, event.problem)
        return event

    return [(BackupVault, "poll_job", poll)]


def _no_mark_is_needed() -> list[Patch]:
    return [(arm, "_is_the_gateways", lambda _response: True)]


SABOTAGES: Final[dict[str, Sabotage]] = {
    "start anew after CloudDos": Sabotage(
        "I2", lambda: [(endings, "CLOUD_DOS", "?")], life="job limited, never started anew"
    ),
    "start anew after Cancelled": Sabotage("I2", _anew_when_cancelled, life="job cancelled"),
    "start anew beside another claim": Sabotage(
        "I2",
        _anew(lambda plan: replace(plan, claims=plan.claims[-1:])),
        life="job of a second claim, not started anew",
    ),
    "start anew twice": Sabotage(
        "I2",
        _anew(lambda plan: replace(plan, first_failure=None)),
        life="job started anew, and fails again",
    ),
    "keep the claim of a job that has ended": Sabotage(
        "I2", _keep_the_claim, life="job started anew, its answer lost"
    ),
    "end for an obstacle while the job runs": Sabotage(
        "I1", _an_obstacle_ends_a_poll, life="a lock that comes too late"
    ),
    "take any 409 for not taken": Sabotage(
        "I1", _no_mark_is_needed, life="triggered under a lock all the same"
    ),
}
