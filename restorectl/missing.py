"""What is said where no restore has an id: whether it may still come, and which id may be meant."""

from __future__ import annotations

from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from restore_core.contract.queue_names import POISON, REQUESTS
from restore_core.errors import Unavailable
from restore_core.reading.wanted import MOST, Wanted, end
from restore_core.text import quoted
from restorectl.exits import Exit, Trouble

if TYPE_CHECKING:
    from restore_core.reading.items import Item
    from restorectl.session import Session

_LAST_DAYS: Final = timedelta(days=7)
_CLOSE: Final = 0.75
"""How like an id must be to be meant: one letter in four may differ."""


def on_the_queue(request_id: str) -> Item:
    """Return what is shown of a request whose message nobody has read yet."""
    return {"rowId": request_id, "requestId": request_id, "status": "on the queue", "ended": False}


def may_come(session: Session) -> bool:
    """Tell whether a message waits that may hold the request, also one that the host gave up."""
    return any(_waiting(session, queue) for queue in (REQUESTS, REQUESTS + POISON))


def _waiting(session: Session, queue: str) -> int:
    """Return how many wait; 1 where the caller may not know."""
    try:
        return session.waiting(queue)
    except Unavailable as error:
        # The host makes the poison queue when the first message is poisoned.
        return 0 if "QueueNotFound" in error.problem.message else 1


def trouble(session: Session, request_id: str) -> Trouble:
    """Return that there is no such restore, with the ids of the last days that are like it."""
    close = get_close_matches(request_id, _ids(session), n=3, cutoff=_CLOSE)
    remedy = "restorectl ls --since 7d shows what there is."
    if close:
        remedy = f"Is one of these meant? {', '.join(close)}. {remedy}"
    return Trouble(
        f"No restore has the id {quoted(request_id)}, and no message of today or yesterday that "
        "was refused.",
        remedy,
        Exit.NOT_FOUND,
    )


def _ids(session: Session) -> list[str]:
    """Return the ids of the last days, of no more than a page."""
    now = session.clock()
    wanted = Wanted(since=now - _LAST_DAYS, until=end(now), top=MOST)
    try:
        return [str(item["rowId"]) for item in session.reading.restores(wanted, now).items]
    except Unavailable:
        return []
