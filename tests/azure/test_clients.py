"""Clients of Azure from the settings; none of them connects before it is used."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from restore_core.azure import clients
from restore_core.connection import StorageConnection
from restore_core.errors import SettingsError
from tests.azure.listener import Listener

SCOPE = "https://management.azure.com/.default"
A_TOKEN = b'{"access_token": "t", "expires_on": "4102444800", "resource": "r", "token_type": "B"}'
BOTH = pytest.mark.parametrize("client_of", [clients.tables, clients.queues])
QUEUES, TABLES = "https://a.queue.core.windows.net", "https://a.table.core.windows.net"


@BOTH
def test_a_connection_string_makes_a_client_of_its_account(
    client_of: Callable[[StorageConnection], Any],
) -> None:
    storage = StorageConnection(connection_string="UseDevelopmentStorage=true")

    with client_of(storage) as client:
        assert client.account_name == "devstoreaccount1"


def test_addresses_make_clients_with_the_apps_identity() -> None:
    storage = StorageConnection(queue_uri=QUEUES, table_uri=TABLES, client_id="client-1")

    with clients.queues(storage) as queues, clients.tables(storage) as tables:
        assert queues.url.startswith(QUEUES)
        assert tables.url.startswith(TABLES)


@BOTH
@pytest.mark.parametrize("text", ["secret", "AccountName=a", "AccountKey=secret;x"])
def test_a_connection_string_that_is_none_names_its_setting_and_shows_nothing_of_it(
    client_of: Callable[[StorageConnection], Any], text: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        client_of(StorageConnection(connection_string=text))

    assert "RestoreStorage is wrong" in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("account", [":", "@#"])
def test_an_account_that_is_part_of_no_address_names_the_setting(account: str) -> None:
    """Found by fuzzing: the SDK fails in itself, and not as it fails otherwise."""
    with pytest.raises(SettingsError, match="RestoreStorage is wrong"):
        clients.tables(StorageConnection(connection_string=f"AccountName={account};AccountKey=."))


@pytest.mark.parametrize(
    ("identity", "asked"),
    [
        (clients.Identity(), {}),
        (clients.Identity("client-1"), {"client_id": "client-1"}),
        (clients.Identity(managed=True), {}),
        (clients.Identity("client-1", managed=True), {"client_id": "client-1"}),
        (clients.Identity(resource_id="/sub/id"), {"mi_res_id": "/sub/id"}),
        (clients.Identity(resource_id="/sub/id", managed=True), {"mi_res_id": "/sub/id"}),
    ],
)
def test_a_token_is_asked_of_the_platform_for_the_identity_that_was_named(
    identity: clients.Identity, asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    with Listener(A_TOKEN) as platform:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{platform.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "secret")

        token, told = identity.get_token(SCOPE), identity.get_token_info(SCOPE)

    assert token.token == told.token == "t"
    query = dict(parse_qsl(urlsplit(platform.heard[0].target).query))
    assert {name: query[name] for name in query if name.endswith("_id")} == asked
