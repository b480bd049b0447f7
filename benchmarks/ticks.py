"""What a tick of the timer pays, with 0, 10,000 and 100,000 finished restores in the tables. I5.

Counted, not timed: storage transactions and ARM calls of an idle tick, and of one in which three
jobs are looked at. In memory, and on Azurite with 10,000. Exits with 1 where history costs more.
"""

import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from local.azurite import Azurite
from restore_core.azure.queues import AccountQueues
from restore_core.azure.tables.account import AccountTables
from restore_core.azure.tables.row_codec import restore_row
from restore_core.contract.resource_ids import BackupInstanceId
from restore_core.engine.columns import result_row
from restore_core.lifecycle.states import Ended, Outcome, Running, Wait
from restore_core.lifecycle.status import Status
from tests import builders
from tests.fakes import NOON, OneAfterTheOther
from tests.world import World

HISTORY = (0, 10_000, 100_000)
ON_AZURITE = 10_000
UNDER_WAY = 3
ENDED = Ended(Outcome(Status.COMPLETED, NOON, job=builders.A_JOB), builders.a_claimed_plan())

Cost = Counter[str]


def main() -> int:
    """Measure and tell the shell whether history is free."""
    logging.disable(logging.WARNING)
    costs = {f"{number:,} in memory": in_memory(number) for number in HISTORY}
    with Azurite() as azurite:
        for number in (0, ON_AZURITE):
            costs[f"{number:,} on Azurite"] = on_azurite(azurite, number)
    for name, (idle, busy) in costs.items():
        _print(f"{name:>18} finished: idle tick {dict(idle)}; with {UNDER_WAY} jobs {dict(busy)}")
    same = all(len({str(sorted(c.items())) for c in column}) == 1 for column in _columns(costs))
    _print("A tick costs the same." if same else "WRONG: a tick costs more with more history.")
    return 0 if same else 1


def _columns(costs: dict[str, tuple[Cost, Cost]]) -> Iterator[list[Cost]]:
    """Yield the costs that must be the same: those of one storage, idle or busy."""
    for where in ("memory", "Azurite"):
        for busy in (0, 1):
            yield [cost[busy] for name, cost in costs.items() if where in name]


def in_memory(number: int) -> tuple[Cost, Cost]:
    """Return what an idle and a busy tick cost above so much history."""
    with World() as world:
        for restore, result in history(number):
            for table, row in (("Restores", restore), ("RestoreResults", result)):
                rows = world.tables.get_table_client(table).rows
                rows[row["PartitionKey"], row["RowKey"]] = ('W/"1"', row)
        return _cost(world, world.io.calls.clear, lambda: Counter(world.io.calls))


def on_azurite(azurite: Azurite, number: int) -> tuple[Cost, Cost]:
    """Return the same, on Azurite; transactions are HTTP requests there."""
    sent: Cost = Counter()

    def note(request: Any) -> None:
        sent[request.http_request.method] += 1

    tables = TableServiceClient.from_connection_string(
        azurite.connection_string, raw_request_hook=note
    )
    queues = QueueServiceClient.from_connection_string(
        azurite.connection_string, raw_request_hook=note
    )
    with World() as world:
        world.tables, world.queues = tables, queues
        AccountTables(tables).create_missing()
        AccountQueues(queues).create_missing()
        _fill(tables, number)
        world.deploy()
        world.engine.sweep.tick(OneAfterTheOther())
        return _cost(world, sent.clear, lambda: Counter(sent))


def _fill(tables: Any, number: int) -> None:
    began = time.monotonic()
    done = list(history(number))
    restores, results = (tables.get_table_client(n) for n in ("Restores", "RestoreResults"))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(restores.upsert_entity, (restore for restore, _ in done)))
    for start in range(0, number, 100):
        batch = [("upsert", result) for _, result in done[start : start + 100]]
        results.submit_transaction(batch)
    if number:
        _print(f"{number:,} finished restores put on Azurite in {time.monotonic() - began:.0f} s")


def _cost(world: World, reset: Callable[[], None], count: Callable[[], Cost]) -> tuple[Cost, Cost]:
    """Count an idle tick, then one with some jobs to look at."""
    with _counting(world, reset, count) as idle:
        world.engine.sweep.tick(OneAfterTheOther())
    store = AccountTables(world.tables)
    instance = world.protect()
    for number in range(UNDER_WAY):
        target = builders.disk(f"under-way-{number}")
        job = world.simulator.start_restore(instance, target)
        claims = (builders.a_claim(),)
        plan = builders.a_plan(instance=BackupInstanceId.parse(instance), claims=claims)
        state = Running(plan, builders.JobId(job.name), Wait(NOON))
        running = builders.a_restore(
            state, requestId=f"w{number}", backupInstanceId=instance, targetDiskId=target
        )
        store.restores.record(running)
        store.schedule.put(running, NOON)
    world.clock.advance(seconds=1)
    with _counting(world, reset, count) as busy:
        world.engine.sweep.tick(OneAfterTheOther())
    for number in range(UNDER_WAY):
        for table, key in (("Restores", "restore"),):
            world.tables.get_table_client(table).delete_entity(f"w{number}", key)
    for row in list(world.tables.get_table_client("OutstandingRestores").list_entities()):
        world.tables.get_table_client("OutstandingRestores").delete_entity(
            row["PartitionKey"], row["RowKey"]
        )
    return idle, busy


@contextmanager
def _counting(world: World, reset: Callable[[], None], count: Callable[[], Cost]) -> Iterator[Cost]:
    cost: Cost = Counter()
    before = len(world.simulator.calls)
    reset()
    yield cost
    cost.update(count())
    cost["ARM call"] = len(world.simulator.calls) - before


def history(number: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the rows of so many finished restores, spread over a year."""
    for each in range(number):
        restore = builders.a_restore(ENDED, requestId=f"h{each}")
        accepted = NOON - timedelta(minutes=5 * (each // 100) * 100)
        restore = replace(restore, accepted_at=accepted)
        yield restore_row(restore), result_row(restore, ENDED.outcome)


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a program that talks to a person


if __name__ == "__main__":
    sys.exit(main())
