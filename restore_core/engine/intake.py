"""Reads the messages of senders and records what they ask; what asks for nothing is refused here.

What leaves this room as an exception is the protocol with the host: a return acknowledges the
message, a raise asks for redelivery. `accept` raises Unavailable, and only until the restore is
recorded; from then on the sweep has it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from restore_core.contract.envelopes.reader import read
from restore_core.contract.origin import Asked
from restore_core.contract.withdrawal import Withdrawal
from restore_core.engine.log import log_accepted
from restore_core.engine.ports import Tables, Versioned
from restore_core.engine.refusals import Refusals
from restore_core.engine.steps import Steps
from restore_core.engine.withdrawals import Withdrawals
from restore_core.errors import (
    MalformedRequest,
    NothingAsked,
    Problem,
    Superseded,
    Unavailable,
    UnreadableRow,
)
from restore_core.lifecycle import pace
from restore_core.lifecycle.outbox import Outbox
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.states import Accepted, Wait

_CORRECT_IT: Final = (
    "Correct the message and send it again. Nothing was restored. docs/senders.md shows messages "
    "of each kind."
)
_REUSED: Final = Problem(
    "RequestIdReused",
    "A restore with this requestId and other content is recorded already, and stays as it is.",
    "Send this request with a requestId of its own, one per incident and disk.",
)
_VANISHED: Final = Problem("StorageUnavailable", "The restore was there and cannot be read.")


class Intake:
    """Turns messages into recorded restores. Safe for threads."""

    def __init__(
        self,
        *,
        tables: Tables,
        refusals: Refusals,
        steps: Steps,
        withdrawals: Withdrawals,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._refusals = refusals
        self._steps = steps
        self._withdrawals = withdrawals
        self._rules = rules
        self._clock = clock

    def accept(self, body: bytes, inserted_at: datetime) -> None:
        """Record the request of a message and take the first step; raise Unavailable."""
        recorded = self.record(body, inserted_at)
        if recorded is not None:
            self._steps.take(recorded)

    def record(self, body: bytes, inserted_at: datetime) -> Versioned | None:
        """Return the restore of a message, recorded or withdrawn; None where there is none."""
        try:
            asked = read(body)
        except MalformedRequest as error:
            problem = Problem("MalformedRequest", error.reason, _CORRECT_IT)
            self._refusals.refuse(
                body, problem, request_id=error.request_id, inserted_at=inserted_at
            )
            return None
        except NothingAsked as error:
            self._refusals.ignore(
                body, error.reason, request_id=error.request_id, inserted_at=inserted_at
            )
            return None
        if isinstance(asked, Withdrawal):
            return self._withdrawals.withdraw(asked, body, inserted_at)
        return self._recorded(asked, body, inserted_at)

    def _recorded(self, asked: Asked, body: bytes, inserted_at: datetime) -> Versioned | None:
        request_id = asked.request.request_id
        try:
            found = self._known(request_id) or self._insert(asked, inserted_at)
        except UnreadableRow as error:
            problem = Problem("UnreadableRow", str(error), "Look at that row of Restores.")
            self._refusals.refuse(body, problem, request_id=request_id, inserted_at=inserted_at)
            return None
        if found.restore.request != asked.request:
            self._refusals.refuse(body, _REUSED, request_id=request_id, inserted_at=inserted_at)
            return None
        return found

    def _known(self, request_id: str) -> Versioned | None:
        """Return the restore that a redelivery finds, its outstanding row put back."""
        found = self._tables.restores.load(request_id)
        if found is not None and found.restore.timer_due is not None:
            self._tables.schedule.add(found.restore, found.restore.timer_due)
        return found

    def _insert(self, asked: Asked, inserted_at: datetime) -> Versioned:
        """Write both rows, the outstanding one first: a restore without it would be forgotten."""
        now = self._clock()
        restore = Restore(
            request=asked.request,
            origin=asked.origin,
            requested_at=inserted_at,
            accepted_at=now,
            deadline=now + self._rules.max_age,
            state=Accepted(Wait(now)),
            outbox=Outbox.opened(now, self._rules.notices),
        )
        self._tables.schedule.announce(restore, now + pace.SWEEP_GRACE, now)
        try:
            recorded = self._tables.restores.record(restore)
        except Superseded:
            found = self._known(restore.id)
            if found is None:
                raise Unavailable(_VANISHED) from None
            return found
        log_accepted(restore)
        return recorded
