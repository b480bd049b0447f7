"""The five functions: triggers and wiring, no decisions.

Nothing here can fail or connect at import: an exception then would mean zero functions.
"""

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import azure.functions as func

from restore_core.azure import clients
from restore_core.azure.arm import Arm
from restore_core.azure.backup_vault import BackupVault
from restore_core.azure.queues import AccountQueues
from restore_core.azure.tables.account import AccountTables
from restore_core.connection import STORAGE
from restore_core.contract.queue_names import REQUESTS, STEPS
from restore_core.engine.engine import Engine
from restore_core.engine.ports import Readable
from restore_core.reading.exchange import Query, Reply
from restore_core.reading.http_api import HttpApi
from restore_core.settings import Settings

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
def tables() -> AccountTables:
    """Return the tables that the environment names; raise SettingsError."""
    return AccountTables(clients.tables(Settings.read(os.environ).storage))


@cache
def engine() -> Engine:
    """Return the engine that the environment describes; raise SettingsError."""
    settings = Settings.read(os.environ)
    arm = Arm(
        settings.arm_endpoint,
        clients.credential(settings.arm_client_id),
        api_version=settings.api_version,
        clock=now,
    )
    return Engine.of(
        tables=tables(),
        queues=AccountQueues(clients.queues(settings.storage)),
        vault=BackupVault(arm, now),
        rules=settings.rules,
        clock=now,
    )


def functions(engine: Callable[[], Engine], readable: Callable[[], Readable]) -> func.FunctionApp:
    """Return the app whose functions use what `engine` and `readable` return."""
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
        return _response(HttpApi(readable, now).restore(_query(request)))

    @app.function_name("list_restores")
    @app.route("restores", trigger_arg_name="request", methods=["GET"])
    def list_restores(request: func.HttpRequest) -> func.HttpResponse:
        return _response(HttpApi(readable, now).results(_query(request)))

    return app


def _query(request: func.HttpRequest) -> Query:
    request_id = request.route_params.get("requestId", "")
    return Query(request.url, request.params, request_id)


def _response(reply: Reply) -> func.HttpResponse:
    return func.HttpResponse(reply.body, status_code=reply.status, headers=reply.headers)


app = functions(engine, tables)
