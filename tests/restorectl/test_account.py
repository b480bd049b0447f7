"""Which account is meant, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from restorectl import account
from restorectl.exits import Exit, Trouble

if TYPE_CHECKING:
    from pathlib import Path

    from restorectl.account import Account

HERE = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
    "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;"
)
IN_AZURE = (
    "DefaultEndpointsProtocol=https;AccountName=st1;AccountKey=a2V5;EndpointSuffix=core.windows.net"
)


def chosen(folder: Path, option: str = "", config: str = "", **environment: str) -> Account:
    if config:
        (folder / "restorectl.toml").write_text(config)
    environment = {"XDG_CONFIG_HOME": str(folder), **environment}
    return account.chosen(option, environment, folder / "work" / "deep")


def azd(folder: Path, text: str) -> None:
    place = folder / "work" / ".azure"
    (place / "prod").mkdir(parents=True)
    (place / "config.json").write_text(json.dumps({"version": 1, "defaultEnvironment": "prod"}))
    (place / "prod" / ".env").write_text(text)


def test_an_option_wins_over_all_else_and_each_over_what_comes_after(tmp_path: Path) -> None:
    azd(tmp_path, 'AZURE_LOCATION="westeurope"\nstorageAccountName="stazd"\n')
    by_config = {"config": "account = 'stconfig'"}
    by_connection = {"RESTORECTL_CONNECTION_STRING": HERE}

    assert chosen(tmp_path).name == "stazd"
    assert chosen(tmp_path, **by_config).name == "stconfig"
    assert chosen(tmp_path, **by_connection).source == "RESTORECTL_CONNECTION_STRING"
    assert chosen(tmp_path, RESTORECTL_ACCOUNT="stvar", **by_connection).name == "stvar"
    assert chosen(tmp_path, "stoption", RESTORECTL_ACCOUNT="stvar").name == "stoption"


def test_a_name_leads_to_tables_and_queues_without_a_key(tmp_path: Path) -> None:
    connection = chosen(tmp_path, "strestore").connection

    assert connection.table_uri == "https://strestore.table.core.windows.net"
    assert connection.queue_uri == "https://strestore.queue.core.windows.net"
    assert connection.connection_string == ""


def test_the_address_of_another_cloud_leads_to_both(tmp_path: Path) -> None:
    found = chosen(tmp_path, "https://strestore.table.core.usgovcloudapi.net/")

    assert found.name == "strestore"
    assert found.connection.queue_uri == "https://strestore.queue.core.usgovcloudapi.net"


def test_a_config_file_may_name_addresses_endpoint_and_vault(tmp_path: Path) -> None:
    config = (
        "tables = 'https://t.table.private'\nqueues = 'https://q.private'\n"
        "arm_endpoint = 'https://management.usgovcloudapi.net'\nvault = '/subscriptions/x'\n"
    )

    found = chosen(tmp_path, config=config)

    assert found.connection.queue_uri == "https://q.private"
    assert found.arm_endpoint == "https://management.usgovcloudapi.net"
    assert found.vault == "/subscriptions/x"
    assert (
        chosen(tmp_path, ARM_ENDPOINT="https://arm.example").arm_endpoint == "https://arm.example"
    )


@pytest.mark.parametrize(
    ("option", "environment", "reason"),
    [
        ("", {}, "No storage account is named."),
        ("St_1", {}, "'St_1' is no name of a storage account."),
        ("http://st1.table.core.windows.net", {}, "is no address of storage"),
        ("https://user@st1.table.core.windows.net", {}, "is no address of storage"),
        ("", {"RESTORECTL_CONNECTION_STRING": IN_AZURE}, "not on this machine"),
        ("", {"RESTORECTL_CONNECTION_STRING": "x"}, "not on this machine"),
    ],
)
def test_what_names_no_account_or_holds_a_key_is_refused(
    tmp_path: Path, option: str, environment: dict[str, str], reason: str
) -> None:
    with pytest.raises(Trouble, match=reason) as told:
        chosen(tmp_path, option, **environment)

    assert told.value.code is Exit.USAGE
    assert told.value.remedy
    assert "a2V5" not in told.value.text + told.value.remedy


@pytest.mark.parametrize(
    ("config", "reason"),
    [("account = 1", "'account'"), ("acount = 'x'", "'acount'"), ("[", "read")],
)
def test_a_config_file_that_is_wrong_is_told(tmp_path: Path, config: str, reason: str) -> None:
    with pytest.raises(Trouble, match=reason):
        chosen(tmp_path, config=config)


@pytest.mark.parametrize("text", ["{", "{}", '{"defaultEnvironment": "gone"}', "[]"])
def test_an_environment_of_azd_that_is_none_names_none(tmp_path: Path, text: str) -> None:
    azd(tmp_path, "OTHER=x")
    (tmp_path / "work" / ".azure" / "config.json").write_text(text)

    with pytest.raises(Trouble, match="No storage account is named"):
        chosen(tmp_path)


def test_the_emulator_of_this_machine_is_told_without_its_key(tmp_path: Path) -> None:
    for text in (HERE, "UseDevelopmentStorage=true"):
        found = chosen(tmp_path, RESTORECTL_CONNECTION_STRING=text)
        assert found.name == "the emulator on this machine"
