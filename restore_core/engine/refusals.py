"""Writes down what became of messages that are no restore: refused, or asking for nothing."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from restore_core.engine.log import log_message_refused
from restore_core.engine.notices import cloud_event_of_refused
from restore_core.engine.ports import Queues, RefusedMessage, Tables
from restore_core.errors import Problem
from restore_core.lifecycle.outbox import Stage
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.status import Status

_NOT_A_STEP: Final = Problem(
    "NotAStep",
    "A message on restore-steps does not hold a restore's id.",
    "Only the app may write to restore-steps: check who else has the right to.",
)
_NOTHING_TO_DO: Final = "Nothing was restored, and nothing has to be done."


class Refusals:
    """The results of messages that never became a restore. Each call raises Unavailable."""

    def __init__(
        self, *, tables: Tables, queues: Queues, rules: Rules, clock: Callable[[], datetime]
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._rules = rules
        self._clock = clock

    def refuse(
        self, body: bytes, problem: Problem, *, request_id: str, inserted_at: datetime
    ) -> None:
        """Write down why a message becomes no restore, and send the notice of it."""
        message = self._write(body, Status.REJECTED, problem, request_id, inserted_at)
        if Stage.REJECTED in self._rules.notices:
            self._queues.notices.publish(cloud_event_of_refused(message))

    def ignore(self, body: bytes, reason: str, *, request_id: str, inserted_at: datetime) -> None:
        """Write down that a message asks for nothing; nobody is sent a notice of it."""
        problem = Problem("NothingAsked", reason, _NOTHING_TO_DO)
        self._write(body, Status.IGNORED, problem, request_id, inserted_at)

    def not_a_step(self, body: bytes, inserted_at: datetime) -> None:
        """Write down a message on the app's own queue that the app cannot have sent."""
        self._write(body, Status.REJECTED, _NOT_A_STEP, "", inserted_at)

    def _write(
        self,
        body: bytes,
        status: Status,
        problem: Problem,
        request_id: str,
        inserted_at: datetime,
    ) -> RefusedMessage:
        now = self._clock()
        message = RefusedMessage(body, status, problem, request_id, inserted_at, now)
        self._tables.results.write_refused(message)
        log_message_refused(message)
        return message
