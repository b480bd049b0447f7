"""The platform's own worker library indexes the app and runs its functions."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import sys
from typing import TYPE_CHECKING

import pytest
import requests
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from local.azurite import Azurite
from local.host.local_host import APP_FOLDER, LocalHost
from local.host.queue_messages import incoming as queue_incoming
from local.host.timer_listener import incoming as timer_incoming
from local.host.triggers import (
    HttpAnswer,
    HttpCall,
    HttpTrigger,
    Incoming,
    QueueTrigger,
    TimerTrigger,
)
from local.stack.settings import app_settings
from simulator import Pace, Simulator
from tests.platform.small_app import PATIENCE, QUICK, Log, a_message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.host.worker_library import WorkerLibrary

SMALL_APP = """
import azure.functions as func

app = func.FunctionApp()
SEEN = []


@app.queue_trigger(arg_name="message", queue_name="%QUEUE%", connection="RestoreStorage")
def on_message(message: func.QueueMessage, context: func.Context) -> None:
    if message.get_body() == b"fail":
        raise ValueError("as asked")
    SEEN.append((message.id, message.get_body(), message.dequeue_count, message.insertion_time))
    SEEN.append((context.function_name, context.thread_local_storage.invocation_id))


@app.timer_trigger(arg_name="timer", schedule="%SCHEDULE%")
def on_tick(timer: func.TimerRequest) -> None:
    SEEN.append(timer.past_due)


@app.route("things/{id}", trigger_arg_name="request", methods=["GET", "POST"])
def on_request(request: func.HttpRequest) -> func.HttpResponse:
    SEEN.append((request.method, request.url, request.get_body(), request.headers["x-asked"]))
    SEEN.append((dict(request.params), dict(request.route_params)))
    return func.HttpResponse(b"\\x00made", status_code=201, headers={"X-Made": "yes"})


@app.route(trigger_arg_name="request", auth_level="anonymous")
def on_text(request: func.HttpRequest) -> str:
    return "text"
