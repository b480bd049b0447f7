"""A worker in this very process: it calls the user's functions directly.

Arguments are made by azure.functions' own converters from what the host would send, and the
functions share as many threads as `PYTHON_THREADPOOL_THREAD_COUNT` allows, as in the real worker.
"""

from __future__ import annotations

import inspect
import os
import threading
import uuid
from functools import cache
from typing import TYPE_CHECKING, Any

import azure.functions as func
from azure.functions.meta import Datum as WorkerDatum

from local.host.triggers import HttpAnswer, HttpCall, HttpTrigger, QueueTrigger, read_trigger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.host.triggers import Datum, Incoming, Trigger

BINDINGS: Any = func.get_binding_registry()  # type: ignore[no-untyped-call]
THREAD_COUNT = "PYTHON_THREADPOOL_THREAD_COUNT"
DEFAULT_THREADS = min(
    32, (os.cpu_count() or 1) + 4
)  # Python's own default, which the worker takes.


class InvocationContext(func.Context):
    """What a parameter named `context` holds."""

    thread_local_storage: Any = threading.local()
    trace_context: Any = None
    retry_context: Any = None
    invocation_id = ""
    function_name = ""
    function_directory = ""

    def __init__(self, function: str, directory: str) -> None:
        self.invocation_id = str(uuid.uuid4())
        self.function_name = function
        self.function_directory = directory


class DirectWorker:
    """Calls the functions of one app."""

    def __init__(self, app: func.FunctionApp, settings: Mapping[str, str]) -> None:
        functions = _functions_of(app)
        self._functions: dict[str, Callable[..., object]] = {
            str(function.get_function_name()): function.get_user_function()
            for function in functions
        }
        self.triggers: list[Trigger] = [
            read_trigger(str(f.get_function_name()), f.get_bindings_dict()["bindings"])
            for f in functions
        ]
        self._threads = threading.Semaphore(int(settings.get(THREAD_COUNT) or DEFAULT_THREADS))

    def invoke(self, trigger: Trigger, incoming: Incoming) -> HttpAnswer | None:
        """Call the function; as the real worker does, let it return only what it binds."""
        function = self._functions[trigger.function]
        arguments = _arguments(function, trigger, incoming)
        with self._threads:
            returned = function(**arguments)
        if isinstance(trigger, HttpTrigger):
            return _answer(returned)
        if returned is not None:
            raise RuntimeError(f"{trigger.function} returned a value but binds no $return.")
        return None


@cache
def _functions_of(app: func.FunctionApp) -> list[Any]:
    """Return the app's functions; it gives them out once only, then finds its own names twice."""
    return list(app.get_functions())


def _arguments(
    function: Callable[..., object], trigger: Trigger, incoming: Incoming
) -> dict[str, Any]:
    kind = _kind(trigger)
    metadata = {name: _for_worker(datum) for name, datum in incoming.metadata.items()}
    value = BINDINGS.get(kind).decode(_for_worker(incoming.data), trigger_metadata=metadata)
    arguments = {trigger.parameter: value}
    if "context" in inspect.signature(function).parameters:
        context = InvocationContext(trigger.function, os.path.dirname(inspect.getfile(function)))  # noqa: PTH120 - a word.
        context.thread_local_storage.invocation_id = context.invocation_id
        arguments["context"] = context
    return arguments


def _kind(trigger: Trigger) -> str:
    match trigger:
        case QueueTrigger():
            return "queueTrigger"
        case HttpTrigger():
            return "httpTrigger"
        case _:
            return "timerTrigger"


def _for_worker(datum: Datum | HttpCall) -> WorkerDatum:
    if isinstance(datum, HttpCall):
        return WorkerDatum(_parts(datum), "http")
    return WorkerDatum(datum.value, datum.type)


def _parts(call: HttpCall) -> dict[str, Any]:
    def texts(values: Mapping[str, str]) -> dict[str, WorkerDatum]:
        return {name: WorkerDatum(value, "string") for name, value in values.items()}

    return {
        "method": WorkerDatum(call.method, "string"),
        "url": WorkerDatum(call.url, "string"),
        "headers": texts(call.headers),
        "query": texts(call.query),
        "params": texts(call.route),
        "body": WorkerDatum(call.body, "bytes"),
    }


def _answer(returned: object) -> HttpAnswer:
    """Return what a function of HTTP returned: a whole response, or the text of one."""
    datum = BINDINGS.get("http").encode(returned, expected_type=None)
    if datum.type != "http":
        return HttpAnswer(body=datum.value.encode())
    headers = {name: header.value for name, header in datum.value["headers"].items()}
    body = datum.value["body"].value
    return HttpAnswer(int(datum.value["status_code"].value), headers, body)
