"""`doctor`: could an operator do something from here, and does the app do anything at all?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import typer
from rich.table import Column
from rich.text import Text

from restore_core.contract.queue_names import REQUESTS
from restore_core.contract.resource_ids import BackupInstanceId
from restore_core.reading.wanted import Which, until_now
from restore_core.text import utc_text
from restorectl import options, screen
from restorectl.exits import Exit, Trouble
from restorectl.screen import Format
from restorectl.session import Session, explained, opened
from restorectl.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

_LATE: Final = timedelta(minutes=3)
"""A tick comes every 30 s and begins nothing after two minutes: what is later, nobody takes."""
_RECENT: Final = timedelta(days=30)
_DOES_NOT_RUN: Final = (
    "Does the app run? Its own doctor says what it lacks: GET /api/doctor, or its log."
)


@dataclass(frozen=True)
class Check:
    """One look."""

    name: str
    outcome: str
    """ok, failed or skipped."""
    found: str
    action: str = ""


def doctor(account: options.Account = "", *, output: options.Output = Format.TABLE) -> None:
    """Look at the account, the queues, the vault and the app's pulse, from where you are."""
    session = opened(account)
    checks = [_taken(name, look, session) for name, look in _looks()]
    if output is Format.JSON:
        ok = all(check.outcome != "failed" for check in checks)
        screen.print_json({"ok": ok, "checks": [vars(check) for check in checks]})
    else:
        _print(checks)
    if any(check.outcome == "failed" for check in checks):
        raise typer.Exit(Exit.BADLY)


def _looks() -> Iterator[tuple[str, Callable[[Session], Check]]]:
    yield "account", lambda s: _ok(f"{s.account.name}, as {s.account.source} says.")
    yield "results", _results
    yield "what runs", _pulse
    yield "queue of requests", unread
    yield "poison queues", _poison
    yield "vault", _vault


def _ok(found: str) -> Check:
    return Check("", "ok", found)


def _taken(name: str, look: Callable[[Session], Check], session: Session) -> Check:
    try:
        with explained():
            check = look(session)
    except Trouble as trouble:
        return Check(name, "failed", trouble.text, trouble.remedy)
    return Check(name, check.outcome, check.found, check.action)


def _results(session: Session) -> Check:
    now = session.clock()
    told = session.reading.summary(now - timedelta(days=1), now, now)
    return _ok(f"{told['total']} ended in the last day: {screen.counts(told['counts'])}.")


def _pulse(session: Session) -> Check:
    now = session.clock()
    rows = session.tables.schedule.all()
    if not rows:
        return Check("", "skipped", "Nothing is under way, by which the app's pulse could be felt.")
    late = [row for row in rows if row.due < now - _LATE]
    if not late:
        under_way = counted(len(rows), "is under way", "are under way")
        return _ok(f"{under_way}, no step is overdue.{_past_the_end(session, now)}")
    first = min(late, key=lambda row: row.due)
    overdue = counted(len(late), f"of {len(rows)} is overdue", f"of {len(rows)} are overdue")
    ago = screen.duration((now - first.due).total_seconds())
    found = f"{overdue}, the first {first.request_id}: since {utc_text(first.due)}, for {ago}."
    return Check("", "failed", found, _DOES_NOT_RUN)


def _past_the_end(session: Session, now: datetime) -> str:
    """Return how many take longer than their vaults' last ones did: slow, but that is no fault."""
    items = session.reading.restores(until_now(now, now, Which.OPEN), now).items
    ends = [screen.time_of(item.get("lateFrom") or item.get("expectedEnd")) for item in items]
    late = sum(1 for end in ends if end and end < now)
    if not late:
        return ""
    return f" {counted(late, 'takes', 'take')} longer than expected: restorectl ls --open."


def unread(session: Session) -> Check:
    """Look whether anybody takes what is on the queue; raise Unavailable."""
    waiting = session.waiting()
    if not waiting:
        return _ok("No message waits.")
    now = session.clock()
    found = counted(waiting, "message waits", "messages wait")
    inserted = [one.inserted_on for one in session.peeked(REQUESTS) if one.inserted_on]
    if not inserted:
        return _ok(f"{found}, each in the hands of the app.")
    oldest = now - min(inserted)
    found = f"{found}, the oldest for {screen.duration(max(0, oldest.total_seconds()))}."
    return Check("", "failed", found, _DOES_NOT_RUN) if oldest > _LATE else _ok(found)


def _poison(session: Session) -> Check:
    found = session.poisoned()
    if not found:
        return _ok("The host gave up nothing.")
    given_up = counted(len(found), "message is given up", "messages are given up")
    return Check("", "failed", f"{given_up}.", "restorectl poison ls")


def _vault(session: Session) -> Check:
    """Read the points of the disk that was restored last: for that, the caller needs a role."""
    now = session.clock()
    items = session.reading.restores(until_now(now - _RECENT, now), now).items
    ids = [item["backupInstanceId"] for item in items if "backupInstanceId" in item]
    if not ids:
        return Check("", "skipped", "No restore of the last 30 days names a vault.")
    instance = BackupInstanceId.parse(ids[0])
    points = session.vault.points(instance)
    return _ok(f"{screen.name_of(instance.vault)} can be read: {len(points)} points of one disk.")


def _print(checks: list[Check]) -> None:
    table = screen.table_of(
        Column("", no_wrap=True), Column("looked at", overflow="fold"), Column("", overflow="fold")
    )
    colours = {"ok": "green", "failed": "red", "skipped": "dim"}
    for check in checks:
        action = f"\n{check.action}" if check.action else ""
        mark = Text(check.outcome, colours[check.outcome])
        table.add_row(mark, check.name, Text(check.found + action))
    screen.console().print(table)
