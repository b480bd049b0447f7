"""How much longer a restore pauses than its state alone would have it. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from restore_core.lifecycle import budget, pace
from restore_core.lifecycle.events import Event, JobEnded, JobNamed, TriggerClaimed
from restore_core.lifecycle.states import Ended, Ending, Guarding, Running, State


def of_member(state: State, event: Event) -> State:
    """Return `state`; the job of a member of a set is left alone until jobs usually end."""
    if not isinstance(event, JobNamed) or not isinstance(state, Running):
        return state
    due = max(state.wait.due, state.plan.claims[-1].at + pace.JOBS_END_FROM)
    return replace(state, wait=replace(state.wait, due=due))


def by_cost(state: State, event: Event, spent: int, calls: int, deadline: datetime) -> State:
    """Return `state` with the pause of a restore that has `spent` so many calls, `calls` just now.

    `deadline` is when it is given up; what is guarded then lives on.
    """
    if isinstance(state, Ending | Ended) or isinstance(event, TriggerClaimed | JobEnded):
        return state
    pause, end = state.wait.due - event.at, deadline + pace.GUARD
    if isinstance(state, Guarding):
        end = state.until
    if not calls or pause <= timedelta():
        return state  # What follows at once is the way on, not one more look.
    pause = budget.stretched(pause, spent, calls, end - event.at)
    return replace(state, wait=replace(state.wait, due=event.at + pause))
