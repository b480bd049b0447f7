"""An account with restores for an operator, on Azurite, and restorectl as it is called there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restore_core.azure import clients
from restore_core.azure.queues import AccountQueues
from restore_core.azure.tables.account import AccountTables
from restore_core.connection import StorageConnection
from restore_core.lifecycle.states import Ended, Ending, Wait
from restore_core.lifecycle.status import Status
from restorectl.app import run
from tests.builders import (
    A_JOB,
    a_claimed_plan,
    a_refused_message,
    a_restore,
    an_outcome,
    every_state,
)

if TYPE_CHECKING:
    import pytest

    from restore_core.lifecycle.restore import Restore

PROGRAM = str(Path(sys.executable).with_name("restorectl"))
LONG_ID = "INC0012345-disk-of-the-accounting-database-on-the-second-node-2026"


@dataclass
class Operated:
    """An account, and what an operator finds there."""

    connection_string: str
    now: datetime

    def __post_init__(self) -> None:
        connection = StorageConnection(connection_string=self.connection_string)
        self.table_service = clients.tables(connection)
        self.queue_service = clients.queues(connection)
        self.store = AccountTables(self.table_service)
        self.queues = AccountQueues(self.queue_service)

    def begin(
        self, request_id: str, state: str = "Running", ago: float = 60, wait: Wait | None = None
    ) -> Restore:
        """Have a restore under way, accepted so many seconds ago."""
        made = self._accepted(a_restore(every_state(wait)[state], requestId=request_id), ago)
        self.store.restores.record(made)
        self.store.schedule.put(made, self.now)
        return made

    def end(
        self,
        request_id: str,
        status: Status = Status.COMPLETED,
        ago: float = 3600,
        asked: dict[str, Any] | None = None,
        **outcome: Any,
    ) -> None:
        """Have a restore that ended, five minutes after it was accepted."""
        at = self.now - timedelta(seconds=ago - 300)
        ended = an_outcome(status, at=at, **{"job": A_JOB, **outcome})
        plan = a_claimed_plan() if asked is None else None
        ending = a_restore(Ending(ended, plan), **{"requestId": request_id, **(asked or {})})
        restore = self._accepted(ending, ago)
        done = replace(restore, state=Ended(ended, restore.plan))
        done = replace(done, outbox=replace(done.outbox, pending=()))
        self.store.restores.record(done)
        self.store.results.write(restore, ended)

    def refuse(self, body: bytes, request_id: str = "", at: datetime | None = None) -> None:
        """Have a message that never became a restore."""
        at = at or self.now
        message = a_refused_message(body, request_id=request_id, inserted_at=at, at=at)
        self.store.results.write_refused(message)

    def _accepted(self, restore: Restore, ago: float) -> Restore:
        at = self.now - timedelta(seconds=ago)
        steps = ("Planned", "Ready", "Validating", "Validated", "Triggering", "Running")
        moments = {name: at + timedelta(seconds=n) for n, name in enumerate(steps)}
        return replace(
            restore,
            accepted_at=at,
            requested_at=at,
            deadline=at + timedelta(hours=48),
            moments=dict(reversed(moments.items())),
            state=_planned_at(restore.state, at),
        )

    def requests(self) -> list[dict[str, Any]]:
        """Return the messages that were sent."""
        queue = self.queue_service.get_queue_client("restore-requests")
        return [json.loads(message.content) for message in queue.peek_messages(max_messages=32)]

    def ids(self, table: str) -> set[str]:
        rows = self.table_service.get_table_client(table).list_entities()
        return {row.get("requestId") or row["RowKey"] for row in rows}


def _planned_at(state: Any, at: datetime) -> Any:
    if getattr(state, "plan", None) is None:
        return state
    return replace(state, plan=replace(state.plan, point_time=at - timedelta(hours=10)))


@dataclass
class Told:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def widest(self) -> int:
        return max((len(line) for line in self.out.splitlines()), default=0)


class Ctl:
    """restorectl, as the console script calls it, in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *words: str, columns: int = 120) -> Told:
        self._monkeypatch.setenv("COLUMNS", str(columns))
        self._capsys.readouterr()
        code = run(words)
        captured = self._capsys.readouterr()
        return Told(int(code), captured.out, captured.err)


def program(*words: str, **environment: str) -> Told:
    """Run the console script itself, without a terminal."""
    done = subprocess.run(  # noqa: S603 - our own program.
        [PROGRAM, *words],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return Told(done.returncode, done.stdout, done.stderr)


def utc_now() -> datetime:
    return datetime.now(UTC)
