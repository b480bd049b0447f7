"""`python -m local.doctor` against a whole app: what it shows, what it proves, what it returns."""

from __future__ import annotations

import io
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from local.doctor.command import main
from local.doctor.validations import NothingToValidateError, wanted
from local.live.app import App, AppError
from local.live.waiting import Waiting
from local.stack.folder import FOLDER, held, publish, tell_port
from tests.azure.listener import Listener
from tests.builders import INSTANCE, TARGET_GROUP
from tests.local.deployed import KEY, Deployed, deployed
from tests.nobody import port_of_nobody

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 27, 0, 30, tzinfo=UTC)
VAULT = INSTANCE.partition("/backupInstances/")[0]


@pytest.fixture(scope="module")
def app() -> Iterator[Deployed]:
    with pytest.MonkeyPatch.context() as patch, deployed(patch) as app:
        yield app


def ran(*words: str, folder: Path = FOLDER) -> tuple[int, str]:
    to = Console(file=io.StringIO(), record=True, width=200, highlight=False)
    code = main(["--wait", "60", *words], to=to, pause=lambda _: time.sleep(0.2), folder=folder)
    return code, to.export_text()


azurite = pytest.mark.usefixtures("azurite")


@azurite
@pytest.mark.azurite
@pytest.mark.timeout(120)
def test_all_is_well_when_a_validation_of_each_vault_is_too(app: Deployed) -> None:
    code, screen = ran(*app.words)

    assert code == 0, screen
    assert "All is well." in screen
    assert "queue restore-requests" in screen
    assert "Validated" in screen
    assert KEY not in screen
    assert app.simulator.jobs() == []
    assert app.simulator.accusations == []


@azurite
@pytest.mark.azurite
@pytest.mark.timeout(120)
def test_a_right_that_only_a_validation_shows_is_told_with_its_remedy(app: Deployed) -> None:
    app.simulator.revoke_vault_role(app.group)
    try:
        code, screen = ran(*app.words, "--instance", app.instance)
    finally:
        app.simulator.grant_vault_role(app.group)

    assert code == 1
    assert "UserErrorNotEnoughPermissionOnTargetRG" in screen
    assert "Disk Restore Operator" in screen
    assert "\naz role assignment create" in screen or "\naz " in screen
    assert "Not all is well" in screen


@azurite
@pytest.mark.azurite
def test_a_validation_whose_row_does_not_come_in_time_is_told_with_where_to_look(
    app: Deployed,
) -> None:
    code, screen = ran(*app.words, "--wait", "0.01")

    assert code == 1
    assert "no row has come within 0.01 minutes" in screen
    assert "restore-requests-poison" in screen


@azurite
@pytest.mark.azurite
def test_a_look_that_failed_is_told_last_with_its_command(app: Deployed) -> None:
    app.simulator.deny("Microsoft.DataProtection/backupVaults/backupJobs/read")
    try:
        code, screen = ran(*app.words, "--only-look")
    finally:
        app.simulator.allow("Microsoft.DataProtection/backupVaults/backupJobs/read")

    assert code == 1
    assert "What to do: The app's own identity may not do this." in screen
    assert "\naz role assignment create" in screen
    assert "doctor-" not in screen


