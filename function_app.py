"""The seven functions: triggers, no decisions.

Nothing here can fail or connect at import: an exception then would mean zero functions. Indexing
also waits for every import, on each new instance: so what the functions call (`wiring`) is imported
when the first of them is called.
"""

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import azure.functions as func

from restore_core.connection import STORAGE
from restore_core.contract.queue_names import REQUESTS, STEPS
from restore_core.reading.exchange import Query, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from restore_core.engine.engine import Engine
    from restore_core.reading.doctor import Doctor
    from restore_core.reading.http_api import HttpApi

SWEEP_THREADS: Final = 8
"""Restores that a tick looks at together: each waits for ARM, most of the time."""

for noisy in ("azure", "msal"):
    logging.getLogger(noisy).setLevel(logging.WARNING)
# It warns with whole URLs, signatures included; what it fails at reaches us as an exception.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


@cache
def engine() -> "Engine":
    """Return the engine that the environment describes; raise SettingsError."""
    from restore_core import wiring  # noqa: PLC0415  at the first call: see above

    return wiring.engine(os.environ, now)


@cache
def http_api() -> "HttpApi":
    """Return what answers receivers by the environment."""
    from restore_core import wiring  # noqa: PLC0415  at the first call: see above

    return wiring.http_api(os.environ, now)


@cache
def doctor() -> "Doctor":
    """Return what examines the app that runs here."""
    from restore_core import wiring  # noqa: PLC0415  at the first call: see above

    return wiring.doctor(os.environ, now)


def functions(
    engine: "Callable[[], Engine]",
    http_api: "Callable[[], HttpApi]",
    doctor: "Callable[[], Doctor]",
) -> func.FunctionApp:
    """Return the app whose functions use what these three return."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

    @app.function_name("accept_restore")
    @app.queue_trigger("message", queue_name=REQUESTS, connection=STORAGE)
    def accept_restore(message: func.QueueMessage) -> None:
        engine().intake.accept(message.get_body(), message.insertion_time or now())

    @app.function_name("advance_restore")
    @app.queue_trigger("message", queue_name=STEPS, connection=STORAGE)
    def advance_restore(message: func.QueueMessage) -> None:
        engine().steps.advance(message.get_body())

    @app.function_name("poll_restores")
    @app.timer_trigger("timer", schedule="%RESTORE_POLL_SCHEDULE%")
    def poll_restores(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001
        def log_as_this_invocation() -> None:
            local: Any = context.thread_local_storage
            local.invocation_id = context.invocation_id

        with ThreadPoolExecutor(SWEEP_THREADS, initializer=log_as_this_invocation) as pool:
            engine().sweep.tick(pool)

    @app.function_name("get_restore")
    @app.route("restores/{requestId}", trigger_arg_name="request", methods=["GET"])
    def get_restore(request: func.HttpRequest) -> func.HttpResponse:
        return _response(http_api().restore(_query(request)))

    @app.function_name("list_restores")
    @app.route("restores", trigger_arg_name="request", methods=["GET"])
    def list_restores(request: func.HttpRequest) -> func.HttpResponse:
        return _response(http_api().results(_query(request)))

    @app.function_name("summarise_restores")
    @app.route("summary", trigger_arg_name="request", methods=["GET"])
    def summarise_restores(request: func.HttpRequest) -> func.HttpResponse:
        return _response(http_api().summary(_query(request)))

    @app.function_name("doctor")
    @app.route("doctor", trigger_arg_name="request", methods=["GET"])
    def examine(request: func.HttpRequest) -> func.HttpResponse:
        return _response(doctor().answer(_query(request)))

    return app


def _query(request: func.HttpRequest) -> Query:
    request_id = request.route_params.get("requestId", "")
    return Query(request.url, request.params, request_id)


def _response(reply: Reply) -> func.HttpResponse:
    return func.HttpResponse(reply.body, status_code=reply.status, headers=reply.headers)


app = functions(engine, http_api, doctor)
