"""A worker that is the platform's own: `azure_functions_runtime`, which Azure runs on Python 3.13.

This module speaks to it as the host's proxy worker does (initialise, ask for the functions, load
each, invoke) on an event loop in a thread of its own. It indexes the app from its folder, so what
it accepts here it accepts in Azure. The library keeps its state in the process: one app a process.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import azure_functions_runtime as library

from local.host import worker_protos
from local.host.triggers import HttpAnswer, HttpCall, HttpTrigger, read_trigger

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from local.host.triggers import Datum, Incoming, Trigger
    from local.host.worker_protos import RpcFunctionMetadata, StatusResult

log = logging.getLogger(__name__)


class WorkerError(RuntimeError):
    """The app could not be indexed, or a function raised; the text is the library's."""


class WorkerLibrary:
    """Indexes the app in `folder` and calls its functions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="worker", daemon=True)
        self._ids: dict[str, str] = {}
        self.triggers: list[Trigger] = []

    def __enter__(self) -> Self:
        """Start the library and have it index the app."""
        self._thread.start()
        library.start_threadpool_executor()
        try:
            self._index()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop the library's threads and our loop."""
        library.stop_threadpool_executor()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def invoke(self, trigger: Trigger, incoming: Incoming) -> HttpAnswer | None:
        """Have the library call the function; raise what it reports."""
        request = SimpleNamespace(
            invocation_id=str(uuid.uuid4()),
            function_id=self._ids[trigger.function],
            input_data=[
                worker_protos.ParameterBinding(trigger.parameter, _typed(incoming.data)),
            ],
            trigger_metadata={name: _typed(datum) for name, datum in incoming.metadata.items()},
            trace_context=SimpleNamespace(trace_parent="", trace_state="", attributes={}),
            retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
        )
        answer = self._ask(library.invocation_request(_request(invocation_request=request)))
        return _answer(answer.return_value) if isinstance(trigger, HttpTrigger) else None

    def _index(self) -> None:
        if str(self._folder) not in sys.path:
            sys.path.insert(0, str(self._folder))
        init = SimpleNamespace(capabilities={}, function_app_directory=str(self._folder))
        self._ask(library.worker_init_request(_request(worker_init_request=init)))
        answer = self._ask(library.functions_metadata_request(_request()))
        if not answer.function_metadata_results:
            raise WorkerError(f"No functions were found in {self._folder}.")
        for function in answer.function_metadata_results:
            self._load(function)

    def _load(self, function: RpcFunctionMetadata) -> None:
        load = SimpleNamespace(function_id=function.function_id)
        self._ask(library.function_load_request(_request(function_load_request=load)))
        self._ids[function.name] = function.function_id
        bindings = [json.loads(binding) for binding in function.raw_bindings]
        self.triggers.append(read_trigger(function.name, bindings))

    def _ask(self, question: Coroutine[Any, Any, Any]) -> Any:
        answer = asyncio.run_coroutine_threadsafe(question, self._loop).result()
        result: StatusResult = answer.result
        if result.status != worker_protos.StatusResult.Success:
            reason = result.exception
            raise WorkerError(f"{reason.message}\n{reason.stack_trace}" if reason else "no reason")
        return answer


def _request(**content: SimpleNamespace) -> SimpleNamespace:
    properties = {"host": "127.0.0.1", "protos": worker_protos}
    return SimpleNamespace(request=SimpleNamespace(**content), properties=properties)


def _answer(returned: worker_protos.TypedData) -> HttpAnswer:
    """Return what the host makes of `$return`: a whole response, or the text of one."""
    http = returned.http
    if http is None:
        return HttpAnswer(body=(returned.string or "").encode())
    body = http.body.bytes if http.body else None
    return HttpAnswer(int(http.status_code), http.headers, body or b"")


def _typed(datum: Datum | HttpCall) -> worker_protos.TypedData:
    if isinstance(datum, HttpCall):
        body = worker_protos.TypedData(bytes=datum.body)
        http = worker_protos.RpcHttp(
            method=datum.method,
            url=datum.url,
            headers=dict(datum.headers),
            query=dict(datum.query),
            params=dict(datum.route),
            body=body,
        )
        return worker_protos.TypedData(http=http)
    form: dict[str, Any] = {datum.type: datum.value}
    return worker_protos.TypedData(**form)
