"""What storage and the simulated Azure show of a run, and whether it is as it must be."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient, TableServiceClient
from azure.storage.queue import QueueClient, QueueServiceClient

from local.chaos.lateness import Lateness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.data.tables import TableEntity

QUEUES = (
    "restore-requests",
    "restore-steps",
    "restore-requests-poison",
    "restore-steps-poison",
)
NEVER = datetime.max.replace(tzinfo=UTC)
NAME = "chaos-"
EMPTY_TABLES = ("OutstandingRestores", "TargetLocks")


class Ledger:
    """Reads what a run has left."""

    def __init__(self, connection_string: str) -> None:
        self._tables = TableServiceClient.from_connection_string(connection_string)
        self._queues = QueueServiceClient.from_connection_string(connection_string)

    def queue(self, name: str) -> QueueClient:
        """Return a queue."""
        return self._queues.get_queue_client(name)

    def table(self, name: str) -> TableClient:
        """Return a table."""
        return self._tables.get_table_client(name)

    def states(self) -> Counter[str]:
        """Return how many restores are in which state."""
        rows = self.table("Restores").list_entities()
        return Counter(str(row["status"]) for row in rows if _is_ours(row["requestId"]))

    def results(self) -> int:
        """Return how many have ended of those that were sent."""
        rows = self.table("RestoreResults").list_entities(select=["RowKey"])
        return sum(_is_ours(row["RowKey"]) for row in rows)

    def left_over(self) -> dict[str, int]:
        """Return what still holds something: queues with what is hidden there, and tables."""
        held = {name: self._count(name) for name in EMPTY_TABLES}
        for name in QUEUES:
            held[name] = self._messages(name)
        return {name: number for name, number in held.items() if number}

    def lateness(self) -> list[Lateness]:
        """Return how late each restore was."""
        rows = self.table("RestoreResults").list_entities()
        found = [Lateness.of(row, row.metadata["timestamp"] or NEVER) for row in rows]
        return sorted((each for each in found if each), key=lambda each: each.restore)

    def judge(self, wanted: set[str], report: Mapping[str, Any], did: Counter[str]) -> list[str]:
        """Say what is wrong; count in `did` what was seen."""
        rows = list(self.table("RestoreResults").list_entities())
        wrong = [*_judge_rows(rows, wanted), *_judge_jobs(report)]
        wrong += [f"{where} still holds {n}" for where, n in self.left_over().items()]
        wrong += self._judge_events(wanted, did)
        did["results"], did["jobs"] = len(rows), len(report["jobs"])
        return wrong

    def _judge_events(self, wanted: set[str], did: Counter[str]) -> list[str]:
        """Say what is wrong with what was told: each restore to its end, without a gap."""
        received = self.queue("restore-events").receive_messages(
            messages_per_page=32, visibility_timeout=600
        )
        events = [json.loads(str(message.content)) for message in received]
        told: dict[str, set[int]] = {name: set() for name in wanted}
        for event in events:
            told[event["subject"]].add(int(event["sequence"]))
        ends = {event["subject"] for event in events if ".completed." in event["type"]}
        did["events"] = len(events)
        gaps = [name for name, seen in told.items() if seen != set(range(1, len(seen) + 1))]
        return [
            *(f"{name} was not told to its end" for name in sorted(wanted - ends)),
            *(f"{name} was told with a gap: {sorted(told[name])}" for name in sorted(gaps)),
        ]

    def _messages(self, queue: str) -> int:
        try:
            return self.queue(queue).get_queue_properties().approximate_message_count or 0
        except ResourceNotFoundError:  # The poison queues may not have been needed.
            return 0

    def _count(self, table: str) -> int:
        return sum(1 for _ in self.table(table).list_entities(select=["RowKey"]))


def _is_ours(request_id: str) -> bool:
    return request_id.startswith(NAME)


def _judge_rows(rows: list[TableEntity], wanted: set[str]) -> list[str]:
    results = Counter(str(row["RowKey"]) for row in rows)
    return [
        *(f"{name} has no result" for name in sorted(wanted - set(results))),
        *(f"a result of {name}, which nobody sent" for name in set(results) - wanted),
        *(f"{name} has {n} results" for name, n in results.items() if n > 1),
        *(
            f"{row['RowKey']} ended {row['status']}: {row.get('errorMessage')}"
            for row in rows
            if row["status"] != "Completed"
        ),
    ]


def _judge_jobs(report: Mapping[str, Any]) -> list[str]:
    jobs = Counter(job["target"].lower() for job in report["jobs"])
    return [
        *(f"{target} was restored {n} times" for target, n in jobs.items() if n > 1),
        *(a for a in report["accusations"] if "a second restore" in a),
    ]
