"""Storage in memory, with the faces of the Azure SDK clients that the app uses, and a clock.

The contract tests run against these and against Azurite, so they cannot drift apart. Each call is
noted in `io`, with a hook before and after it: there a test counts, or lets a process die.
"""

import operator
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableEntity, UpdateMode


class ManualClock:
    """A clock that stands still until it is advanced."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **spans: float) -> None:
        self.now += timedelta(**spans)


def _nothing(_what: str) -> None:
    """What happens at an I/O call when nothing is planned."""


@dataclass
class Io:
    """Every storage call, in order, and what shall happen around it."""

    calls: list[str] = field(default_factory=list)
    before: Callable[[str], None] = _nothing
    after: Callable[[str], None] = _nothing

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        self.calls.append(what)
        self.before(what)
        yield
        self.after(what)


class MemoryTables:
    """A table account. Stands in for TableServiceClient."""

    def __init__(self, io: Io) -> None:
        self.io = io
        self.tables: dict[str, MemoryTable] = {}

    def get_table_client(self, table_name: str) -> "MemoryTable":
        return self.tables.setdefault(table_name, MemoryTable(table_name, self.io))


class MemoryTable:
    """A table. Stands in for TableClient."""

    def __init__(self, name: str, io: Io) -> None:
        self.name = name
        self.exists = False
        self.rows: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
        self._io = io
        self._lock = threading.RLock()

    def create_table(self) -> None:
        with self._call("create"):
            if self.exists:
                raise ResourceExistsError("TableAlreadyExists")
            self.exists = True

    def get_entity(self, partition_key: str, row_key: str) -> TableEntity:
        with self._call("get"):
            return self._entity((partition_key, row_key))

    def create_entity(self, entity: dict[str, Any]) -> dict[str, Any]:
        with self._call("create_entity"), self._lock:
            if self._key(entity) in self.rows:
                raise ResourceExistsError("EntityAlreadyExists")
            return self._put(entity)

    def upsert_entity(self, entity: dict[str, Any], mode: UpdateMode) -> dict[str, Any]:
        assert mode is UpdateMode.REPLACE
        with self._call("upsert"):
            return self._put(entity)

    def submit_transaction(
        self, operations: Iterable[tuple[str, dict[str, Any], dict[str, Any]]]
    ) -> list[dict[str, Any]]:
        """Write rows of one partition, all or none."""
        with self._call("transaction"), self._lock:
            rows = list(operations)
            assert 1 <= len(rows) <= 100
            assert len({row["PartitionKey"] for _, row, _ in rows}) == 1
            assert all(
                (how, more) == ("upsert", {"mode": UpdateMode.REPLACE}) for how, _, more in rows
            )
            return [self._put(row) for _, row, _ in rows]

    def update_entity(
        self,
        entity: dict[str, Any],
        mode: UpdateMode,
        *,
        etag: str | None = None,
        match_condition: MatchConditions | None = None,
    ) -> dict[str, Any]:
        assert (match_condition is MatchConditions.IfNotModified) == (mode is UpdateMode.REPLACE)
        with self._call("update"), self._lock:
            held = self._entity(self._key(entity))
            if mode is UpdateMode.MERGE:
                return self._put({**held, **entity})
            if self.rows[self._key(entity)][0] != etag:
                raise ResourceModifiedError("UpdateConditionNotSatisfied")
            return self._put(entity)

    def delete_entity(
        self,
        partition_key: str,
        row_key: str,
        *,
        etag: str | None = None,
        match_condition: MatchConditions | None = None,
    ) -> None:
        with self._call("delete"), self._lock:
            held = self.rows.get((partition_key, row_key))
            if held is None:
                return  # The SDK swallows a 404 on delete.
            if match_condition is MatchConditions.IfNotModified and held[0] != etag:
                raise ResourceModifiedError("UpdateConditionNotSatisfied")
            del self.rows[(partition_key, row_key)]

    def query_entities(
        self,
        query_filter: str,
        *,
        parameters: dict[str, Any],
        results_per_page: int | None = None,
        select: Sequence[str] | None = None,
    ) -> Iterator[TableEntity]:
        """Understand the filters the app uses; all pages count as one call."""
        assert 1 <= (results_per_page or 1_000) <= 1_000
        matches = _filter(query_filter, parameters)
        with self._call("query"), self._lock:
            self._must_exist()
            keys = sorted(key for key, (_, row) in self.rows.items() if matches(row))
            return iter([_selected(self._entity(key), select) for key in keys])

    def list_entities(self) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for _, row in self.rows.values()]

    def _call(self, what: str) -> AbstractContextManager[None]:
        return self._io(f"{self.name}.{what}")

    def _must_exist(self) -> None:
        if not self.exists:
            error = ResourceNotFoundError("TableNotFound")
            error.error_code = "TableNotFound"
            raise error

    def _entity(self, key: tuple[str, str]) -> TableEntity:
        with self._lock:
            self._must_exist()
            if key not in self.rows:
                raise ResourceNotFoundError("ResourceNotFound")
            etag, row = self.rows[key]
            entity = TableEntity(row)
            entity._metadata = {"etag": etag}
            return entity

    def _put(self, entity: dict[str, Any]) -> dict[str, Any]:
        ages = [value for value in entity.values() if isinstance(value, datetime)]
        assert all(value.year > 1600 for value in ages), "a time that no table holds"
        if any(isinstance(value, str) and _is_too_long(value) for value in entity.values()):
            raise HttpResponseError("PropertyValueTooLarge")
        with self._lock:
            self._must_exist()
            etag = f'W/"{uuid.uuid4()}"'
            self.rows[self._key(entity)] = (etag, dict(entity))
            return {"etag": etag}

    @staticmethod
    def _key(entity: dict[str, Any]) -> tuple[str, str]:
        return entity["PartitionKey"], entity["RowKey"]


def _selected(row: TableEntity, select: Sequence[str] | None) -> TableEntity:
    """Return the columns that were asked for: null where the row has none, as the service does."""
    if select is None:
        return row
    selected = TableEntity({name: row.get(name) for name in select if name != "Timestamp"})
    selected._metadata = row.metadata  # Its etag comes with any.
    return selected


def _is_too_long(text: str) -> bool:
    """Tell whether a text has more than 64 KiB in UTF-16; a short one is not counted."""
    return len(text) > 16_384 and len(text.encode("utf-16-le", "surrogatepass")) > 65_536


def _filter(text: str, parameters: dict[str, Any]) -> Callable[[dict[str, Any]], bool]:
    """Return what `Property op @parameter and …` says, or the same with `or`.

    A row without the property never matches.
    """
    how, join = (all, " and ") if " and " in text else (any, " or ")
    terms = [term.split(" ") for term in text.split(join)]
    tests = [(name, _COMPARE[op], parameters[value.removeprefix("@")]) for name, op, value in terms]
    assert {value[0] for _, _, value in terms} == {"@"}, "values are given as parameters"
    return lambda row: how(name in row and test(row[name], value) for name, test, value in tests)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    name: getattr(operator, name) for name in ("eq", "ge", "gt", "le", "lt")
}


@dataclass
class Message:
    """A message on a queue."""

    content: str
    visible_at: datetime
    inserted_on: datetime
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    pop_receipt: str = ""
    dequeue_count: int = 0


class MemoryQueues:
    """A queue account. Stands in for QueueServiceClient."""

    def __init__(self, io: Io, clock: Callable[[], datetime]) -> None:
        self.io = io
        self.clock = clock
        self.queues: dict[str, MemoryQueue] = {}

    def get_queue_client(self, queue: str) -> "MemoryQueue":
        return self.queues.setdefault(queue, MemoryQueue(queue, self.io, self.clock))


class MemoryQueue:
    """A queue. Stands in for QueueClient."""

    def __init__(self, name: str, io: Io, clock: Callable[[], datetime]) -> None:
        self.name = name
        self.exists = False
        self.messages: list[Message] = []
        self._io = io
        self._clock = clock
        self._lock = threading.RLock()

    def create_queue(self) -> None:
        with self._io(f"{self.name}.create"):
            self.exists = True

    def send_message(self, content: str, *, visibility_timeout: int = 0) -> Message:
        with self._io(f"{self.name}.send"), self._lock:
            self._must_exist()
            now = self._clock()
            message = Message(content, now + timedelta(seconds=visibility_timeout), now)
            self.messages.append(message)
            return message

    def receive_messages(
        self, *, max_messages: int, messages_per_page: int, visibility_timeout: int
    ) -> list[Message]:
        assert messages_per_page <= 32
        with self._io(f"{self.name}.receive"):
            return self.take(max_messages, visibility_timeout)

    def peek_messages(self, *, max_messages: int) -> list[Message]:
        with self._io(f"{self.name}.peek"), self._lock:
            self._must_exist()
            now = self._clock()
            return [m for m in self.messages if m.visible_at <= now][:max_messages]

    def take(self, most: int, visibility_timeout: int) -> list[Message]:
        """Receive without counting it as the app's call: this is what the host does."""
        with self._lock:
            self._must_exist()
            now = self._clock()
            taken = [m for m in self.messages if m.visible_at <= now][:most]
            for message in taken:
                message.visible_at = now + timedelta(seconds=visibility_timeout)
                message.dequeue_count += 1
                message.pop_receipt = str(uuid.uuid4())
            return [Message(**vars(message)) for message in taken]

    def delete_message(self, message: str, pop_receipt: str) -> None:
        with self._io(f"{self.name}.delete"):
            self.drop(message, pop_receipt)

    def drop(self, message_id: str, pop_receipt: str) -> None:
        with self._lock:
            held = next((m for m in self.messages if m.id == message_id), None)
            if held is None or held.pop_receipt != pop_receipt:
                raise ResourceNotFoundError("MessageNotFound")
            self.messages.remove(held)

    def _must_exist(self) -> None:
        if not self.exists:
            raise ResourceNotFoundError("QueueNotFound")


class OneAfterTheOther(Executor):
    """A pool without threads, for worlds in which order matters."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
