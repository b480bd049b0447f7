"""The local host answers HTTP by the Functions host's rules."""

from __future__ import annotations

import logging
import socket
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import azure.functions as func
import pytest
import requests
from azure.data.tables import TableServiceClient

import function_app
from local.host.direct_worker import DirectWorker
from local.host.http_listener import HttpListener
from local.host.local_host import LocalHost
from local.host.triggers import HttpTrigger, UnknownTriggerError, read_trigger
from restore_core.azure.tables.account import AccountTables
from restore_core.errors import SettingsError
from restore_core.reading.http_api import HttpApi
from tests.builders import a_restore, an_outcome, every_state
from tests.fakes import Io, MemoryTables
from tests.platform.small_app import PATIENCE, QUICK, Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.azurite import Azurite
    from restore_core.engine.engine import Engine
    from restore_core.reading.doctor import Doctor

KEY = {"LOCAL_FUNCTION_KEY": "the-key"}


def an_app(
    answer: Callable[[func.HttpRequest], object],
    *,
    level: func.AuthLevel = func.AuthLevel.FUNCTION,
    **route: Any,
) -> func.FunctionApp:
    app = func.FunctionApp(http_auth_level=level)

    @app.function_name("on_request")
    @app.route(trigger_arg_name="request", **{"route": "things/{id}/parts/{part}", **route})
    def on_request(request: func.HttpRequest) -> object:
        return answer(request)

    return app


def ok(_request: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("ok")


def a_host(app: func.FunctionApp, environment: dict[str, str] | None = None) -> LocalHost:
    return LocalHost.for_app(app, environment or {}, settings=QUICK)


def ask(url: str, method: str = "GET", **more: Any) -> requests.Response:
    return requests.request(method, url, timeout=PATIENCE, **more)


def test_a_request_reaches_its_function_whole_and_the_answer_its_sender() -> None:
    seen: list[func.HttpRequest] = []

    def answer(request: func.HttpRequest) -> func.HttpResponse:
        seen.append(request)
        return func.HttpResponse(b"\x00made", status_code=201, headers={"X-Made": "yes"})

    with a_host(an_app(answer)) as host:
        url = f"{host.http_url}/api/THINGS/a%20b/parts/x%2Fy?q=1&q=2&empty=&code=k"
        got = ask(url, "PUT", data=b"body", headers={"X-Asked": "no"})

    (request,) = seen
    assert (got.status_code, got.content, got.headers["X-Made"]) == (201, b"\x00made", "yes")
    assert (request.method, request.url, request.get_body()) == ("PUT", url, b"body")
    assert dict(request.route_params) == {"id": "a b", "part": "x%2Fy"}
    assert dict(request.params) == {"q": "1,2", "code": "k"}
    assert request.headers["x-asked"] == "no"


def test_a_function_may_answer_with_text_alone() -> None:
    with a_host(an_app(lambda _request: "text")) as host:
        got = ask(f"{host.http_url}/api/things/1/parts/2")

    assert (got.status_code, got.text) == (200, "text")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/api/things/1"),
        ("GET", "/things/1/parts/2"),
        ("GET", "/api/things/1/parts/2/3"),
        ("GET", "/api/things//parts/2"),
        ("POST", "/api/things/1/parts/2"),
        ("HEAD", "/api/things/1/parts/2"),
    ],
)
def test_what_no_function_has_as_its_route_and_method_is_not_found(method: str, path: str) -> None:
    with a_host(an_app(ok, methods=["GET"])) as host:
        got = ask(host.http_url + path, method)

    assert (got.status_code, got.content) == (404, b"")


