"""What can happen to a set besides. Values only; `transitions` says what follows."""

from dataclasses import dataclass
from datetime import datetime

from restore_core.errors import Problem
from restore_core.lifecycle.sets import Header, Tally
from restore_core.lifecycle.status import Status


@dataclass(frozen=True)
class SetPlanned:
    """The set is allowed, and its plan stands."""

    header: Header
    at: datetime


@dataclass(frozen=True)
class MembersEnrolled:
    """So many rows of the plan, in the order of their keys, have their restores recorded."""

    enrolled: int
    at: datetime


@dataclass(frozen=True)
class Recalled:
    """No member of a withdrawn set is left that could still be cancelled."""

    at: datetime


@dataclass(frozen=True)
class SetEnded:
    """Every member has ended, or is given up; `at` is the end of the last of them."""

    status: Status
    tally: Tally
    problem: Problem | None
    at: datetime


SetEvent = SetPlanned | MembersEnrolled | Recalled | SetEnded
