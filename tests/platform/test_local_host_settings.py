"""What the local host reads, and what its own worker hands to a function."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import azure.functions as func
import pytest

from local.app_settings import SettingMissingError, load_local_settings, resolve
from local.host.backoff import Backoff
from local.host.direct_worker import DirectWorker
from local.host.host_json import HostJsonError, QueueSettings
from local.host.local_host import HOST_JSON
from local.host.queue_connection import queue_service
from local.host.queue_listener import poison_queue_name
from local.host.queue_messages import incoming
from restore_core.azure.clients import Identity
from tests.platform.small_app import a_message, an_app

if TYPE_CHECKING:
    from pathlib import Path


def test_app_settings_stand_between_percent_signs() -> None:
    assert resolve("%A%-%B%", {"A": "x", "B": "y"}) == "x-y"
    with pytest.raises(SettingMissingError, match="set the app setting SCHEDULE"):
        resolve("%SCHEDULE%", {})


def test_local_settings_yield_to_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "local.settings.json"
    file.write_text('{"IsEncrypted": false, "Values": {"A": "file", "B": "file"}}')
    environment = {"A": "environment"}

    load_local_settings(file, environment)

    assert environment == {"A": "environment", "B": "file"}


def test_a_connection_string_of_local_settings_is_found_as_one(tmp_path: Path) -> None:
    file = tmp_path / "local.settings.json"
    file.write_text('{"ConnectionStrings": {"RestoreStorage": "UseDevelopmentStorage=true"}}')
    environment: dict[str, str] = {}

    load_local_settings(file, environment)

    assert queue_service("RestoreStorage", environment).account_name == "devstoreaccount1"


def test_the_projects_host_json_is_read_and_open_to_overrides() -> None:
    name = "AzureFunctionsJobHost__extensions__queues__maxPollingInterval"

    read = QueueSettings.read(HOST_JSON, {})
    overridden = QueueSettings.read(HOST_JSON, {name: "00:00:00.5"})

    assert read.visibility_timeout == timedelta(minutes=1)
    assert read.invisibility == timedelta(minutes=10)
    assert overridden.max_polling_interval == timedelta(seconds=0.5)
    assert overridden.batch_size == read.batch_size


def test_a_strict_message_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "host.json"
    file.write_text('{"version": "2.0"}')

    with pytest.raises(HostJsonError, match="messageEncoding"):
        QueueSettings.read(file, {})


@pytest.mark.parametrize("suffix", ["queueServiceUri", "serviceUri"])
def test_a_connection_without_a_connection_string_takes_an_address_and_an_identity(
    suffix: str,
) -> None:
    settings = {
        f"RestoreStorage__{suffix}": "https://account.queue.core.windows.net",
        "RestoreStorage__credential": "managedidentity",
        "RestoreStorage__clientId": "00000000-0000-0000-0000-000000000001",
    }

    service = queue_service("RestoreStorage", settings)

    assert service.url.startswith("https://account.queue.core.windows.net")
    assert service.credential == Identity(
        client_id="00000000-0000-0000-0000-000000000001", managed=True
    )


def test_a_connection_string_comes_before_an_address() -> None:
    settings = {
        "RestoreStorage": "UseDevelopmentStorage=true",
        "RestoreStorage__queueServiceUri": "https://account.queue.core.windows.net",
    }

    assert queue_service("RestoreStorage", settings).account_name == "devstoreaccount1"


def test_a_connection_that_is_not_set_is_named() -> None:
    with pytest.raises(SettingMissingError, match="RestoreStorage__queueServiceUri"):
        queue_service("RestoreStorage", {})


def test_a_poison_queue_has_no_poison_queue() -> None:
    assert poison_queue_name("restore-requests") == "restore-requests-poison"
    assert poison_queue_name("restore-requests-poison") is None
    assert poison_queue_name("q" * 60) is None


def test_an_empty_queue_is_asked_less_and_less_often() -> None:
    backoff = Backoff(timedelta(seconds=5))

    waits = [backoff.next_wait() for _ in range(12)]
    backoff.found()

    assert waits[0] == timedelta(milliseconds=100)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(seconds=5)
    assert backoff.next_wait() == timedelta(milliseconds=100)


def test_a_function_that_returns_a_value_has_failed() -> None:
    worker = DirectWorker(an_app(lambda _message: "done"), {})

    with pytest.raises(RuntimeError, match=r"on_message returned a value but binds no \$return"):
        worker.invoke(worker.triggers[0], incoming(a_message()))


def test_a_parameter_named_context_tells_the_invocation() -> None:
    seen, app = [], func.FunctionApp()

    @app.function_name("with_context")
    @app.queue_trigger(arg_name="message", queue_name="q", connection="RestoreStorage")
    def with_context(message: func.QueueMessage, context: func.Context) -> None:  # noqa: ARG001 - bound by name.
        seen.append((context.function_name, context.thread_local_storage.invocation_id))
        seen.append(context.invocation_id)

    worker = DirectWorker(app, {})
    worker.invoke(worker.triggers[0], incoming(a_message()))

    assert seen == [("with_context", seen[1]), seen[1]]
    assert uuid.UUID(seen[1])
