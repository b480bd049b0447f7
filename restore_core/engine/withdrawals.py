"""Takes requests back: what has no claim yet ends; what Azure has taken goes on.

Idempotent: a withdrawal that comes again finds nothing left to do. Each call raises Unavailable.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from restore_core.contract.withdrawal import Withdrawal
from restore_core.engine.ports import Tables, Versioned
from restore_core.engine.refusals import Refusals
from restore_core.engine.steps import Steps
from restore_core.errors import Problem, Superseded, Unavailable, UnreadableRow
from restore_core.lifecycle import endings
from restore_core.lifecycle.events import Withdrawn
from restore_core.lifecycle.reasons import WITHDRAWN, withdrawn

_UNKNOWN: Final = Problem(
    "NothingToWithdraw",
    "No restore with this requestId is recorded.",
    "Correct withdraw. If the request itself was sent a moment ago, send the withdrawal again: a "
    "queue keeps no order.",
)
_OVERTAKEN: Final = Problem("StorageUnavailable", "The restore moves on while it is withdrawn.")


class Withdrawals:
    """What is withdrawn, ended. Safe for threads."""

    def __init__(
        self,
        *,
        tables: Tables,
        refusals: Refusals,
        steps: Steps,
        clock: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._refusals = refusals
        self._steps = steps
        self._clock = clock

    def withdraw(self, asked: Withdrawal, body: bytes, inserted_at: datetime) -> Versioned | None:
        """End what the withdrawal names, as far as Azure has not taken it; return it, to be taken.

        None where there is nothing to end; that is written down.
        """
        try:
            found = self._tables.restores.load(asked.request_id)
        except UnreadableRow as error:
            problem = Problem("UnreadableRow", str(error), "Look at that row of Restores.")
            self._refuse(asked, body, problem, inserted_at)
            return None
        if found is None:
            self._refuse(asked, body, _UNKNOWN, inserted_at)
            return None
        if found.restore.outcome is not None and not found.restore.is_over:
            self._to_be_taken(found)
            if _is_withdrawn(found):
                return found
        if not endings.may_be_withdrawn(found.restore.state):
            reason = _goes_on(found)
            self._refusals.ignore(
                body, reason, request_id=asked.request_id, inserted_at=inserted_at
            )
            return None
        return self._to_be_taken(self._withdrawn(found, asked))

    def _withdrawn(self, found: Versioned, asked: Withdrawal) -> Versioned:
        reason = withdrawn(asked.requested_by or "", asked.reason or "")
        try:
            return self._steps.save(found, Withdrawn(reason, self._clock()))
        except Superseded:
            raise Unavailable(_OVERTAKEN) from None  # The host delivers it again.

    def _to_be_taken(self, withdrawn: Versioned) -> Versioned:
        """Let the timer look at it soon: at who waits for a turn, or for another, it looks late."""
        self._steps.schedule(withdrawn.restore)
        return withdrawn

    def _refuse(
        self, asked: Withdrawal, body: bytes, problem: Problem, inserted_at: datetime
    ) -> None:
        self._refusals.refuse(body, problem, request_id=asked.request_id, inserted_at=inserted_at)


def _is_withdrawn(found: Versioned) -> bool:
    """Tell whether a withdrawal has ended it; what was started anew tells its first job's end."""
    problem = found.restore.problem
    return problem is not None and problem.code == WITHDRAWN


def _goes_on(found: Versioned) -> str:
    outcome = found.restore.outcome
    if outcome is not None:
        return f"There was nothing left to withdraw: the restore had ended as {outcome.status}."
    if found.restore.job is not None:
        return "There was nothing left to withdraw: Azure has taken the restore, and it goes on."
    return (
        "There was nothing left to withdraw: Azure was asked for the restore, and it goes on. "
        "Where its row tells later that it waits to be asked for again, withdraw it again."
    )