def test_a_function_without_a_route_has_its_name_for_one() -> None:
    with a_host(an_app(ok, route=None)) as host:
        assert ask(f"{host.http_url}/api/on_request").text == "ok"


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"X-Functions-Key": "the-key"}, "", 200),
        ({}, "?code=the-key", 200),
        ({}, "", 401),
        ({"X-Functions-Key": "another"}, "", 401),
        ({}, "?code=the-key2", 401),
        ({"Authorization": "the-key"}, "", 401),
        ({"X-Functions-Key": "é".encode()}, "", 401),
    ],
)
def test_without_its_key_a_function_is_not_called(
    headers: dict[str, str], query: str, status: int
) -> None:
    called: list[func.HttpRequest] = []

    def answer(request: func.HttpRequest) -> func.HttpResponse:
        called.append(request)
        return ok(request)

    with a_host(an_app(answer), KEY) as host:
        got = ask(f"{host.http_url}/api/things/1/parts/2{query}", headers=headers)

    assert got.status_code == status
    assert len(called) == (status == 200)


def test_no_key_is_asked_for_where_the_level_or_the_setting_asks_for_none() -> None:
    with a_host(an_app(ok, level=func.AuthLevel.ANONYMOUS), KEY) as host:
        assert ask(f"{host.http_url}/api/things/1/parts/2").status_code == 200
    with a_host(an_app(ok)) as host:
        assert ask(f"{host.http_url}/api/things/1/parts/2").status_code == 200


def test_a_function_that_raises_is_an_error_without_a_reason_to_its_caller() -> None:
    def fail(_request: func.HttpRequest) -> func.HttpResponse:
        raise ValueError("a secret")

    with Log.of("local", logging.ERROR) as log, a_host(an_app(fail)) as host:
        got = ask(f"{host.http_url}/api/things/1/parts/2")
        log.wait_for("function.failed function=on_request")

    assert (got.status_code, got.content) == (500, b"")


def test_a_host_that_stops_lets_a_request_end_and_takes_no_other() -> None:
    called, stopping = threading.Event(), threading.Event()
    got: list[requests.Response] = []

    def wait(request: func.HttpRequest) -> func.HttpResponse:
        called.set()
        stopping.wait(PATIENCE)
        return ok(request)

    host = a_host(an_app(wait))
    host.__enter__()
    url = f"{host.http_url}/api/things/1/parts/2"
    asking = threading.Thread(target=lambda: got.append(ask(url)))
    asking.start()
    assert called.wait(PATIENCE)

    leaving = threading.Thread(target=host.__exit__)
    leaving.start()
    stopping.set()
    leaving.join(PATIENCE)
    asking.join(PATIENCE)

    assert got[0].text == "ok"
    with pytest.raises(requests.ConnectionError):
        ask(url)


def test_a_host_that_never_began_lets_go_of_its_port() -> None:
    listener = HttpListener([], invoker=None, key="", port=0)  # type: ignore[arg-type]

    listener.stop()

    with socket.create_server(("127.0.0.1", listener.port)):
        pass


def test_an_app_without_functions_of_http_has_no_address() -> None:
    assert LocalHost([], None, {}, settings=QUICK).http_url == ""  # type: ignore[arg-type]


def test_a_trigger_that_the_host_does_not_know_is_named() -> None:
    binding = {"type": "httpTrigger", "name": "request", "authLevel": "FUNCTION"}

    assert read_trigger("f", [binding]) == HttpTrigger("f", "request", route="f")
    with pytest.raises(UnknownTriggerError, match="f: the local host knows queue, timer and HTTP"):
        read_trigger("f", [{"type": "blobTrigger", "name": "blob"}])


# ----------------------------------------------------------------------------- the restore app


@pytest.fixture(params=["memory", pytest.param("azurite", marks=pytest.mark.azurite)])
def store(request: pytest.FixtureRequest) -> Iterator[AccountTables]:
    if request.param == "memory":
        yield _with_rows(MemoryTables(Io()))
    else:
        azurite: Azurite = request.getfixturevalue("azurite")
        with TableServiceClient.from_connection_string(azurite.connection_string) as tables:
            yield _with_rows(tables)
            for table in list(tables.list_tables()):
                tables.delete_table(table.name)


