"""The tables and queues as a process sees them: those of `tests.fakes`, behind what can go wrong.

Each call may time out (done, not done, or done later), be refused, be slow, or be repeated by the
client library, which lost the first answer; and in an outage none is done.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from azure.core.exceptions import (
    HttpResponseError,
    ResourceModifiedError,
    ServiceRequestError,
    ServiceResponseError,
)

from restore_core.azure.tables.restores import RESTORES
from restore_core.contract.queue_names import EVENTS
from tests.simulation.process import Process

_FAST: Final = (0.002, 0.02)
_STATUS: Final = {"storage-409": 409, "storage-500": 500, "storage-503": 503}


class Tables:
    """Stands in for TableServiceClient."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def get_table_client(self, table_name: str) -> "Client":
        table = self._process.world.tables.get_table_client(table_name)
        return Client(self._process, table_name, table)


class Queues:
    """Stands in for QueueServiceClient."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def get_queue_client(self, queue: str) -> "Client":
        return Client(self._process, queue, self._process.world.queues.get_queue_client(queue))


class Client:
    """A client of one table or one queue."""

    def __init__(self, process: Process, name: str, real: Any) -> None:
        self._process = process
        self._name = name
        self._real = real
        self._is_table = name[0].isupper()

    def __getattr__(self, method: str) -> Callable[..., Any]:
        real = getattr(self._real, method)

        def call(*args: Any, **kwargs: Any) -> Any:
            if method == "submit_transaction":  # It may be looked at, and made, more than once.
                args = ([*args[0]],)
            if self._name == RESTORES:
                self._concern(args)
            return self._call(method, lambda: self._obey(method, real, args, kwargs))

        setattr(self, method, call)
        return call

    def _obey(self, method: str, real: Any, args: Any, kwargs: Any) -> Any:
        answer = real(*args, **kwargs)
        if method not in ("get_entity", "query_entities"):
            self._process.world.written(self._name, method, args, self._process)
        elif method == "query_entities":
            return list(answer)
        return answer

    def _call(self, method: str, effect: Callable[[], Any]) -> Any:
        process, world = self._process, self._process.world
        world.count_io(self._name, method)
        what = f"{self._name}.{method}"
        if world.is_storage_out(tables=self._is_table):
            world.count_outage_of_storage()
            return process.call(what, _raising(ServiceRequestError("outage")), 0.05, 2)
        if self._name == EVENTS and world.is_out("events-queue-gone"):
            world.faults.count("events-queue-gone")
            return process.call(what, _raising(ServiceRequestError("gone")), 0.05, 2)
        kind = world.faults.strikes("storage")
        if kind is None or (kind == "storage-412" and method != "update_entity"):
            return process.call(what, effect, *_FAST)
        world.faults.count(kind)
        what = f"{what} [{kind}]"
        if kind == "storage-slow":
            return process.call(what, effect, 1, 90)
        return process.call(what, self._spoilt(kind, effect), *_FAST)

    def _spoilt(self, kind: str, effect: Callable[[], Any]) -> Callable[[], Any]:
        world = self._process.world
        match kind:
            case "storage-timeout-undone":
                return _raising(ServiceResponseError("time-out"))
            case "storage-timeout-done":
                return _after(effect, _raising(ServiceResponseError("time-out")))
            case "storage-timeout-done-later":
                later = world.scheduler.now + world.latency.uniform(1, 30)
                world.scheduler.at(later, _quietly(effect))
                return _raising(ServiceResponseError("time-out"))
            case "storage-repeated-by-the-client":
                return _after(effect, effect)
            case "storage-412":
                return _raising(ResourceModifiedError("UpdateConditionNotSatisfied"))
            case _:
                error = HttpResponseError(kind)
                error.status_code = _STATUS[kind]
                return _raising(error)

    def _concern(self, args: Any) -> None:
        """Learn from the keys which restore the current task is about."""
        match args:
            case (str() as request_id, *_) if not self._process.concerned:
                self._process.about(request_id)
            case ({"PartitionKey": request_id}, *_):
                self._process.about(request_id)
            case _:
                return


def _raising(error: Exception) -> Callable[[], Any]:
    def call() -> Any:
        raise error

    return call


def _after(first: Callable[[], Any], then: Callable[[], Any]) -> Callable[[], Any]:
    def call() -> Any:
        with suppress(HttpResponseError):  # The answer is lost, whatever it was.
            first()
        return then()

    return call


def _quietly(effect: Callable[[], Any]) -> Callable[[], None]:
    def call() -> None:
        with suppress(HttpResponseError):
            effect()

    return call
