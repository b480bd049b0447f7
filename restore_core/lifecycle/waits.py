"""When a restore that must wait is looked at next, by what it was answered. Pure."""

from datetime import datetime, timedelta

from restore_core.lifecycle import pace
from restore_core.lifecycle.events import (
    JobNotFound,
    Refused,
    SearchUnfinished,
    TriggerNotTaken,
    Unanswered,
)
from restore_core.lifecycle.states import Claim, Operation, Wait


def look_at(operation: Operation, at: datetime, retry_after: timedelta | None) -> Wait:
    """Return the wait for an operation that runs."""
    return Wait(at + pace.operation_delay(at - operation.started, retry_after))


def look_at_validation(operation: Operation, at: datetime, retry_after: timedelta | None) -> Wait:
    """Return the wait for a validation that runs."""
    return Wait(at + pace.validation_delay(at - operation.started, retry_after))


def is_late(operation: Operation, at: datetime) -> bool:
    """Tell whether an operation has run for longer than any should."""
    return at - operation.started >= pace.OPERATION_PATIENCE


def is_gone(wait: Wait, event: Unanswered) -> bool:
    """Tell whether the service knows an operation no more, and has said so often enough."""
    return event.gone and wait.gone + 1 >= pace.GONE_LIMIT


def is_lost(wait: Wait, event: Unanswered) -> bool:
    """Tell whether an operation that gives no answer is held to be lost.

    However long it has run: one that was read a moment ago, and now is not, is not lost.
    """
    since = wait.unread_since
    unread = since is not None and event.at - since >= pace.OPERATION_PATIENCE
    return unread or is_gone(wait, event)


def try_again(wait: Wait, event: Unanswered | TriggerNotTaken | Refused) -> Wait:
    """Return the wait after a call that brought no usable answer, or a refusal for now."""
    misses, at, retry_after = wait.misses + 1, event.at, None
    gone, throttled_until = 0, None
    if not isinstance(event, Refused):
        retry_after = event.retry_after
        throttled_until = at + pace.throttled(retry_after) if event.throttled else None
    if isinstance(event, Unanswered) and event.gone:
        gone = wait.gone + 1
    due = at + pace.backoff(misses, retry_after)
    return Wait(due, misses, event.problem, gone, throttled_until, wait.unread_since or at)


def search_again(wait: Wait, event: JobNotFound | SearchUnfinished, claim: Claim) -> Wait:
    """Return the wait after a search that did not find the job of `claim`.

    A look falls on the moment from which on a search may be believed.
    """
    problem = retry_after = None
    if isinstance(event, SearchUnfinished):
        problem, retry_after = event.problem, event.retry_after
    misses, at = wait.misses + 1, event.at
    due = at + max(pace.search_delay(misses), retry_after or timedelta())
    if at < claim.believed_after and retry_after is None:
        due = min(due, claim.believed_after)
    return Wait(due, misses, problem=problem or wait.problem)
