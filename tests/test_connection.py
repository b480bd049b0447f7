"""The connection to storage: what the Functions host reads, the app reads, or names."""

import inspect
import re
from pathlib import Path

import pytest

from local.app_settings import SettingMissingError
from local.host.queue_connection import queue_service
from restore_core import connection, settings
from restore_core.azure import clients
from restore_core.connection import StorageConnection
from restore_core.errors import SettingsError
from restore_core.lifecycle import policy
from restore_core.settings import Settings

NAME = "RestoreStorage"
QUEUES, TABLES = "https://acct.queue.core.windows.net", "https://acct.table.core.windows.net"
OTHER = "https://other.table.core.windows.net"
KEY = "UseDevelopmentStorage=true"
IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/u/i"
BY_URI = StorageConnection(queue_uri=QUEUES, table_uri=TABLES)
BY_KEY = StorageConnection(connection_string=KEY)
REFERENCES = [
    "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)",
    "@Microsoft.KeyVault(VaultName=v;SecretName=s)",
    "@Microsoft.AppConfiguration(Endpoint=https://a.azconfig.io; Key=k)",
    " @microsoft.keyvault(SecretUri=https://v.vault.azure.net/secrets/s)",
]
SETTINGS = sorted(
    {
        name
        for module in (settings, policy)
        for name in re.findall(r'"((?:ARM|AZURE|RESTORE)_[A-Z_]+)"', inspect.getsource(module))
    }
)


def parts(**values: str) -> dict[str, str]:
    return {f"{NAME}__{part}": value for part, value in values.items()}


def faults(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as raised:
        Settings.read(environment)
    return str(raised.value)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({NAME: KEY}, BY_KEY),
        ({NAME.upper(): f" {KEY} "}, BY_KEY),
        ({f"AzureWebJobs{NAME}": KEY}, BY_KEY),
        ({f"CUSTOMCONNSTR_{NAME}": KEY}, BY_KEY),
        ({f"customconnstr_{NAME}": KEY}, BY_KEY),
        ({f"SQLAZURECONNSTR_{NAME}": KEY}, BY_KEY),
        ({f"CUSTOMCONNSTR_AzureWebJobs{NAME}": KEY}, BY_KEY),
        ({f"ConnectionStrings:{NAME}": KEY}, BY_KEY),
        ({f"ConnectionStrings__{NAME}": KEY}, BY_KEY),
        ({f"AzureWebJobs{NAME}": KEY, NAME: "AccountName=b"}, BY_KEY),
        ({f"CUSTOMCONNSTR_{NAME}": KEY, NAME: "AccountName=b"}, BY_KEY),
        ({f"AzureWebJobs{NAME}": KEY, f"CUSTOMCONNSTR_{NAME}": "AccountName=b"}, BY_KEY),
        ({f"AzureWebJobs{NAME}": KEY, **parts(accountName="b")}, BY_KEY),
        ({f"AzureWebJobs{NAME}": " ", NAME: KEY}, BY_KEY),
        ({NAME: KEY, **parts(accountName="b", credential="odd", odd="x")}, BY_KEY),
        (parts(accountName="acct"), BY_URI),
        (parts(ACCOUNTNAME="acct"), BY_URI),
        ({f"{NAME}:accountName": "acct"}, BY_URI),
        ({f"AzureWebJobs{NAME}__accountName": "acct"}, BY_URI),
        ({f"AzureWebJobs{NAME}__accountName": "acct", **parts(accountName="b")}, BY_URI),
        (parts(accountName="acct", queueServiceUri=QUEUES), BY_URI),
        (parts(accountName="acct", tableServiceUri="https://ACCT.table.core.windows.net/"), BY_URI),
        (parts(queueServiceUri=QUEUES, tableServiceUri=TABLES), BY_URI),
        (parts(serviceUri=QUEUES, tableServiceUri=TABLES), BY_URI),
        (parts(queueServiceUri=QUEUES, serviceUri="x", tableServiceUri=TABLES), BY_URI),
        (parts(accountName="acct", blobServiceUri="https://acct.blob.core.windows.net"), BY_URI),
    ],
)
def test_the_host_and_the_app_read_the_same(
    environment: dict[str, str], expected: StorageConnection
) -> None:
    assert Settings.read(environment).storage == expected
    service = queue_service(NAME, environment)
    assert service.account_name == ("devstoreaccount1" if expected is BY_KEY else "acct")


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ({}, clients.Identity()),
        (parts(credential="ManagedIdentity"), clients.Identity(managed=True)),
        (parts(clientId="c"), clients.Identity("c")),
        (
            parts(credential="managedidentity", clientId="c"),
            clients.Identity("c", managed=True),
        ),
        (parts(managedIdentityResourceId=IDENTITY), clients.Identity(resource_id=IDENTITY)),
        ({"AZURE_CLIENT_ID": "a"}, clients.Identity("a")),
        ({"AZURE_CLIENT_ID": "a", **parts(clientId="c")}, clients.Identity("c")),
        (
            {"AZURE_CLIENT_ID": "a", **parts(credential="managedidentity")},
            clients.Identity(managed=True),
        ),
        (
            {"AZURE_CLIENT_ID": "a", **parts(managedIdentityResourceId=IDENTITY)},
            clients.Identity(resource_id=IDENTITY),
        ),
    ],
)
def test_the_identity_that_opens_it_is_the_hosts(
    identity: dict[str, str], expected: clients.Identity
) -> None:
    read = Settings.read({**parts(accountName="acct"), **identity}).storage

    assert clients.Identity.of(read) == expected


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (
            parts(accountName="acct", tenantId="t"),
            f"{NAME}__tenantId is nothing that the app",
        ),
        (parts(accountName="acct", clientSecret="s"), f"{NAME}__clientSecret is nothing"),
        (parts(connectionString="x"), f"{NAME}__connectionString is nothing"),
        (parts(queueServiceUrl=QUEUES), f"it takes {NAME}__accountName, {NAME}__queueServiceUri"),
        (parts(accountName="acct", credential="workloadidentity"), "must be managedidentity"),
        (parts(accountName="acct", credential="@x"), f"{NAME}__credential must be"),
        (parts(accountName=QUEUES), f"{NAME}__accountName must be a storage account's name"),
        (parts(accountName="acct", clientId="c", managedIdentityResourceId="r"), "exclude each"),
        (
            {f"AzureWebJobs{NAME}__clientId": "c", NAME: KEY},
            f"AzureWebJobs{NAME} is missing: set it to a connection string",
        ),
        (parts(queueServiceUri=QUEUES), f"or set {NAME}__accountName, or {NAME}__queueServiceUri"),
    ],
)
def test_what_the_app_does_not_take_it_names(wrong: dict[str, str], named: str) -> None:
    assert named in faults(wrong)


