"""What the demo draws, for 80 columns: what matters is folded where it does not fit. Pure."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.table import Column, Table
from rich.text import Text

from local.results_table import status, time_taken
from restorectl.screen import age, name_of, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from local.demo.requests import DemoRequest
    from local.results_table import Row

ENDED = 5
# How far a restore has come in each state, of five.
PROGRESS = {
    "Accepted": 1,
    "Enrolling": 1,
    "Enrolled": 1,
    "Planned": 1,
    "Queued": 1,
    "Ready": 1,
    "Validating": 2,
    "Validated": 3,
    "Triggering": 3,
    "Restoring": 3,
    "Running": 4,
    "Gathering": 4,
    "Confirming": 4,
    "Ending": 4,
}
HALF = 38  # Of 80 columns, where two messages stand side by side.
STATE_WIDTH = 19  # Leaves room for a source and its target on one line of 80 columns.
SENT = "sent"  # What nobody has read yet is.
TYPE = "azure-disk-restore.restore."


@dataclass(frozen=True)
class Standing:
    """Where one request stands; `result` once it has one. A set has a row for each disk, too."""

    request: DemoRequest
    restore: Row
    result: Row | None
    members: Sequence[Row] = field(default=())

    @property
    def row(self) -> Row:
        """What is known of it."""
        return self.result or self.restore

    @property
    def state(self) -> str:
        """The word for it."""
        return str(self.row.get("status", SENT))


def messages(requests: Sequence[DemoRequest]) -> Iterator[Table]:
    """Yield what different senders put on the queue, ids shortened; two side by side."""
    title = "Messages, shortened"
    for begin in range(0, len(requests), 2):
        pair = requests[begin : begin + 2]
        columns = (Column(request.shows, overflow="fold", width=HALF) for request in pair)
        table = table_of(*columns, title=title)
        table.add_row(*(_shortened(request.body) for request in pair))
        yield table
        title = ""


def restores(standings: Sequence[Standing], elapsed: float, now: datetime) -> Table:
    """Return how far each has come: from what to what, how old its point is, how long it takes."""
    table = table_of(
        Column("request", overflow="fold"),
        Column("source → target", overflow="fold"),
        Column("point", no_wrap=True, justify="right"),
        Column("time", no_wrap=True, justify="right"),
        Column("state, or why not", overflow="fold", max_width=STATE_WIDTH),
        title=f"Restores, after {elapsed:.0f} s",
    )
    for standing in standings:
        name, between = standing.request.shows, f"{standing.request.source} → {_target(standing)}"
        table.add_row(*_cells(name, between, standing.row, now))
        for row in standing.members:
            source, target = name_of(row.get("sourceDiskId")), name_of(row.get("targetDiskId"))
            table.add_row(*_cells("", f"{source} → {target}", row, now))
    return table


def line(standing: Standing, elapsed: float) -> str:
    """Return a line for an output that is no terminal."""
    why = f"  {standing.row['errorCode']}" if "errorCode" in standing.row else ""
    return f"{elapsed:5.1f} s  {standing.request.shows:24} {standing.state}{why}"


def events(requests: Sequence[DemoRequest], received: Sequence[dict[str, Any]]) -> Table:
    """Return what a receiver was told of each request, by the sequence of its events."""
    table = table_of(
        Column("request", overflow="fold"),
        Column("origin", overflow="fold"),
        Column("told", overflow="fold"),
        title="Events on the queue restore-events",
    )
    for request in requests:
        own = [event for event in received if event["data"].get("requestId") == request.id]
        own.sort(key=lambda event: event["sequence"])
        told = [event["type"].removeprefix(TYPE).removesuffix(".v1") for event in own]
        origins = {event["data"].get("origin", "") for event in own}
        table.add_row(request.shows, ", ".join(sorted(origins)), " → ".join(told))
    return table


def last_event(request: DemoRequest, received: Sequence[dict[str, Any]]) -> str:
    """Return the last event of a request as JSON, "" where there is none."""
    own = [event for event in received if event["subject"] == request.id]
    return json.dumps(max(own, key=lambda event: event["sequence"]), indent=2) if own else ""


def _target(standing: Standing) -> str:
    """Return the new disk's name, or that of the group that was asked for until it is known."""
    return name_of(standing.row.get("targetDiskId")) or standing.request.target


def _cells(name: str, between: str, row: Row, now: datetime) -> tuple[str, str, str, str, Text]:
    point = age(row.get("recoveryPointAgeSeconds"))
    return name, between, point, time_taken(row, now), _state(row)


def _state(row: Row) -> Text:
    shown, word = status(row), str(row.get("status", SENT))
    has_ended = "completedAt" in row
    if has_ended and "errorCode" in row:
        return Text(str(row["errorCode"]), shown.style)
    done = ENDED if has_ended else PROGRESS.get(word, 0)
    return Text(f"{'█' * done}{'░' * (ENDED - done)} {word}", shown.style)


def _shortened(body: str) -> str:
    """Return a message as a person reads it: out of base64, of ids the last part alone."""
    plain = body if body.startswith("{") else base64.b64decode(body).decode()
    return re.sub(r'"/subscriptions/[^"]*/', '"…/', json.dumps(json.loads(plain), indent=1))