@azurite
@pytest.mark.azurite
def test_a_key_that_is_wrong_is_told_with_the_command_that_shows_a_right_one(
    app: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([app.url, "--key", "another"]) == 1
    assert "az functionapp keys list" in capsys.readouterr().err


@azurite
@pytest.mark.azurite
@pytest.mark.timeout(120)
def test_without_an_address_it_asks_the_stack_that_runs(
    app: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = {"targetResourceGroupId": app.group, "backupInstanceId": app.instance}
    monkeypatch.setenv("RESTORE_FUNCTION_KEY", KEY)
    with held(tmp_path / "s") as folder:
        publish(
            folder,
            {"RestoreStorage": app.connection_string},
            {"newest-point.json": message},
        )
        tell_port(folder, int(app.url.rpartition(":")[2]))
        code, screen = ran(folder=folder)

    assert code == 0, screen
    assert "Validated" in screen


# --------------------------------------------------------------------------- without an app


def test_no_validation_is_sent_while_the_settings_are_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check = {"name": "settings", "outcome": "failed", "found": "F is wrong.", "action": "Mend it."}
    body = {"ok": False, "version": "1", "at": "now", "checks": [check], "settings": []}
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", "UseDevelopmentStorage=true")

    with Listener(json.dumps({**body, "samples": []}).encode()) as server:
        code, screen = ran(server.url, "--instance", INSTANCE, "--target-group", TARGET_GROUP)

    assert code == 1
    assert "settings: F is wrong.\nWhat to do: Mend it." in screen
    assert "No validation is sent before the settings are right." in screen


def test_an_app_that_takes_no_message_is_told_when_the_time_is_over() -> None:
    with Listener(b'{"code": "NoSuchRestore"}', status=404) as server:
        looks: list[float] = []
        waiting = Waiting(App(server.url, ""), pause=looks.append, seconds=20)

        assert list(waiting.for_all(["doctor-1"])) == []

    assert looks == [5.0] * 4


def test_an_app_that_is_away_for_a_moment_is_waited_for() -> None:
    with port_of_nobody() as port:
        away = App(f"http://127.0.0.1:{port}", "")

        assert list(Waiting(away, pause=lambda _: None, seconds=10).for_all(["doctor-1"])) == []


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (404, b"", "has no doctor"),
        (401, b"", "does not take the key"),
        (500, b'{"code": "InternalError", "detail": "The app failed"}', "InternalError"),
        (200, b"<html>", "no JSON"),
        (302, b"[]", "no JSON"),
    ],
)
def test_an_answer_that_is_none_is_told(status: int, body: bytes, told: str) -> None:
    with Listener(body, status=status) as server, pytest.raises(AppError, match=told):
        App(server.url, "k").doctor()


@pytest.mark.parametrize("url", ["http://app.azurewebsites.net", "ftp://x", "https://", "http://"])
def test_no_key_goes_out_in_the_clear(url: str) -> None:
    with pytest.raises(AppError, match="is no address of an app"):
        App(url, "k")


def test_without_an_account_it_says_what_to_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)

    assert main(["https://app.example"]) == 2
    assert "--account" in capsys.readouterr().err


def a_sample(vault: str = VAULT, **changes: Any) -> dict[str, Any]:
    instance = f"{vault}/backupInstances/disk-1"
    group = TARGET_GROUP
    return {
        "vaultId": vault,
        "backupInstanceId": instance,
        "targetResourceGroupId": group,
        **changes,
    }


def test_one_instance_of_each_vault_is_validated_in_the_group_of_its_rule() -> None:
    second = a_sample(f"{VAULT}2")
    more = a_sample(backupInstanceId=f"{VAULT}/backupInstances/disk-2")

    asked = wanted([a_sample(), more, second], [], "", NOW)

    assert [one.instance for one in asked] == [
        a_sample()["backupInstanceId"],
        second["backupInstanceId"],
    ]
    assert {one.group for one in asked} == {TARGET_GROUP}
    assert len({one.request_id for one in asked}) == 2
    assert json.dumps(asked[0].message).count("validateOnly") == 1


def test_the_instances_that_are_named_are_validated_and_no_other() -> None:
    (asked,) = wanted([a_sample()], [INSTANCE], TARGET_GROUP, NOW)

    assert (asked.instance, asked.group) == (INSTANCE, TARGET_GROUP)


@pytest.mark.parametrize(
    ("samples", "instances", "told"),
    [
        ([], [], "--instance"),
        ([a_sample(targetResourceGroupId=None)], [], "--target-group"),
        ([a_sample()], [INSTANCE], "--target-group"),
    ],
)
def test_what_is_not_known_is_not_guessed_but_asked_for(
    samples: list[dict[str, Any]], instances: list[str], told: str
) -> None:
    with pytest.raises(NothingToValidateError, match=told):
        wanted(samples, instances, "", NOW)
