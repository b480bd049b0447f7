"""What the demo shows: each restore's state while it runs, then the results. Reads tables only."""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from azure.data.tables import TableServiceClient

    from local.demo.requests import DemoRequest

LOOK_EVERY = 0.5  # seconds between two looks at the tables.
PLAIN_WIDTH = 120  # columns where the output is no terminal and has no width of its own.
# How far a restore has come in each state, of ten.
PROGRESS = {
    "Accepted": 1,
    "Planned": 2,
    "Queued": 2,
    "Ready": 3,
    "Validating": 4,
    "Validated": 5,
    "Triggering": 6,
    "Restoring": 7,
    "Running": 8,
    "Confirming": 8,
    "Ending": 9,
}
ENDED = 10
TYPE = "azure-disk-restore.restore."
COLOURS = {"Completed": "green", "Validated": "green", "Rejected": "yellow"}
RESULT_COLUMNS = ("request", "status", "took", "point's age", "target disk")

Row = dict[str, Any]


class TimeIsUpError(RuntimeError):
    """Not every request had a result in time."""


@dataclass(frozen=True)
class Standing:
    """Where one request stands; `result` once it has one."""

    request: DemoRequest
    state: str
    result: Row | None

    @property
    def progress(self) -> int:
        """How far it has come, of ten."""
        return ENDED if self.result else PROGRESS.get(self.state, 0)


class Board:
    """Follows a set of requests through the app's tables."""

    def __init__(self, tables: TableServiceClient, requests: Sequence[DemoRequest]) -> None:
        self._tables = tables
        self._requests = requests
        self._console = Console()
        if not self._console.is_terminal:
            self._console = Console(width=PLAIN_WIDTH)
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, highlight=False)

    def show_messages(self, requests: Sequence[DemoRequest]) -> None:
        """Print what different senders put on the queue, side by side, ids shortened."""
        table = Table(*(request.shows for request in requests), title="Messages, shortened")
        table.add_row(*(_shortened(request.body) for request in requests))
        self._console.print(table)

    def watch(self, seconds: float) -> list[Standing]:
        """Show how the requests go until all have results; raise TimeIsUpError if they do not."""
        if self._console.is_terminal:
            standings = self._watch_live(seconds)
        else:
            standings = self._watch_plainly(seconds)
        missing = [s.request.id for s in standings if s.result is None]
        if missing:
            raise TimeIsUpError(f"No result after {seconds:.0f} s: {', '.join(missing)}")
        return standings

    def show_results(self, standings: Sequence[Standing]) -> None:
        """Print the result rows, then the reason and the advice of each that ended badly."""
        table = Table(*RESULT_COLUMNS, title="RestoreResults")
        for standing in standings:
            row = standing.result or {}
            status = str(row.get("status"))
            table.add_row(
                standing.request.shows,
                Text(status, COLOURS.get(status, "red")),
                _duration(row.get("durationSeconds")),
                _duration(row.get("recoveryPointAgeSeconds")),
                str(row.get("targetDiskId", "")).rpartition("/")[2],
            )
        self._console.print(table)
        for standing in standings:
            self._show_reason(standing)

    def show_events(self, events: Sequence[dict[str, Any]]) -> None:
        """Print what a receiver was told of each request, by the sequence of its events."""
        table = Table("request", "origin", "told", title="Events on the queue restore-events")
        for request in self._requests:
            own = [event for event in events if event["data"].get("requestId") == request.id]
            own.sort(key=lambda event: event["sequence"])
            told = [event["type"].removeprefix(TYPE).removesuffix(".v1") for event in own]
            origins = {event["data"].get("origin", "") for event in own}
            table.add_row(request.shows, ", ".join(sorted(origins)), " → ".join(told))
        self._console.print(table)
        ends = [event for event in events if event["subject"] == self._requests[0].id]
        if ends:
            last = max(ends, key=lambda event: event["sequence"])
            self._console.print("\nThe last of the first, whole:", style="bold")
            self._console.print(json.dumps(last, indent=2), highlight=False, soft_wrap=True)

    def _show_reason(self, standing: Standing) -> None:
        row = standing.result or {}
        if "errorCode" not in row:
            return
        reason = Text.assemble(
            (f"\n{standing.request.shows}: ", "bold"),
            f"{row['errorCode']}\n{row.get('errorMessage', '')}",
        )
        if action := row.get("recommendedAction"):
            reason.append(f"\nWhat to do: {action}", "italic")
        self._console.print(reason, soft_wrap=True)  # so that a command can be copied whole

    def _watch_live(self, seconds: float) -> list[Standing]:
        with Live(console=self._console, auto_refresh=False) as live:
            for standings in self._standings(seconds):
                live.update(self._picture(standings), refresh=True)
        return standings

    def _watch_plainly(self, seconds: float) -> list[Standing]:
        told: dict[str, str] = {}
        for standings in self._standings(seconds):
            for standing in standings:
                if told.get(standing.request.id) != standing.state:
                    told[standing.request.id] = standing.state
                    elapsed = time.monotonic() - self._began
                    self.say(f"{elapsed:5.1f} s  {standing.request.shows:24} {standing.state}")
        return standings

    def _standings(self, seconds: float) -> Iterator[list[Standing]]:
        """Look again and again until all have ended or the time is up."""
        deadline = time.monotonic() + seconds
        while True:
            standings = self._look()
            yield standings
            if all(s.result for s in standings) or time.monotonic() > deadline:
                return
            time.sleep(LOOK_EVERY)

    def _look(self) -> list[Standing]:
        restores = {row["requestId"]: row for row in self._rows("Restores")}
        results = {row["requestId"]: row for row in self._rows("RestoreResults")}
        return [
            Standing(
                request,
                str(
                    (results.get(request.id) or restores.get(request.id, {})).get("status", "sent")
                ),
                results.get(request.id),
            )
            for request in self._requests
        ]

    def _rows(self, table: str) -> list[Row]:
        try:
            return [dict(row) for row in self._tables.get_table_client(table).list_entities()]
        except ResourceNotFoundError:
            return []  # The app creates its tables in its first tick.

    def _picture(self, standings: Sequence[Standing]) -> Table:
        elapsed = time.monotonic() - self._began
        table = Table("request", "state", "progress", title=f"Restores, after {elapsed:.0f} s")
        for standing in standings:
            colour = COLOURS.get(standing.state, "red") if standing.result else "cyan"
            bar = "█" * standing.progress + "░" * (ENDED - standing.progress)
            table.add_row(standing.request.shows, Text(standing.state, colour), Text(bar, colour))
        return table


def _shortened(body: str) -> str:
    """Return a message as a person reads it: out of base64, of ids the last part alone."""
    plain = body if body.startswith("{") else base64.b64decode(body).decode()
    return re.sub(r'"/subscriptions/[^"]*/', '"…/', json.dumps(json.loads(plain), indent=1))


def _duration(seconds: object) -> str:
    if not isinstance(seconds, int | float):
        return ""
    hours, rest = divmod(int(seconds), 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {left:02} s" if minutes else f"{left} s"
