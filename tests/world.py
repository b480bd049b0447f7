"""The whole app in one process: its engine, storage in memory, the simulator behind real HTTP.

`run` is the Functions host in virtual time: it goes from one moment at which something is due (a
message that becomes visible, a tick of the timer) to the next. Nothing sleeps.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

import requests

from restore_core.azure.arm import Arm
from restore_core.azure.backup_vault import BackupVault
from restore_core.azure.queues import AccountQueues
from restore_core.azure.tables.account import AccountTables
from restore_core.contract.queue_names import EVENTS, REQUESTS, STEPS
from restore_core.engine.columns import day
from restore_core.engine.engine import Engine
from restore_core.lifecycle.policy import Policy
from restore_core.lifecycle.quota import DOCUMENTED
from restore_core.lifecycle.rules import Rules
from simulator import Pace, Simulator
from tests import builders
from tests.fakes import (
    NOON,
    Io,
    ManualClock,
    MemoryQueues,
    MemoryTables,
    Message,
    OneAfterTheOther,
)

HOST_HIDES = 600  # Seconds the host hides a message while the function runs.
HOST_RETRY = timedelta(minutes=1)  # host.json, visibilityTimeout
MAX_DEQUEUE = 60  # host.json, maxDequeueCount


@dataclass(frozen=True)
class AToken:
    token: str
    expires_on: int


class SimulatorCredential:
    """Asks the simulator's managed-identity endpoint, as DefaultAzureCredential would."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self.fetched = 0

    def get_token(self, *scopes: str) -> AToken:
        self.fetched += 1
        answer = requests.get(
            self._environment["IDENTITY_ENDPOINT"],
            params={"resource": scopes[0].removesuffix("/.default"), "api-version": "2019-08-01"},
            headers={"X-IDENTITY-HEADER": self._environment["IDENTITY_HEADER"]},
            timeout=30,
        ).json()
        return AToken(answer["access_token"], int(answer["expires_on"]))


