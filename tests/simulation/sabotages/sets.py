"""Sabotages of what the app does with sets, withdrawals and their turns."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from restore_core.azure.resource_graph import ResourceGraph, Row
from restore_core.azure.tables.sets import SetsTable
from restore_core.contract.withdrawal import Withdrawal
from restore_core.engine import set_steps, turns
from restore_core.engine.performer import Performer
from restore_core.engine.reservation import Reservation
from restore_core.engine.set_steps import SetSteps
from restore_core.engine.withdrawals import Withdrawals
from restore_core.lifecycle import endings, quota, restore, set_plan, set_sum
from restore_core.lifecycle.events import Event, StillRunning, TriggerClaimed
from restore_core.lifecycle.set_events import MembersEnrolled, Recalled
from restore_core.lifecycle.sets import Header, PlannedDisk
from restore_core.lifecycle.states import Claim, Gathering, State
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.turn import Turn
from tests.simulation.sabotages.sabotage import MOST_WORLDS, Patch, Sabotage, kinds


def _header_first() -> list[Patch]:
    """Let the header stand before the rows that it makes a plan."""
    real = SetsTable.save

    def save(self: Any, set_id: str, header: Header, plan: Sequence[PlannedDisk]) -> Header:
        real(self, set_id, header, [])
        return real(self, set_id, header, plan)

    return [(SetsTable, "save", save)]


def _plan_anew() -> list[Patch]:
    """Make a plan at each try, and write it over the one that stands."""

    def save(self: Any, set_id: str, header: Header, plan: Sequence[PlannedDisk]) -> Header:
        self._table.delete(set_id, "header")
        return real(self, set_id, header, plan)

    real = SetsTable.save
    return [(SetsTable, "header", lambda *_: None), (SetsTable, "save", save)]


def _random_ids() -> list[Patch]:
    """Give a member another id each time that it is recorded."""
    real, numbers = set_plan.member, itertools.count()

    def member(of: Any, disk: PlannedDisk, notices: Any) -> Any:
        return real(of, replace(disk, member_id=f"{disk.member_id}-{next(numbers)}"), notices)

    return [(set_plan, "member", member)]


def _ids_by_the_plan() -> list[Patch]:
    """Give members ids that another plan of the same disks would not give."""
    numbers = itertools.count()
    return [(set_plan, "member_id", lambda of, source: f"{of}.{source.name}.{next(numbers)}")]


def _no_end() -> list[Patch]:
    """Write no end of a member into its set's row."""
    return [(SetSteps, "end", lambda *_: None)]


def _ends_with_the_first() -> list[Patch]:
    """Let a set end when one of its members has."""
    return [(set_sum, "is_complete", lambda _header, plan: any(disk.end for disk in plan))]


def _adopt_a_stranger() -> list[Patch]:
    """Take whatever stands under a member's id for the member."""
    return [(SetSteps, "_is_ours", lambda *_: True)]


def _enrol_once() -> list[Patch]:
    """Record members in one go or not at all: what a death has left out stays out."""
    real, begun = SetSteps.enroll, set[str]()

    def enroll(self: Any, restore: Any, header: Header, first: int) -> Any:
        if restore.id in begun:
            return MembersEnrolled(header.disks, self._clock())
        begun.add(restore.id)
        return real(self, restore, header, first)

    return [(SetSteps, "enroll", enroll)]


def _recall_the_first() -> list[Patch]:
    """Recall one member of a set, and hold that for all."""

    def recall(self: Any, restore: Any, header: Header, reason: Any) -> Any:
        for disk in self._tables.sets.plan(restore.id, header)[:1]:
            self._recalled(restore, disk, reason)
        return Recalled(self._clock())

    return [(SetSteps, "recall", recall)]


def _recall_what_runs() -> list[Patch]:
    """Cancel what has a claim as well."""
    real = endings.may_be_withdrawn

    def may_be(state: Any) -> bool:
        running = type(state).__name__ in ("Triggering", "Restoring", "Running")
        return running or real(state)

    return [(endings, "may_be_withdrawn", may_be)]


def _withdraw_nothing() -> list[Patch]:
    """Acknowledge a withdrawal and do nothing."""

    def withdraw(self: Any, asked: Withdrawal, body: bytes, at: datetime) -> None:  # noqa: ARG001
        return None

    return [(Withdrawals, "withdraw", withdraw)]


def _back_is_completed() -> list[Patch]:
    """Count a disk that was back already as one that came back."""
    real = set_steps._end

    def end(restore: Any, outcome: Any) -> Any:
        told = real(restore, outcome)
        is_back = told.status == "AlreadyBack"
        return replace(told, status=Status.COMPLETED.value) if is_back else told

    return [(set_steps, "_end", end)]