def _with_rows(tables: Any) -> AccountTables:
    store = AccountTables(tables)
    store.create_missing()
    store.restores.record(a_restore(every_state()["Restoring"], requestId="running"))
    for request_id in ("r1", "r2", "r3"):
        ended = a_restore(every_state()["Ended"], requestId=request_id)
        store.restores.record(ended)
        store.results.write(ended, an_outcome())
    return store


def no_engine() -> Engine:
    raise NotImplementedError("nothing comes from a queue here")


def no_doctor() -> Doctor:
    raise NotImplementedError("nobody asks how the app is")


@pytest.fixture
def app(store: AccountTables) -> Iterator[str]:
    """The address of the app's functions of HTTP, on a host that asks for a key."""
    with restore_host(lambda: store, KEY) as host:
        yield f"{host.http_url}/api"


def restore_host(results: Callable[[], AccountTables], environment: dict[str, str]) -> LocalHost:
    api = HttpApi(results, lambda: datetime.now(UTC))
    worker = DirectWorker(function_app.functions(no_engine, lambda: api, no_doctor), {})
    of_http = [trigger for trigger in worker.triggers if isinstance(trigger, HttpTrigger)]
    return LocalHost(of_http, worker, environment, settings=QUICK)


def get(url: str, **more: Any) -> requests.Response:
    return ask(url, headers={"x-functions-key": "the-key"}, **more)


def test_a_receiver_reads_where_a_restore_stands_and_no_operation_url(app: str) -> None:
    got = get(f"{app}/restores/running")

    assert got.status_code == 200
    assert got.headers["Content-Type"] == "application/json"
    assert (got.json()["status"], got.json()["ended"]) == ("Restoring", False)
    assert got.headers["Retry-After"] == "30"
    assert got.headers["Cache-Control"] == "no-store"
    assert "signed" not in got.text


def test_a_receiver_reads_a_day_s_results_page_by_page(app: str) -> None:
    url, found = f"{app}/restores?day=2026-11-21&top=2&status=completed", []

    while url:
        page = get(url).json()
        found.append([row["requestId"] for row in page["value"]])
        url = page.get("nextLink", "")

    assert found == [["r1", "r2"], ["r3"]]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/restores/nobody", 404, "NoSuchRestore"),
        ("/restores/%3Cscript%3E", 400, "InvalidParameter"),
        ("/restores/a%2Fb", 400, "InvalidParameter"),
        ("/restores?day=%00", 400, "InvalidParameter"),
        ("/restores?status=%F0%28", 400, "InvalidParameter"),
        ("/restores?$top=5", 400, "InvalidParameter"),
        ("/restores?top=5&top=6", 400, "InvalidParameter"),
    ],
)
def test_a_receiver_is_told_what_is_wrong(app: str, path: str, status: int, code: str) -> None:
    got = get(app + path)

    assert got.status_code == status
    assert got.headers["Content-Type"] == "application/problem+json"
    assert (got.json()["status"], got.json()["code"]) == (status, code)
    assert "<" not in got.text


def test_nobody_reads_without_the_key(app: str) -> None:
    assert ask(f"{app}/restores/r1").status_code == 401
    assert ask(f"{app}/restores?code=wrong").status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed_over_http(app: str, method: str) -> None:
    for path in ("/restores", "/restores/r1"):
        assert ask(f"{app}{path}?code=the-key", method).status_code == 404


def test_an_app_without_its_settings_says_which_are_missing() -> None:
    with restore_host(_unset, {}) as host:
        got = ask(f"{host.http_url}/api/restores")

    assert (got.status_code, got.json()["code"]) == (500, "SettingsError")
    assert "RestoreStorage is missing" in got.json()["detail"]


def _unset() -> AccountTables:
    raise SettingsError("RestoreStorage is missing: set it to a connection string.")