class World:
    """One deployment of the app and all it talks to."""

    def __init__(
        self,
        *,
        pace: Pace | None = None,
        allow: str = builders.ALLOW,
        start: datetime = NOON,
        tick: timedelta = timedelta(seconds=30),
        phase: timedelta = timedelta(0),
        api_version: str = "2025-07-01",
        rules: dict[str, Any] | None = None,
        **simulator: Any,
    ) -> None:
        self.clock = ManualClock(start)
        self.io = Io()
        self.tables = MemoryTables(self.io)
        self.queues = MemoryQueues(self.io, self.clock)
        self.simulator = Simulator(now=self.clock, pace=pace or Pace(), **simulator)
        self.server = self.simulator.serve()
        self.credential = SimulatorCredential(self.server.environment)
        self.allow = allow
        self.api_version = api_version
        self.rules = rules or {}
        self.tick = tick
        self.next_tick = start + phase
        self.accuse = True
        self.invocations: list[tuple[str, datetime]] = []
        self.engine = self.deploy()

    def deploy(self, **changes: Any) -> Engine:
        """Start another worker on the same storage, as a restart or a second instance does."""
        self.engine = Engine.of(
            tables=AccountTables(self.tables),
            vault=BackupVault(self.arm(), self.clock),
            queues=AccountQueues(self.queues),
            rules=Rules(Policy.parse(self.allow), **{**self.rules, **changes}),
            clock=self.clock,
        )
        return self.engine

    def arm(self) -> Arm:
        return Arm(
            self.server.url,
            self.credential,
            api_version=self.api_version,
            clock=self.clock,
            quota=self.rules.get("quota", DOCUMENTED),
        )

    def __enter__(self) -> Self:
        self.engine.sweep.tick(OneAfterTheOther())
        self.io.calls.clear()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.server.close()
        if kind is None and self.accuse:
            assert self.simulator.accusations == []

    # --------------------------------------------------------------------------------- senders

    def protect(self, name: str = "disk-1", **options: Any) -> str:
        """Have a disk protected in the vault and return its backup instance's id."""
        return self.simulator.protect(name, subscription=builders.SUBSCRIPTION, **options)

    def send(self, body: bytes | None = None, **changes: Any) -> None:
        """Put a message on the queue, a valid request with `changes` where no body is given."""
        if body is None:
            body = builders.message(**changes)
        self.queue(REQUESTS).messages.append(_message(body, self.clock()))

    def restore(self, instance: str, **changes: Any) -> dict[str, Any]:
        """Send a request for `instance`, run until it has ended and return its result row."""
        self.send(backupInstanceId=instance, **changes)
        self.run()
        return self.result(changes.get("requestId", "r1"))

    # ------------------------------------------------------------------------------- the host

    def run(self, *, until: Callable[[], bool] | None = None, **span: float) -> None:
        """Run the host until nothing is outstanding, `until` holds, or `span` has passed."""
        end = self.clock() + (timedelta(**span) if span else timedelta(days=3))
        while self.clock() < end:
            self.deliver()
            if until() if until else (not span and self.is_idle()):
                return
            self.clock.now = min(max(self._next_moment(), self.clock()), end)
            if self.clock() >= self.next_tick:
                self.tick_now()

    def deliver(self) -> None:
        """Call the functions for every message that is visible now."""
        for name, function in ((REQUESTS, self._accept), (STEPS, self._advance)):
            while taken := self.queue(name).take(1, HOST_HIDES):
                self._invoke(name, function, taken[0])

    def tick_now(self) -> None:
        self.next_tick = max(self.next_tick + self.tick, self.clock() + timedelta(seconds=1))
        self.invocations.append(("poll_restores", self.clock()))
        self.engine.sweep.tick(OneAfterTheOther())

    def is_idle(self) -> bool:
        outstanding = self.tables.tables["OutstandingRestores"].rows
        waiting = any(q.messages for name, q in self.queues.queues.items() if name != EVENTS)
        return not outstanding and not waiting

    def _invoke(self, name: str, function: Callable[[Any], None], message: Any) -> None:
        queue = self.queue(name)
        self.invocations.append((name, self.clock()))
        try:
            function(message)
        except Exception:  # noqa: BLE001  the host takes every exception for a failure
            if message.dequeue_count >= MAX_DEQUEUE:
                self.queue(f"{name}-poison").messages.append(
                    _message(message.content.encode(), self.clock())
                )
                queue.drop(message.id, message.pop_receipt)
            else:
                held = next(m for m in queue.messages if m.id == message.id)
                held.visible_at = self.clock() + HOST_RETRY
        else:
            queue.drop(message.id, message.pop_receipt)

    def _accept(self, message: Any) -> None:
        self.engine.intake.accept(
            message.content.encode("utf-8", "surrogateescape"), message.inserted_on
        )

    def _advance(self, message: Any) -> None:
        self.engine.steps.advance(message.content.encode("utf-8", "surrogateescape"))

    def _next_moment(self) -> datetime:
        visible = [m.visible_at for name in (REQUESTS, STEPS) for m in self.queue(name).messages]
        return min([self.next_tick, *visible])

    # ------------------------------------------------------------------------- what is seen

    def queue(self, name: str) -> Any:
        return self.queues.get_queue_client(name)

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self.tables.get_table_client(table).list_entities()

    def result(self, request_id: str = "r1") -> dict[str, Any]:
        """Return the one result row of a request."""
        found = [row for row in self.rows("RestoreResults") if row["RowKey"] == request_id]
        assert len(found) == 1, f"{len(found)} result rows of {request_id}"
        return found[0]

    def refused_message(self) -> dict[str, Any]:
        """Return the one result row of a message that never became a restore."""
        found = [row for row in self.rows("RestoreResults") if "~" in row["RowKey"]]
        assert len(found) == 1
        assert found[0]["PartitionKey"] == day(self.clock())
        return found[0]

    def events(self, request_id: str = "r1") -> list[dict[str, Any]]:
        """Return the events of a request, as a receiver reads them."""
        found = [json.loads(message.content) for message in self.queue(EVENTS).messages]
        return [event for event in found if event["subject"] == request_id]

    def told(self, request_id: str = "r1") -> list[str]:
        """Return the stages that were told of a request, in the order of sending."""
        return [event["type"].split(".")[-2] for event in self.events(request_id)]

    def status(self, request_id: str = "r1") -> str:
        """Return where a restore stands, as its row tells a person."""
        rows = [row for row in self.rows("Restores") if row["PartitionKey"] == request_id]
        return str(rows[0]["status"]) if rows else ""

    def arm_calls(self, method: str = "", part: str = "") -> list[Any]:
        return [c for c in self.simulator.calls if method in c.method and part in c.path]


def _message(body: bytes, now: datetime) -> Any:
    return Message(body.decode("utf-8", "surrogateescape"), now, now)
