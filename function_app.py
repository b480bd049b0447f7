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
from restore_core.azure.step_queue import REQUESTS, STEPS, StepQueue
from restore_core.azure.table_store import TableStore
from restore_core.engine.driver import Driver
from restore_core.engine.ports import Results
from restore_core.reading.inquiries import Inquiries, Inquiry, Reply
from restore_core.settings import STORAGE, Settings

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
def store() -> TableStore:
    """Return the tables that the environment names; raise SettingsError."""
    return TableStore(clients.tables(Settings.read(os.environ).storage))


@cache
def driver() -> Driver:
    """Return the driver that the environment describes; raise SettingsError."""
    settings = Settings.read(os.environ)
    arm = Arm(
        settings.arm_endpoint,
        clients.credential(settings.arm_client_id),
        api_version=settings.api_version,
        clock=now,
    )
    return Driver(
        store=store(),
        vault=BackupVault(arm, now),
        steps=StepQueue(clients.queues(settings.storage)),
        rules=settings.rules,
        clock=now,
    )


def functions(driver: Callable[[], Driver], results: Callable[[], Results]) -> func.FunctionApp:
    """Return the app whose functions use what `driver` and `results` return."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

    @app.function_name("accept_restore")
    @app.queue_trigger("message", queue_name=REQUESTS, connection=STORAGE)
    def accept_restore(message: func.QueueMessage) -> None:
        driver().accept(message.get_body(), message.insertion_time or now())

    @app.function_name("advance_restore")
    @app.queue_trigger("message", queue_name=STEPS, connection=STORAGE)
    def advance_restore(message: func.QueueMessage) -> None:
        driver().advance(message.get_body())

    @app.function_name("poll_restores")
    @app.timer_trigger("timer", schedule="%RESTORE_POLL_SCHEDULE%")
    def poll_restores(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001
        def log_as_this_invocation() -> None:
            local: Any = context.thread_local_storage
            local.invocation_id = context.invocation_id

        with ThreadPoolExecutor(SWEEP_THREADS, initializer=log_as_this_invocation) as pool:
            driver().sweep(pool)

    @app.function_name("get_restore")
    @app.route("restores/{requestId}", trigger_arg_name="request", methods=["GET"])
    def get_restore(request: func.HttpRequest) -> func.HttpResponse:
        return _response(Inquiries(results, now).one(_inquiry(request)))

    @app.function_name("list_restores")
    @app.route("restores", trigger_arg_name="request", methods=["GET"])
    def list_restores(request: func.HttpRequest) -> func.HttpResponse:
        return _response(Inquiries(results, now).many(_inquiry(request)))

    return app


def _inquiry(request: func.HttpRequest) -> Inquiry:
    request_id = request.route_params.get("requestId", "")
    return Inquiry(request.url, request.params, request_id)


def _response(reply: Reply) -> func.HttpResponse:
    return func.HttpResponse(reply.body, status_code=reply.status, headers=reply.headers)


app = functions(driver, store)