@pytest.mark.parametrize(
    "two",
    [
        parts(queueServiceUri=QUEUES, tableServiceUri=OTHER),
        parts(serviceUri=QUEUES, tableServiceUri=OTHER),
        parts(accountName="acct", tableServiceUri=OTHER),
        parts(accountName="acct", queueServiceUri="https://acct.queue.core.usgovcloudapi.net"),
        parts(
            queueServiceUri="http://127.0.0.1:10001/one",
            tableServiceUri="http://127.0.0.1:10002/two",
        ),
        {NAME: f"QueueEndpoint={QUEUES};TableEndpoint={OTHER};SharedAccessSignature=s"},
        {NAME: f"AccountName=acct;AccountKey=a2V5;TableEndpoint={OTHER}"},
        {NAME: f"AccountName=other;AccountKey=a2V5;QueueEndpoint={QUEUES};TableEndpoint={TABLES}"},
        {NAME: "AccountName=acct;AccountName=other;AccountKey=a2V5"},
    ],
)
def test_two_accounts_in_one_connection_are_refused(two: dict[str, str]) -> None:
    assert f"{NAME} names two accounts: the queues and the tables must be in one" in faults(two)
    with pytest.raises(SettingMissingError, match="two accounts"):
        queue_service(NAME, two)


@pytest.mark.parametrize(
    "one",
    [
        parts(
            queueServiceUri="https://acct.queue.core.chinacloudapi.cn",
            tableServiceUri="https://acct.table.core.chinacloudapi.cn",
        ),
        parts(
            queueServiceUri="https://acct.privatelink.queue.core.windows.net",
            tableServiceUri=TABLES,
        ),
        parts(
            queueServiceUri="https://acct.z12.queue.storage.azure.net",
            tableServiceUri="https://acct.z12.table.storage.azure.net",
        ),
        parts(queueServiceUri="https://queues.example.com", tableServiceUri=TABLES),
        parts(
            queueServiceUri="http://[::1]:10001/devstoreaccount1",
            tableServiceUri="http://localhost:10002/devstoreaccount1",
        ),
        parts(queueServiceUri="https://[x", tableServiceUri=TABLES),
        parts(
            queueServiceUri="https://queue.queue.core.windows.net",
            tableServiceUri="https://queue.table.core.windows.net",
        ),
        {NAME: "AccountName=Acct;AccountKey=a2V5;EndpointSuffix=core.usgovcloudapi.net"},
        {NAME: f"AccountName=acct;AccountKey=a2V5;QueueEndpoint={QUEUES}"},
        {NAME: "AccountName=acct;AccountKey=a2V5;QueueEndpoint=https://queues.example.com"},
        {
            NAME: "AccountName=devstoreaccount1;AccountKey=a2V5;"
            "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
            "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1"
        },
    ],
)
def test_addresses_that_may_be_of_one_account_are_taken(one: dict[str, str]) -> None:
    assert connection.read(one).faults == []


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("name", [*SETTINGS, NAME, f"AzureWebJobs{NAME}", f"CUSTOMCONNSTR_{NAME}"])
def test_a_reference_that_was_not_resolved_is_one_fault_that_names_its_setting(
    name: str, reference: str
) -> None:
    told = faults({NAME: KEY, name: reference})

    assert told.startswith(f"The app's settings are wrong. {name} was not resolved: the app was")
    assert told.count(name) == 1
    assert "must be" not in told.replace("identity must be allowed", "")
    assert "vault.azure.net" not in told


@pytest.mark.parametrize("part", ["accountName", "clientId", "queueServiceUri"])
def test_a_part_of_the_connection_may_be_such_a_reference_too(part: str) -> None:
    told = faults(parts(**{part: REFERENCES[0]}))

    assert f"{NAME}__{part} was not resolved" in told
    assert "is missing" not in told


def test_a_reference_in_somebody_elses_setting_does_not_matter() -> None:
    assert Settings.read({NAME: KEY, "OTHER_PASSWORD": REFERENCES[0]}).storage == BY_KEY


def test_those_settings_are_all_that_the_readme_names() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")

    named = set(re.findall(r"^\| `((?:ARM|AZURE|RESTORE)_[A-Z_]+)` \|", readme, re.MULTILINE))

    assert named == set(SETTINGS)
