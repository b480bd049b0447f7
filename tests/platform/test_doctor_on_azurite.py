"""GET /api/doctor on Azurite and the simulated Azure: all well, and each thing broken by hand."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

import function_app
from local.azurite import Azurite
from local.host.direct_worker import DirectWorker
from local.host.local_host import LocalHost
from local.host.triggers import HttpTrigger
from local.stack.run import create_queues_and_tables
from local.stack.settings import app_settings
from restore_core import wiring
from restore_core.reading.doctor import BUDGET
from simulator import Simulator
from tests.nobody import port_of_nobody
from tests.platform.small_app import PATIENCE, QUICK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restore_core.engine.engine import Engine
    from restore_core.reading.http_api import HttpApi

pytestmark = [pytest.mark.azurite, pytest.mark.usefixtures("azurite")]

RIGHTS = "Microsoft.DataProtection/backupVaults"
ROLE = "Grant it the role 'Azure Disk Restore' on /subscriptions/"


@dataclass
class Answer:
    """What the doctor told."""

    body: dict[str, Any]
    text: str
    failed: list[dict[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.failed = [check for check in self.body["checks"] if check["outcome"] == "failed"]

    def check(self, name: str) -> dict[str, str]:
        (found,) = [check for check in self.body["checks"] if check["name"].startswith(name)]
        return found


@dataclass
class Stack:
    """What the app needs around it, and how it is asked."""

    simulator: Simulator
    settings: dict[str, str]
    vault: str
    monkeypatch: pytest.MonkeyPatch

    def ask(self, *, budget: float = BUDGET, **changes: str) -> Answer:
        settings = {**self.settings, **changes}
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
            self.monkeypatch.setenv(name, settings[name])
        with a_host(settings, budget) as host:
            answer = requests.get(f"{host.http_url}/api/doctor?code=the-key", timeout=PATIENCE)
        assert answer.status_code == 200
        return Answer(answer.json(), answer.text)


@contextmanager
def a_host(settings: dict[str, str], budget: float = BUDGET) -> Iterator[LocalHost]:
    doctor = wiring.doctor(settings, lambda: datetime.now(UTC), budget=budget)
    app = function_app.functions(no_engine, no_api, lambda: doctor)
    worker = DirectWorker(app, {})
    of_http = [trigger for trigger in worker.triggers if isinstance(trigger, HttpTrigger)]
    key = {"LOCAL_FUNCTION_KEY": "the-key"}
    with LocalHost(of_http, worker, key, settings=QUICK) as host:
        yield host


def no_engine() -> Engine:
    raise NotImplementedError("the doctor restores nothing")


def no_api() -> HttpApi:
    raise NotImplementedError("nobody reads results here")


@pytest.fixture(scope="module")
def account() -> Iterator[Azurite]:
    with Azurite() as azurite:
        create_queues_and_tables(azurite.connection_string)
        yield azurite


@pytest.fixture
def stack(account: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    simulator = Simulator()
    vault = simulator.protect("disk-1").partition("/backupInstances/")[0]
    group = vault.partition("/providers/")[0] + "-restored"
    with simulator.serve() as server:
        settings = {
            **app_settings(account, server.environment),
            "RESTORE_ALLOW": f"{vault} => {group}",
        }
        yield Stack(simulator, settings, vault, monkeypatch)
    assert simulator.accusations == []


def test_on_the_stack_all_is_well(stack: Stack) -> None:
    answer = stack.ask()

    assert answer.failed == []
    assert answer.body["ok"] is True
    assert {check["name"] for check in answer.body["checks"] if check["outcome"] == "skipped"} == {
        "storage: rights to write"
    }
    assert len([c for c in answer.body["checks"] if c["name"].startswith("table ")]) == 7
    assert len([c for c in answer.body["checks"] if c["name"].startswith("queue ")]) == 5
    assert " old." in answer.check("vault vault-1: newest point")["found"]
    assert "object id bbbbbbbb" in answer.check("token for ARM")["found"]
    assert "shows 1 backup instances" in answer.check("Resource Graph")["found"]
    (sample,) = answer.body["samples"]
    assert sample["vaultId"].lower() == stack.vault.lower()
    assert sample["targetResourceGroupId"].endswith("rg-prod-restored")
    assert answer.body["tookSeconds"] < 20


def test_looking_changes_nothing(stack: Stack) -> None:
    stack.ask()

    posts = [call for call in stack.simulator.calls if call.method != "GET"]
    assert [call.path for call in posts] == ["/providers/Microsoft.ResourceGraph/resources"]
    connection_string = stack.settings["RestoreStorage"]
    tables = TableServiceClient.from_connection_string(connection_string)
    for table in tables.list_tables():
        assert list(tables.get_table_client(table.name).list_entities()) == []
    queues = QueueServiceClient.from_connection_string(connection_string)
    for queue in queues.list_queues():
        assert queues.get_queue_client(queue.name).peek_messages() == []


def test_no_secret_stands_in_the_answer(stack: Stack) -> None:
    answer = stack.ask(RESTORE_POLL_SCHEDULE="AccountKey=abc")

    assert stack.settings["RestoreStorage"] not in answer.text
    assert "AccountKey" not in answer.text
    assert "eyJ" not in answer.text
    shown = {setting["name"]: setting for setting in answer.body["settings"]}
    assert shown["RestoreStorage"]["value"] == "a connection string, which is not shown"
    assert shown["RESTORE_MAX_ACTIVE"] == {
        "name": "RESTORE_MAX_ACTIVE",
        "value": "200",
        "source": "default",
        "isDefault": True,
    }
    assert shown["RESTORE_ALLOW"]["source"] == "app setting RESTORE_ALLOW"


@pytest.mark.parametrize(
    ("right", "broken"),
    [
        ("backupInstances/read", "backup instances"),
        ("backupInstances/recoveryPoints/read", "newest point of disk-1"),
        ("backupJobs/read", "jobs"),
    ],
)
def test_a_right_that_is_missing_is_named_with_the_command_that_grants_it(
    stack: Stack, right: str, broken: str
) -> None:
    stack.simulator.deny(f"{RIGHTS}/{right}")

    (failed,) = stack.ask().failed

    assert failed["name"].startswith(f"vault vault-1: {broken}")
    assert f"It lacks {RIGHTS}/{right}." in failed["action"]
    assert ROLE in failed["action"]
    assert "The command: az role assignment create" in failed["action"]
    assert "then ask again" in failed["action"]
    assert "send the request" not in failed["action"]


def test_a_vault_that_is_not_there_is_named_with_the_settings_to_correct(stack: Stack) -> None:
    answer = stack.ask(RESTORE_DEFAULT_VAULT=stack.vault.replace("vault-1", "vault-2"))

    assert {check["name"] for check in answer.failed} == {
        "vault vault-2: backup instances",
        "vault vault-2: jobs",
    }
    for failed in answer.failed:
        assert "There is no backup vault" in failed["action"]
        assert "RESTORE_DEFAULT_VAULT" in failed["action"]


@pytest.mark.parametrize(
    ("changes", "found", "action"),
    [
        ({"RESTORE_EVENTS": "soon"}, "RESTORE_EVENTS must be some of", "Correct the app setting"),
        ({"RESTORE_ALOW": "x"}, "perhaps RESTORE_ALLOW is meant", "Correct its name"),
        ({"RestoreStorage": ""}, "RestoreStorage is missing", "Correct the app setting"),
        ({"RestoreStorage": "UseDev"}, "RestoreStorage is wrong", "Correct the app setting"),
        ({"RESTORE_ALLOW": ""}, "every request is refused", "Set RESTORE_ALLOW to rules"),
    ],
)
def test_a_setting_that_is_wrong_is_named(
    stack: Stack, changes: dict[str, str], found: str, action: str
) -> None:
    (failed,) = stack.ask(**changes).failed

    assert found in failed["found"]
    assert action in failed["action"]


def test_storage_that_is_away_is_named_table_by_table_and_queue_by_queue(stack: Stack) -> None:
    with port_of_nobody() as port:
        away = (
            "DefaultEndpointsProtocol=http;AccountName=away;AccountKey=YQ==;"
            f"QueueEndpoint=http://127.0.0.1:{port}/away;TableEndpoint=http://127.0.0.1:{port}/away"
        )

        answer = stack.ask(RestoreStorage=away)

    assert len(answer.failed) == 12
    for failed in answer.failed:
        assert failed["name"].split()[0] in ("table", "queue")
        assert "Check that RestoreStorage names the account" in failed["action"]
    assert "YQ==" not in answer.text


def test_an_account_on_which_no_tick_has_been_is_told_apart_from_one_without_rights(
    stack: Stack,
) -> None:
    with Azurite() as fresh:
        answer = stack.ask(RestoreStorage=fresh.connection_string)

    assert len(answer.failed) == 12
    assert {failed["action"].split(".")[0] for failed in answer.failed} == {"It is missing"}


def test_without_a_token_what_needs_one_is_not_looked_at(stack: Stack) -> None:
    answer = stack.ask(IDENTITY_HEADER="wrong")

    (failed,) = answer.failed
    assert failed["name"] == "token for ARM"
    assert "managed identity" in failed["action"]
    assert answer.check("vault vault-1")["outcome"] == "skipped"
    assert answer.check("Resource Graph")["outcome"] == "skipped"
    assert answer.check("table Restores")["outcome"] == "ok"


def test_an_azure_that_takes_calls_and_answers_none_is_told_in_time(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = stack.ask(budget=8, ARM_ENDPOINT=f"http://127.0.0.1:{silent.getsockname()[1]}")

    assert {check["name"] for check in answer.failed} == {"vault vault-1", "Resource Graph"}
    for failed in answer.failed:
        assert failed["found"] == "Not reached: no answer within 8 s."
        assert "a firewall, a proxy" in failed["action"]
    assert answer.check("table Restores")["outcome"] == "ok"
    assert 8 <= answer.body["tookSeconds"] < 30


def test_a_graph_that_shows_nothing_is_no_failure(stack: Stack) -> None:
    stack.simulator.habits.graph = "empty"

    answer = stack.ask()

    assert answer.failed == []
    assert answer.check("Resource Graph")["outcome"] == "skipped"
    assert "the app reads the vaults' own lists instead" in answer.check("Resource Graph")["action"]


def test_nobody_examines_the_app_without_the_key(stack: Stack) -> None:
    with a_host(stack.settings) as host:
        answers = [
            requests.get(f"{host.http_url}/api/doctor{code}", timeout=PATIENCE)
            for code in ("", "?code=another")
        ]

    assert [(answer.status_code, answer.content) for answer in answers] == [(401, b"")] * 2
