"""An ARM client on the simulator: what the adapters' tests share."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from azure.core.exceptions import ClientAuthenticationError

from restore_core.azure.arm import Arm
from restore_core.azure.backup_vault import BackupVault
from restore_core.contract.resource_ids import BackupInstanceId, DiskId, recovery_point_id
from restore_core.lifecycle.budget import MOST_PAGES
from restore_core.lifecycle.events import Event
from restore_core.lifecycle.quota import DOCUMENTED, Bucket, Quota
from restore_core.lifecycle.states import Plan
from simulator import Pace, Simulator
from simulator.faults import Fault
from tests import builders
from tests.fakes import NOON, ManualClock
from tests.world import AToken, SimulatorCredential

API_VERSION = "2025-07-01"
LASTS = timedelta(hours=1)


@dataclass
class Tokens:
    """The simulator's tokens, whose end the test's clock decides; or none."""

    environment: dict[str, str]
    clock: ManualClock
    scopes: list[str] = field(default_factory=list)
    refuses: bool = False

    def get_token(self, *scopes: str) -> AToken:
        self.scopes += scopes
        if self.refuses:
            raise ClientAuthenticationError("no managed identity\r\nendpoint found")
        token = SimulatorCredential(self.environment).get_token(*scopes)
        return AToken(token.token, int((self.clock() + LASTS).timestamp()))


class Bench:
    """A simulator, a clock, and the client under test."""

    def __init__(self, pace: Pace | None = None, **simulator: Any) -> None:
        self.clock = ManualClock(NOON)
        self.simulator = Simulator(now=self.clock, pace=pace, **simulator)
        self.server = self.simulator.serve()
        self.tokens = Tokens(self.server.environment, self.clock)
        self.arm = self.client(self.server.url)
        self.vault = BackupVault(self.arm, self.clock)
        self.id = self.simulator.protect("disk-1", subscription=builders.SUBSCRIPTION)
        self.instance = BackupInstanceId.parse(self.id)

    def client(self, endpoint: str, quota: Quota = DOCUMENTED) -> Arm:
        return Arm(endpoint, self.tokens, api_version=API_VERSION, clock=self.clock, quota=quota)

    def allow(self, reads: Bucket = DOCUMENTED.reads, writes: Bucket = DOCUMENTED.writes) -> None:
        """Begin anew with a client that keeps to this quota."""
        self.arm = self.client(self.server.url, Quota(reads, writes))
        self.vault = BackupVault(self.arm, self.clock)

    def plan(self, target: str = "disk-1-restored", **changes: Any) -> Plan:
        newest = self.simulator.points(self.id)[0]
        source = DiskId.parse(self.simulator.source_disk(self.id))
        whole = {
            "instance": self.instance,
            "source": source,
            "target": DiskId.parse(builders.disk(target)),
            "point": recovery_point_id(newest.id),
            "point_time": newest.time,
            **changes,
        }
        return builders.a_plan(**whole)

    def find_job(self, plan: Plan, pages: int = MOST_PAGES) -> Event:
        return self.vault.find_job(plan, pages)

    def next(self, fault: Fault, times: int | None = 1) -> None:
        """Let the next ARM calls of any kind meet a fault; tokens are given out all the same."""
        self.simulator.next("*", re.compile("^/subscriptions/"), fault, times)

    def statuses(self) -> list[int | None]:
        return [call.status for call in self.simulator.calls]


@contextmanager
def a_bench(pace: Pace | None = None, **simulator: Any) -> Iterator[Bench]:
    bench = Bench(pace, **simulator)
    try:
        yield bench
    finally:
        bench.server.close()
