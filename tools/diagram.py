"""Draws the life of a restore from the code: `python -m tools.diagram` writes docs/lifecycle.md.

Nothing is copied by hand: every sample state meets every sample event in `apply`, and what follows
is what the page shows. An event that cannot follow raises there, and its line is absent here.
`--check` writes nothing and fails when the page is out of date.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from restore_core.contract.resource_ids import (
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    JobId,
    RecoveryPointId,
    ResourceGroupId,
)
from restore_core.errors import Problem
from restore_core.lifecycle import events, pace, set_events, states
from restore_core.lifecycle.debts import owed
from restore_core.lifecycle.sets import Header, Tally
from restore_core.lifecycle.states import Claim, Operation, Outcome, Plan, Wait
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.transitions import ImpossibleEvent, apply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restore_core.lifecycle.events import Event
    from restore_core.lifecycle.states import State

PAGE: Final = Path(__file__).parent.parent / "docs" / "lifecycle.md"

T0: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
"""When each sample state was entered; what happens next happens a minute later."""
NEXT: Final = T0 + timedelta(minutes=1)
LATE: Final = T0 + pace.OPERATION_PATIENCE + pace.GUARD
"""So late that every patience is over."""

Row = tuple[str, dict[str, list[str]]]
"""An event, and for each state that follows it the forms of the state in which it does."""

GROUP: Final = ResourceGroupId("00000000-0000-0000-0000-000000000001", "rg")
CLAIM: Final = Claim("claim", T0, NEXT + timedelta(minutes=20))
PLAN: Final = Plan(
    instance=BackupInstanceId(BackupVaultId(GROUP, "vault"), "instance"),
    source=DiskId(GROUP, "source"),
    region="westeurope",
    target=DiskId(GROUP, "target"),
    point=RecoveryPointId("point"),
    point_time=T0,
    snapshot_group=None,
    validate_only=False,
)
VALIDATE_ONLY: Final = replace(PLAN, validate_only=True)
CLAIMED: Final = replace(PLAN, claims=(CLAIM,))
JOB: Final = JobId("job")
OPERATION: Final = Operation("https://example.invalid/operation", T0)
SOME: Final = Problem("SomeCode", "some reason")
TRANSIENT: Final = Problem("CloudInternalError", "try again")
FULL: Final = Problem("UserErrorMaxConcurrentOperationLimitReached", "too many at once")
EXISTS: Final = Problem("UserErrorSameNameDiskAlreadyExists", "the disk exists")
REJECTED: Final = Outcome(Status.REJECTED, T0, SOME)
FAILED: Final = Outcome(Status.FAILED, T0, SOME)
GAVE_UP: Final = Outcome(Status.TIMED_OUT, T0, SOME)

HEADER: Final = Header("attempt", 2, 2, validate_only=False)
TALLY: Final = Tally(2, 2, ())

_NOW: Final = Wait(T0)
_MISSED: Final = Wait(T0, pace.GONE_LIMIT - 1, gone=pace.GONE_LIMIT - 1, unread_since=T0)

# A state in each form in which it behaves differently, with the words that say which form it is.
SAMPLES: Final[Sequence[tuple[str, State]]] = (
    ("", states.Accepted(_NOW)),
    ("", states.Enrolled(_NOW)),
    ("", states.Enrolling(HEADER, _NOW)),
    ("", states.Gathering(HEADER, _NOW)),
    ("withdrawn", states.Gathering(HEADER, _NOW, SOME)),
    ("", states.Planned(PLAN, _NOW)),
    ("", states.Following("another", _NOW)),
    ("", states.Queued(PLAN, _NOW)),
    ("already validated", states.Queued(PLAN, _NOW, validated=True)),
    ("", states.Retrying(PLAN, _NOW)),
    ("already validated", states.Retrying(PLAN, _NOW, validated=True)),
    ("validateOnly", states.Retrying(VALIDATE_ONLY, _NOW)),
    ("", states.Ready(PLAN, _NOW)),
    ("validateOnly", states.Ready(VALIDATE_ONLY, _NOW)),
    ("after a claim", states.Ready(CLAIMED, _NOW)),
    ("", states.Validating(PLAN, OPERATION, _MISSED)),
    ("validateOnly", states.Validating(VALIDATE_ONLY, OPERATION, _MISSED)),
    ("after a claim", states.Validating(CLAIMED, OPERATION, _MISSED)),
    ("", states.Validated(PLAN, _NOW)),
    ("after an earlier claim", states.Validated(CLAIMED, _NOW)),
    ("", states.Triggering(CLAIMED, _NOW)),
    ("", states.Restoring(CLAIMED, OPERATION, _MISSED)),
    ("", states.Running(CLAIMED, JOB, _NOW)),
    ("after a refusal", states.Confirming(CLAIMED, REJECTED, _NOW)),
    ("after a failed operation", states.Confirming(CLAIMED, FAILED, _NOW)),
    ("", states.Ending(REJECTED, PLAN)),
    ("a job may still run", states.Ending(GAVE_UP, CLAIMED, LATE)),
    ("", states.Guarding(GAVE_UP, CLAIMED, LATE, _NOW)),
    ("its job is known", states.Guarding(replace(GAVE_UP, job=JOB), CLAIMED, LATE, _NOW)),
    ("", states.Ended(REJECTED, PLAN)),
)

# An event in each form that a state may answer differently.
HAPPENINGS: Final[Sequence[tuple[str, Event]]] = (
    ("", events.Prepared(PLAN, NEXT)),
    ("validateOnly", events.Prepared(VALIDATE_ONLY, NEXT)),
    ("", set_events.SetPlanned(HEADER, NEXT)),
    ("some", set_events.MembersEnrolled(1, NEXT)),
    ("the last", set_events.MembersEnrolled(HEADER.disks, NEXT)),
    ("", set_events.Recalled(NEXT)),
    ("", set_events.SetEnded(Status.COMPLETED, TALLY, None, NEXT)),
    ("", events.Withdrawn(SOME, NEXT)),
    ("", events.LeaderFound("another", NEXT)),
    ("", events.LeaderFailed(NEXT, was_tried=True)),
    ("", events.Reserved(NEXT)),
    ("", events.TurnAwaited(NEXT)),
    ("", events.TurnCame(NEXT)),
    ("", events.Requeued(NEXT)),
    ("", events.HeldBack(LATE, NEXT)),
    ("", events.OperationStarted(OPERATION, None, NEXT)),
    ("", events.ValidationSucceeded(NEXT)),
    ("", events.ValidationFailed(SOME, NEXT)),
    ("a transient code", events.ValidationFailed(TRANSIENT, NEXT)),
    ("the disk exists", events.ValidationFailed(EXISTS, NEXT)),
    ("", events.TriggerClaimed(CLAIM)),
    ("", events.TriggerNotTaken(SOME, None, NEXT)),
    ("", events.TriggerUnanswered(SOME, NEXT)),
    ("", events.JobNamed(JOB, NEXT)),
    ("", events.JobNotFound(NEXT, NEXT)),
    ("believed by now", events.JobNotFound(LATE, LATE)),
    ("", events.SearchUnfinished(LATE, None)),
    ("", events.JobNotSeen(NEXT, None)),
    ("", events.OperationFailed(SOME, NEXT)),
    ("the disk exists", events.OperationFailed(EXISTS, NEXT)),
    ("the vault is full", events.OperationFailed(FULL, NEXT)),
    *(
        (str(end), events.JobEnded(end, str(end), NEXT, None))
        for end in (
            Status.COMPLETED,
            Status.COMPLETED_WITH_WARNINGS,
            Status.FAILED,
            Status.CANCELLED,
        )
    ),
    (
        "a transient code, for the first time",
        events.JobEnded(Status.FAILED, "Failed", NEXT, TRANSIENT),
    ),
    ("", events.StillRunning(NEXT)),
    ("for too long", events.StillRunning(LATE)),
    ("", events.Unanswered(SOME, NEXT)),
    ("no such operation, three times", events.Unanswered(SOME, NEXT, gone=True)),
    ("for too long", events.Unanswered(SOME, LATE)),
    ("", events.Refused(SOME, NEXT)),
    ("the disk exists", events.Refused(EXISTS, NEXT)),
    ("a transient code", events.Refused(TRANSIENT, NEXT)),
    ("the vault is full", events.Refused(FULL, NEXT)),
    ("", events.AgeReached(NEXT)),
    ("", events.Lapsed(NEXT)),
    ("", events.Settled(NEXT)),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or say whether it is up to date."""
    parser = argparse.ArgumentParser(prog="python -m tools.diagram", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the page is out of date")
    drawn = page()
    if not parser.parse_args(arguments).check:
        PAGE.write_text(drawn, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == drawn:
        return 0
    print(f"{PAGE.name} is out of date: run `python -m tools.diagram`.", file=sys.stderr)  # noqa: T201
    return 1


def page() -> str:
    """Return the whole page."""
    known = {_name(state) for _, state in SAMPLES} | {_name(event) for _, event in HAPPENINGS}
    named = {kind.__name__ for kind in (*get_args(states.State), *get_args(events.Event))}
    if known != named:
        raise AssertionError(f"without a sample: {sorted(named - known)}")
    return "\n".join([*_HEAD, *_diagram(), *_MIDDLE, *_states(), *_BETWEEN, *_transitions(), ""])


def _diagram() -> list[str]:
    """Return the state diagram: changes of state only; of which outcome, the tables tell."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for name, rows in _rows().items():
        for label, follows in rows:
            if label in (events.AgeReached.__name__, events.Lapsed.__name__):
                continue
            leads_apart = len({after.partition(":")[0] for after in follows}) > 1
            for after, forms in follows.items():
                there = after.partition(":")[0]
                only = f" [{forms[0]}]" if leads_apart and forms[0] else ""
                if there != name:
                    arrows.setdefault((name, there), []).append(label + only)
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> Accepted"]
    for (here, there), labels in arrows.items():
        told = [
            one for one in dict.fromkeys(labels) if one == _plain(one) or _plain(one) not in labels
        ]
        lines.append(f"    {here} --> {there}: {'<br/>'.join(told)}")
    return [*lines, "    Ended --> [*]", "```"]


def _states() -> list[str]:
    rows = ["| state | what it means | what it owes |", "| --- | --- | --- |"]
    kinds = list(dict.fromkeys(type(state) for _, state in SAMPLES))
    for kind in kinds:
        debts = [
            (said, effect)
            for said, state in SAMPLES
            if type(state) is kind and (effect := owed(state, NEXT)) is not None
        ]
        by_name: dict[str, list[str]] = {}
        for said, effect in debts:
            by_name.setdefault(f"`{_name(effect)}`: {_meaning(type(effect))}", []).append(said)
        owes = "<br/>".join(
            text if len(by_name) == 1 or not said[0] else f"{said[0]}: {text}"
            for text, said in by_name.items()
        )
        rows.append(f"| `{kind.__name__}` | {_meaning(kind)} | {owes or 'nothing'} |")
    return rows


def _transitions() -> list[str]:
    """Return one table for each state: the event, and the state that follows it."""
    lines: list[str] = []
    for name, rows in _rows().items():
        lines += ["", f"### {name}", ""]
        if not rows:
            lines.append("No event can follow.")
            continue
        lines += ["| event | next state |", "| --- | --- |"]
        lines += [f"| {label} | {_next(follows)} |" for label, follows in rows]
    return lines


def _rows() -> dict[str, Sequence[Row]]:
    """Return for each state what follows each event, by the form of the state."""
    told: dict[str, dict[str, dict[str, list[str]]]] = {_name(state): {} for _, state in SAMPLES}
    for form, state, said, event, after in _pairs():
        follows = told[_name(state)].setdefault(_label(event, said), {})
        follows.setdefault(_ending(after), []).append(form)
    return {name: _shorter(list(rows.items())) for name, rows in told.items()}


def _shorter(rows: Sequence[Row]) -> Sequence[Row]:
    """Leave out a special form of an event that is answered as the plain one is, or as all are."""
    answers: dict[str, list[dict[str, list[str]]]] = {}
    for label, follows in rows:
        answers.setdefault(_plain(label), []).append(follows)
    short: dict[str, dict[str, list[str]]] = {}
    plain = {label for label, _ in rows}
    for label, follows in rows:
        event, first = _plain(label), answers[_plain(label)][0]
        follow_all = event in plain or len(answers[event]) == _forms(event)
        if follow_all and all(other == first for other in answers[event]):
            short[event] = follows
        elif label == event or event not in plain or follows != first:
            short[label] = follows
    return list(short.items())


def _forms(event: str) -> int:
    """Return how many forms of an event were tried."""
    return sum(_name(one) == event for _, one in HAPPENINGS)


def _plain(label: str) -> str:
    """Return the event of a label without its form."""
    return label.partition(" (")[0]


def _next(follows: dict[str, list[str]]) -> str:
    """Return what follows, by the form of the state where the forms differ."""
    if len(follows) == 1:
        return f"`{next(iter(follows))}`"
    return "; ".join(
        f"`{after}`" if not forms[0] else f"{' or '.join(forms)}: `{after}`"
        for after, forms in follows.items()
    )


def _pairs() -> list[tuple[str, State, str, Event, State]]:
    """Return every pair of samples that can follow each other, with what follows."""
    found = []
    for form, state in SAMPLES:
        for said, event in HAPPENINGS:
            try:
                found.append((form, state, said, event, apply(state, event)))
            except ImpossibleEvent:
                continue
    return found


def _ending(state: State) -> str:
    """Return the state's name, with the outcome where one has been decided just now."""
    if isinstance(state, states.Ending):
        return f"Ending: {state.outcome.status}"
    return _name(state)


def _label(event: Event, said: str) -> str:
    return f"{_name(event)} ({said})" if said else _name(event)


def _name(value: object) -> str:
    return type(value).__name__


def _meaning(kind: type) -> str:
    return " ".join((inspect.getdoc(kind) or "").split())


_HEAD: Final = (
    "# The life of a restore",
    "",
    "Generated from `lifecycle/transitions.py` by `python -m tools.diagram`; do not edit.",
    "Every state met every event to make this page: what is not here cannot follow, and raises.",
    "",
    "`AgeReached` and `Lapsed` are left out of the picture: the one can follow in every state of a",
    "disk's restore that still waits for something, the other in those before the restore is asked",
    "for; both lead to `Ending`, and `Lapsed` after a claim to `Confirming`.",
    "",
)
_MIDDLE: Final = (
    "",
    "## The states",
    "",
    "The state is the to-do list: what it owes can be asked again after any crash, by anybody.",
    "Before the time at which a state wants to be looked at, it owes nothing.",
    "",
)
_BETWEEN: Final = (
    "",
    "## What follows what",
    "",
    "Words in brackets tell in which form the event came;",
    "a special form is listed only where it leads elsewhere than the plain one.",
    "Words before a state tell in which form the state was.",
)


if __name__ == "__main__":
    sys.exit(main())