"""

pytestmark = [
    pytest.mark.platform,
    pytest.mark.skipif(
        sys.version_info < (3, 13), reason="the worker library exists from Python 3.13 on"
    ),
]


@pytest.fixture
def small_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerLibrary]:
    (tmp_path / "small_function_app.py").write_text(SMALL_APP)
    monkeypatch.setenv("PYTHON_SCRIPT_FILE_NAME", "small_function_app.py")
    monkeypatch.syspath_prepend(tmp_path)
    yield from _library(tmp_path)
    sys.modules.pop("small_function_app", None)


@pytest.fixture
def restore_app(monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerLibrary]:
    # An app can be indexed once: the library gets its own, fresh from the file.
    monkeypatch.delitem(sys.modules, "function_app", raising=False)
    yield from _library(APP_FOLDER)
    sys.modules.pop("function_app", None)


def _library(folder: Path) -> Iterator[WorkerLibrary]:
    if importlib.util.find_spec("azure_functions_runtime") is None and not os.environ.get("CI"):
        pytest.skip("azure-functions-runtime is not installed")
    from local.host.worker_library import WorkerLibrary  # noqa: PLC0415 - exists from 3.13 on.

    with WorkerLibrary(folder) as library:
        yield library


def test_it_finds_the_triggers_of_an_app(small_app: WorkerLibrary) -> None:
    assert small_app.triggers == [
        QueueTrigger("on_message", "message", queue="%QUEUE%", connection="RestoreStorage"),
        TimerTrigger("on_tick", "timer", schedule="%SCHEDULE%"),
        HttpTrigger("on_request", "request", route="things/{id}", methods=("GET", "POST")),
        HttpTrigger("on_text", "request", route="on_text", auth_level="anonymous"),
    ]


def test_it_gives_a_queue_message_to_its_function(small_app: WorkerLibrary) -> None:
    message = a_message(content="restore this", id="m1", dequeue_count=2)

    small_app.invoke(small_app.triggers[0], queue_incoming(message))

    seen = sys.modules["small_function_app"].SEEN
    assert seen[0] == ("m1", b"restore this", 2, message.inserted_on)
    assert seen[1][0] == "on_message"
    assert seen[1][1]


def test_it_reports_what_a_function_raised(small_app: WorkerLibrary) -> None:
    with pytest.raises(RuntimeError, match="ValueError: as asked"):
        small_app.invoke(small_app.triggers[0], queue_incoming(a_message(content="fail")))


def test_it_gives_a_tick_to_its_function(small_app: WorkerLibrary) -> None:
    small_app.invoke(small_app.triggers[1], timer_incoming(past_due=True))

    assert sys.modules["small_function_app"].SEEN == [True]


def test_it_gives_a_request_to_its_function_and_hands_back_the_answer(
    small_app: WorkerLibrary,
) -> None:
    call = HttpCall(
        "POST",
        "http://127.0.0.1/api/things/1?q=2",
        headers={"X-Asked": "no"},
        query={"q": "2"},
        route={"id": "1"},
        body=b"body",
    )

    answer = small_app.invoke(small_app.triggers[2], Incoming(call))

    assert answer is not None
    assert (answer.status, answer.body, answer.headers["X-Made"]) == (201, b"\x00made", "yes")
    asked, parts = sys.modules["small_function_app"].SEEN
    assert asked == ("POST", "http://127.0.0.1/api/things/1?q=2", b"body", "no")
    assert parts == ({"q": "2"}, {"id": "1"})


def test_a_function_may_answer_with_text_alone(small_app: WorkerLibrary) -> None:
    answer = small_app.invoke(small_app.triggers[3], Incoming(HttpCall("GET", "http://x/")))

    assert answer == HttpAnswer(200, {}, b"text")


def test_it_refuses_an_app_that_cannot_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_function_app.py").write_text("import a_package_that_is_not_there")
    monkeypatch.setenv("PYTHON_SCRIPT_FILE_NAME", "broken_function_app.py")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(RuntimeError, match="a_package_that_is_not_there"):
        next(_library(tmp_path))


def test_it_finds_the_six_functions_of_the_restore_app(restore_app: WorkerLibrary) -> None:
    assert sorted(trigger.function for trigger in restore_app.triggers) == [
        "accept_restore",
        "advance_restore",
        "doctor",
        "get_restore",
        "list_restores",
        "poll_restores",
        "summarise_restores",
    ]
    assert {each.auth_level for each in restore_app.triggers if isinstance(each, HttpTrigger)} == {
        "function"
    }


@pytest.mark.azurite
@pytest.mark.usefixtures("azurite")  # which says whether Azurite can be started here at all
def test_it_restores_a_disk_through_the_functions_of_the_restore_app(
    restore_app: WorkerLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = Simulator(pace=Pace.at_once())
    instance = simulator.protect("disk-1")
    group = instance.partition("/providers/")[0]
    message = {
        "requestId": "through-the-library",
        "backupInstanceId": instance,
        "targetResourceGroupId": group,
    }

    with Azurite() as own, simulator.serve() as server, Log.of("restore", logging.INFO) as log:
        for name, value in app_settings(own, server.environment).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("RESTORE_POLL_SCHEDULE", "* * * * * *")
        _invoke_timer(restore_app)  # the first tick creates tables and queues
        monkeypatch.setenv("LOCAL_FUNCTION_KEY", "the-key")
        with LocalHost(restore_app.triggers, restore_app, os.environ, settings=QUICK) as host:
            queues = QueueServiceClient.from_connection_string(own.connection_string)
            queues.get_queue_client("restore-requests").send_message(json.dumps(message))
            log.wait_for("restore.ended .*to=Ended")
            one, many, nobody, keyless = (
                requests.get(f"{host.http_url}/api/restores{path}", timeout=PATIENCE)
                for path in (
                    "/through-the-library?code=the-key",
                    "?code=the-key",
                    "/nobody?code=the-key",
                    "/through-the-library",
                )
            )
        tables = TableServiceClient.from_connection_string(own.connection_string)
        rows = list(tables.get_table_client("RestoreResults").list_entities())

    assert [(row["requestId"], row["status"]) for row in rows] == [
        ("through-the-library", "Completed")
    ]
    assert (one.status_code, one.json()["status"], one.json()["ended"]) == (200, "Completed", True)
    assert [{**one.json(), **row} for row in many.json()["value"]] == [one.json()]
    assert (nobody.status_code, nobody.headers["Content-Type"]) == (404, "application/problem+json")
    assert keyless.status_code == 401


def _invoke_timer(library: WorkerLibrary) -> None:
    (timer,) = (each for each in library.triggers if isinstance(each, TimerTrigger))
    library.invoke(timer, timer_incoming(past_due=False))