def _whatever_is_back() -> list[Patch]:
    """Take any disk that is back for the one that is wanted, from whenever it is."""

    def is_back(restore: Any, outcome: Any) -> bool:  # noqa: ARG001
        return outcome.problem is not None and outcome.problem.code == "RestoredAlready"

    return [(set_steps, "_is_back", is_back)]


def _do_not_follow() -> list[Patch]:
    """Let a second set of a machine go ahead beside the first."""
    return [(Reservation, "take_whole", lambda *_: None)]


def _believe_a_part() -> list[Patch]:
    """Take an answer of Resource Graph that is not whole for all that there is."""

    def every_page(self: Any, query: str, subscriptions: Sequence[str]) -> list[Row]:
        body = {
            "subscriptions": sorted({one.lower() for one in subscriptions}),
            "query": query,
            "options": {"$top": 1000, "resultFormat": "objectArray"},
        }
        api_version = "2021-03-01"
        path = "/providers/Microsoft.ResourceGraph/resources"
        rows: list[Row] = self._arm.post(path, body, api_version=api_version).body["data"]
        return rows

    return [(ResourceGraph, "_every_page", every_page)]


def _members_first() -> list[Patch]:
    """Call members of sets while somebody waits who asked for one disk."""
    real = turns._waiting

    def waiting(found: Any, turn: Turn) -> Any:
        held = real(found, Turn.ENROLLED)
        return [] if turn is Turn.AWAITED and held else real(found, turn)

    return [(turns, "_waiting", waiting)]


def _any_number_of_turns() -> list[Patch]:
    """Give turns to members whatever ARM takes."""
    return [(quota, "room", lambda *_: 2000)]


def _claim_before_the_token() -> list[Patch]:
    """Save a claim without looking whether ARM takes its POST."""

    def claim(self: Any, restore: Any) -> Any:
        now = self._clock()
        claim_id = f"claim-of-{restore.id}-{now.isoformat()}"
        return TriggerClaimed(Claim(claim_id, now, now + self._lease))

    return [(Performer, "claim", claim)]


def _full_is_failed() -> list[Patch]:
    """End a restore for which its vault had no room at that moment."""
    return [(endings, "is_full", lambda _problem: False)]


def _recall_once() -> list[Patch]:
    """Let a set that has been recalled stay so: who gives a claim back is not looked at again."""
    real = restore.apply

    def apply(state: State, event: Event) -> State:
        after = real(state, event)
        stays = isinstance(after, Gathering) and isinstance(state, Gathering)
        if stays and isinstance(event, StillRunning):
            return replace(after, recalled=state.recalled)
        return after

    return [(restore, "apply", apply)]


SABOTAGES: Final[dict[str, Sabotage]] = {
    "take a part of an answer for all": Sabotage(
        "S2",
        _believe_a_part,
        kinds("sets", "graph-truncated", "graph-miscounts", "machine-forbidden"),
    ),
    "write a set's header before its rows": Sabotage("S2", _header_first, life="a set"),
    "another id for a member each time": Sabotage("S2", _random_ids, life="a set"),
    "ids of members by chance": Sabotage("S2", _ids_by_the_plan, life="a set"),
    "write no end of a member": Sabotage("S1", _no_end, life="a set"),
    "end a set with its first member": Sabotage("S1", _ends_with_the_first, life="a set"),
    "adopt a stranger": Sabotage(
        "S1", _adopt_a_stranger, life="a set with a stranger under a member's id"
    ),
    "recall one member for all": Sabotage("W1", _recall_the_first, life="a set withdrawn at once"),
    "recall what runs": Sabotage(
        "W1", _recall_what_runs, life="a set withdrawn while its disks come back"
    ),
    "recall a set once": Sabotage(
        "I1", _recall_once, life="a set withdrawn in a vault that takes one at a time"
    ),
    "acknowledge a withdrawal and do nothing": Sabotage(
        "I1", _withdraw_nothing, life="a set withdrawn at once"
    ),
    "count what is back as completed": Sabotage(
        "S1", _back_is_completed, life="a set of what is back in part"
    ),
    "take what is back for what is wanted": Sabotage(
        "S1", _whatever_is_back, life="a set of what is back from after its cut-off"
    ),
    "let a second set of a machine go ahead": Sabotage(
        "C1", _do_not_follow, life="two sets of one machine"
    ),
    "members before singles": Sabotage("S3", _members_first, life="a set behind singles, by turns"),
    "turns without a quota": Sabotage(
        "S3", _any_number_of_turns, life="a set within a small quota"
    ),
    "claim before there is a token": Sabotage(
        "S3", _claim_before_the_token, life="a set within a small quota"
    ),
    "end what finds a vault full": Sabotage(
        "I1", _full_is_failed, life="a set in a vault that takes one at a time"
    ),
    "plan a set anew at each try": Sabotage("S2", _plan_anew, life="a set", points=MOST_WORLDS),
    "do not resume an enrolment": Sabotage("S1", _enrol_once, life="a set", points=MOST_WORLDS),
}
