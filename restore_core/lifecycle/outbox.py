"""The notices of a restore that receivers are still to be sent. Pure.

A restore reaches each stage once at the most, in their order, however often it is validated or
triggered again. A notice is numbered when its transition is saved and kept until its event has been
sent; so an event can come twice, and none is ever left out.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from restore_core.errors import Problem
from restore_core.lifecycle import pace
from restore_core.lifecycle.status import Status


class Stage(StrEnum):
    """A public transition: what a restore has come to."""

    ACCEPTED = "accepted"
    """The request is recorded."""
    QUEUED = "queued"
    """As many restores run as may at once; it waits for its turn."""
    VALIDATING = "validating"
    """Azure is asked whether the restore would succeed."""
    RESTORING = "restoring"
    """Azure has taken the restore."""
    WAITING = "waiting"
    """Beside the others: for a quarter of an hour Azure has answered the same thing."""
    COMPLETED = "completed"
    """How it ended; from here on by the names of `Status`."""
    COMPLETED_WITH_WARNINGS = "completedWithWarnings"
    PARTLY_COMPLETED = "partlyCompleted"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    VALIDATED = "validated"
    TIMED_OUT = "timedOut"

    @classmethod
    def of(cls, status: Status) -> "Stage":
        """Return the stage of an outcome."""
        return cls(status[0].lower() + status[1:])

    @property
    def is_final(self) -> bool:
        """Tell whether nothing follows it."""
        return self not in _UNDER_WAY and self is not Stage.WAITING

    @property
    def rank(self) -> int:
        """Return how far it is; all ends are equally far."""
        return len(_UNDER_WAY) if self.is_final else _UNDER_WAY.index(self)


MOST_COMPLAINTS: Final = 8
"""Codes that notices name of one restore; who hears of eight knows that it waits."""

_UNDER_WAY: Final = (Stage.ACCEPTED, Stage.QUEUED, Stage.VALIDATING, Stage.RESTORING)
FINAL: Final = frozenset(stage for stage in Stage if stage.is_final)


@dataclass(frozen=True)
class Notice:
    """A transition to make known. `sequence` counts those of one restore from 1, without a gap."""

    stage: Stage
    sequence: int
    at: datetime
    problem: Problem | None = None
    """What Azure has answered all the time, where it is `waiting`."""


@dataclass(frozen=True)
class Complaint:
    """What a restore has been answered, and since when."""

    code: str
    since: datetime
    last: datetime

    def heard(self, code: str, at: datetime) -> "Complaint":
        """Return it after an answer; another code, or a long silence, begins anew."""
        if code != self.code or at - self.last > pace.COMPLAINT_GAP:
            return Complaint(code, at, at)
        return replace(self, last=at)


@dataclass(frozen=True)
class Outbox:
    """How far a restore has come, and the notices that are still to be sent."""

    reached: Stage
    next_try: datetime
    sequence: int = 0
    """Of the newest notice."""
    pending: tuple[Notice, ...] = ()
    misses: int = 0
    """Attempts in a row at which the queue could not be reached."""
    complaint: Complaint | None = None
    complained: tuple[str, ...] = ()
    """Codes that a notice of waiting has named already."""

    @classmethod
    def opened(cls, at: datetime, notices: Collection[Stage]) -> "Outbox":
        """Return the outbox of a restore that is recorded at this moment."""
        new = cls(Stage.ACCEPTED, at)
        return new._noted(Stage.ACCEPTED, at, notices)

    @property
    def due(self) -> datetime | None:
        """Return when the next attempt is due; None where nothing is pending."""
        return self.next_try if self.pending else None

    def after(self, stage: Stage, at: datetime, notices: Collection[Stage]) -> "Outbox":
        """Return it at `stage`; a notice is pending where that is one of `notices`."""
        if stage.rank <= self.reached.rank:
            return self
        return self._noted(stage, at, notices)

    def heard(self, problem: Problem, at: datetime, notices: Collection[Stage]) -> "Outbox":
        """Return it after an answer that was none; once for each code a notice says so."""
        code = problem.code
        complaint = (self.complaint or Complaint(code, at, at)).heard(code, at)
        heard = replace(self, complaint=complaint)
        known = code in self.complained or len(self.complained) >= MOST_COMPLAINTS
        if known or at - complaint.since < pace.WORTH_A_NOTICE or Stage.WAITING not in notices:
            return heard
        complained = (*self.complained, code)
        noted = self._with(Stage.WAITING, at, problem)
        return replace(noted, complaint=complaint, complained=complained)

    def sent(self) -> "Outbox":
        """Return it with all that was pending sent."""
        return replace(self, pending=(), misses=0)

    def not_sent(self, now: datetime) -> "Outbox":
        """Return it with the next attempt later, or empty when no one waits for it any more.

        All or nothing: without the first of them, the sequence would have a gap.
        """
        misses = self.misses + 1
        kept = self.pending if now - self.pending[-1].at < pace.NOTICE_LIFE else ()
        return replace(self, pending=kept, misses=misses, next_try=now + pace.backoff(misses, None))

    def _noted(self, stage: Stage, at: datetime, notices: Collection[Stage]) -> "Outbox":
        return replace(self._with(stage, at) if stage in notices else self, reached=stage)

    def _with(self, stage: Stage, at: datetime, problem: Problem | None = None) -> "Outbox":
        number = self.sequence + 1
        return replace(
            self,
            sequence=number,
            pending=(*self.pending, Notice(stage, number, at, problem)),
            next_try=self.next_try if self.pending else at,
        )
