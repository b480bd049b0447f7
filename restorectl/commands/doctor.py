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
from restore_core.reading.wanted import until_now
from restore_core.text import utc_text
from restorectl import options, screen
from restorectl.exits import Exit, Trouble
from restorectl.screen import Format
from restorectl.session import Session, explained, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LATE: Final = timedelta(minutes=10)
"""A tick comes every 30 s, and a function lives five minutes: who is later does not come."""
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
    yield "queue of requests", _queue
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
    late = [row for row in rows if row.due < now - _LATE]
    if not late:
        return _ok(f"{len(rows)} are under way, none is overdue.")
    first = min(late, key=lambda row: row.due)
    found = (
        f"{len(late)} of {len(rows)} are overdue, {first.request_id} since {utc_text(first.due)}."
    )
    return Check("", "failed", found, _DOES_NOT_RUN)


def _queue(session: Session) -> Check:
    waiting = session.waiting()
    oldest = session.peeked(REQUESTS) if waiting else []
    inserted = [message.inserted_on for message in oldest if message.inserted_on]
    if inserted and min(inserted) < session.clock() - _LATE:
        found = f"About {waiting} messages wait, one since {utc_text(min(inserted))}."
        return Check("", "failed", found, _DOES_NOT_RUN)
    return _ok(f"About {waiting} messages wait." if waiting else "No message waits.")


def _poison(session: Session) -> Check:
    found = session.poisoned()
    if not found:
        return _ok("The host gave up nothing.")
    return Check("", "failed", f"{len(found)} messages are given up.", "restorectl poison ls")


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
