"""Follows the demo's requests through the app's tables; prints how they go. Reads tables only."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError
from rich.live import Live

from local.demo import pictures
from local.demo.pictures import Standing
from local.results_table import print_next_step, print_reason, results_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from azure.data.tables import TableServiceClient
    from rich.console import Console

    from local.demo.requests import DemoRequest
    from local.results_table import Row
    from local.stopping import Stopping

LOOK_EVERY = 0.5  # seconds between two looks at the tables.


class TimeIsUpError(RuntimeError):
    """Not every request had a result in time."""


class Board:
    """Follows a set of requests through the app's tables."""

    def __init__(
        self, tables: TableServiceClient, requests: Sequence[DemoRequest], to: Console
    ) -> None:
        self._tables = tables
        self._requests = requests
        self._console = to
        self._began = time.monotonic()

    def show_messages(self, requests: Sequence[DemoRequest]) -> None:
        """Print what different senders put on the queue, ids shortened."""
        for picture in pictures.messages(requests):
            self._console.print(picture)

    def watch(self, seconds: float, stopping: Stopping) -> list[Standing]:
        """Show how the requests go until all have results; raise TimeIsUpError if they do not."""
        if self._console.is_terminal:
            standings = self._watch_live(seconds, stopping)
        else:
            standings = self._watch_plainly(seconds, stopping)
        missing = [s.request.id for s in standings if s.result is None]
        if missing:
            raise TimeIsUpError(f"No result after {seconds:.0f} s: {', '.join(missing)}")
        return standings

    def show_reasons(self, standings: Sequence[Standing]) -> None:
        """Print the reason and the advice of each that ended badly."""
        for standing in standings:
            print_reason(self._console, standing.request.shows, standing.result or {})

    def show_what_is_next(self, standings: Sequence[Standing]) -> None:
        """Print how the first disk of each set is put where its source was."""
        for standing in standings:
            for member in standing.members[:1]:
                name = f"{standing.request.shows}, one of its disks"
                print_next_step(self._console, name, member)

    def show_events(self, events: Sequence[dict[str, Any]], *, whole: bool) -> None:
        """Print what a receiver was told of each request, and the last of the first whole."""
        self._console.print()
        self._console.print(pictures.events(self._requests, events))
        if not whole:
            self._console.print("One of them whole, as JSON: make demo EVENTS=1\n")
        elif last := pictures.last_event(self._requests[0], events):
            self._console.print("The last of the first, whole:", style="bold")
            self._console.print(f"{last}\n", soft_wrap=True, markup=False)

    def show_results(self, standings: Sequence[Standing]) -> None:
        """Print the result rows."""
        named = [(standing.request.shows, standing.row) for standing in standings]
        self._console.print(results_table(named, datetime.now(UTC)))

    def _watch_live(self, seconds: float, stopping: Stopping) -> list[Standing]:
        with Live(console=self._console, auto_refresh=False) as live:
            for standings in self._standings(seconds, stopping):
                elapsed = time.monotonic() - self._began
                picture = pictures.restores(standings, elapsed, datetime.now(UTC))
                live.update(picture, refresh=True)
        return standings

    def _watch_plainly(self, seconds: float, stopping: Stopping) -> list[Standing]:
        told: dict[str, str] = {}
        for standings in self._standings(seconds, stopping):
            for standing in standings:
                if told.get(standing.request.id) != standing.state:
                    told[standing.request.id] = standing.state
                    elapsed = time.monotonic() - self._began
                    self._console.print(pictures.line(standing, elapsed))
        return standings

    def _standings(self, seconds: float, stopping: Stopping) -> Iterator[list[Standing]]:
        """Look again and again until all have ended or the time is up."""
        deadline = time.monotonic() + seconds
        while True:
            standings = self._look()
            yield standings
            if all(s.result for s in standings) or time.monotonic() > deadline:
                return
            stopping.wait(LOOK_EVERY)

    def _look(self) -> list[Standing]:
        restores = {row["requestId"]: row for row in self._rows("Restores")}
        results = {row["requestId"]: row for row in self._rows("RestoreResults")}
        return [
            Standing(
                request,
                restores.get(request.id, {}),
                results.get(request.id),
                [row for row in (restores | results).values() if row.get("partOf") == request.id],
            )
            for request in self._requests
        ]

    def _rows(self, table: str) -> list[Row]:
        try:
            return [dict(row) for row in self._tables.get_table_client(table).list_entities()]
        except ResourceNotFoundError:
            return []  # The app creates its tables in its first tick.
