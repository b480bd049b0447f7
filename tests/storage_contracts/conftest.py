"""The two storages: in memory, and the app's own clients on the real Azurite. Each begins empty."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError

from local.azurite import Azurite
from restore_core.azure import clients
from restore_core.azure.queues import AccountQueues
from restore_core.azure.tables.account import AccountTables
from restore_core.azure.tables.durations import DURATIONS
from restore_core.azure.tables.outstanding import OUTSTANDING
from restore_core.azure.tables.restores import RESTORES
from restore_core.azure.tables.results import RESULTS
from restore_core.azure.tables.sets import SETS
from restore_core.azure.tables.sources import SOURCES
from restore_core.azure.tables.targets import LOCKS
from restore_core.connection import StorageConnection
from restore_core.contract.queue_names import EVENTS, POISON, REQUESTS, STEPS
from tests.builders import SOURCE
from tests.fakes import NOON, Io, ManualClock, MemoryQueues, MemoryTables

TABLES = (RESTORES, OUTSTANDING, LOCKS, SOURCES, RESULTS, SETS, DURATIONS)
QUEUES = (REQUESTS, STEPS, REQUESTS + POISON, STEPS + POISON, EVENTS)


@dataclass
class Storage:
    """The clients of one account, and the clock that its service goes by."""

    tables: Any
    queues: Any
    now: Callable[[], datetime]

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.tables.get_table_client(table).list_entities()]


@pytest.fixture
def memory_storage() -> Storage:
    io, clock = Io(), ManualClock(NOON)
    return Storage(MemoryTables(io), MemoryQueues(io, clock), clock)


@pytest.fixture
def azurite_storage(azurite: Azurite) -> Iterator[Storage]:
    connection = StorageConnection(connection_string=azurite.connection_string)
    with clients.tables(connection) as tables, clients.queues(connection) as queues:
        yield Storage(tables, queues, lambda: datetime.now(UTC))
        for table in TABLES:
            tables.delete_table(table)
        for queue in QUEUES:
            with suppress(ResourceNotFoundError):
                queues.delete_queue(queue)


@pytest.fixture(params=["memory", pytest.param("azurite", marks=pytest.mark.azurite)])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Either storage, with no table and no queue in it yet."""
    storage: Storage = request.getfixturevalue(f"{request.param}_storage")
    return storage


@pytest.fixture
def store(storage: Storage) -> AccountTables:
    """The app's tables on either storage, created."""
    store = AccountTables(storage.tables)
    store.create_missing()
    return store


@pytest.fixture
def app_queues(storage: Storage) -> AccountQueues:
    """The app's queues on either storage, created."""
    app_queues = AccountQueues(storage.queues)
    app_queues.create_missing()
    return app_queues


def take(store: AccountTables, name: str, *, counting: str = "", force: bool = False) -> str:
    """Take the source for a restore; return the one that forbids it, of those that count."""
    found = store.sources.take(
        SOURCE, name, counts=lambda restore: restore.id in counting.split(), force=force
    )
    return found.id if found else ""
