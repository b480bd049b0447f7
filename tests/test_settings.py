"""The environment, read once: what is missing or wrong is named at once."""

from datetime import timedelta

import pytest

from restore_core.connection import StorageConnection
from restore_core.contract.resource_ids import BackupVaultId
from restore_core.errors import SettingsError
from restore_core.lifecycle.outbox import FINAL, Stage
from restore_core.lifecycle.policy import Policy
from restore_core.lifecycle.quota import Bucket, Quota
from restore_core.lifecycle.rules import Rules
from restore_core.settings import Settings
from tests.builders import ALLOW, INSTANCE

QUEUES = "https://account.queue.core.windows.net"
TABLES = "https://account.table.core.windows.net"

VAULT = INSTANCE.partition("/backupInstances/")[0]


def settings(**changes: str) -> Settings:
    return Settings.read({"RestoreStorage": "UseDevelopmentStorage=true", **changes})


def faults(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.read(environment)
    return str(refused.value)


def wrong(**changes: str) -> str:
    return faults({"RestoreStorage": "UseDevelopmentStorage=true", **changes})


def test_storage_alone_will_do_and_the_rest_has_defaults() -> None:
    read = settings()

    assert read.storage == StorageConnection(connection_string="UseDevelopmentStorage=true")
    assert read.arm_endpoint == "https://management.azure.com"
    assert read.arm_client_id == ""
    assert read.api_version == "2025-07-01"
    assert read.uses_graph
    assert read.rules == Rules(Policy())


def test_every_setting_is_read() -> None:
    read = settings(
        ARM_ENDPOINT="https://management.chinacloudapi.cn/",
        AZURE_CLIENT_ID="client-1",
        RESTORE_ALLOW=ALLOW,
        RESTORE_API_VERSION="2024-04-01",
        RESTORE_MAX_AGE_HOURS="1.5",
        RESTORE_JOB_LIST_LAG_SECONDS="60",
        RESTORE_COOLDOWN_MINUTES="0",
        RESTORE_MAX_ACTIVE="7",
        RESTORE_MAX_SET="12",
        RESTORE_ARM_READS="100+2.5",
        RESTORE_ARM_WRITES=" 1200+0.33 ",
        RESTORE_DEFAULT_VAULT=VAULT,
        RESTORE_DELETED_DISKS="True",
        RESTORE_EVENTS="accepted, Completed",
        RESTORE_RESOURCE_GRAPH="False",
    )

    assert read.arm_endpoint == "https://management.chinacloudapi.cn"
    assert read.arm_client_id == "client-1"
    assert read.api_version == "2024-04-01"
    assert not read.uses_graph
    assert read.rules == Rules(
        Policy.parse(ALLOW),
        default_vault=BackupVaultId.parse(VAULT),
        restores_deleted_disks=True,
        cooldown=timedelta(0),
        max_active=7,
        max_set=12,
        quota=Quota(reads=Bucket(100, 2.5), writes=Bucket(1_200, 0.33)),
        max_age=timedelta(minutes=90),
        job_list_lag=timedelta(seconds=60),
        notices=frozenset({Stage.ACCEPTED, Stage.COMPLETED}),
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("all", frozenset(Stage)),
        ("none", frozenset()),
        ("final", FINAL),
        ("FINAL,restoring", FINAL | {Stage.RESTORING}),
        ("timedout", {Stage.TIMED_OUT}),
    ],
)
def test_which_transitions_are_told_is_a_list_of_words(words: str, told: frozenset[Stage]) -> None:
    assert settings(RESTORE_EVENTS=words).rules.notices == told


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("RESTORE_EVENTS", "finished", "RESTORE_EVENTS must be some of all, none, final, accepted"),
        ("RESTORE_EVENTS", "final,", "RESTORE_EVENTS must be some of"),
        ("RESTORE_DELETED_DISKS", "yes", "RESTORE_DELETED_DISKS must be true or false"),
        ("RESTORE_RESOURCE_GRAPH", "no", "RESTORE_RESOURCE_GRAPH must be true or false"),
        ("RESTORE_DEFAULT_VAULT", "vault-1", "RESTORE_DEFAULT_VAULT: it is not the ARM id of a"),
        ("RESTORE_MAX_ACTIVE", "0", "RESTORE_MAX_ACTIVE must be a whole number from 1 to 2000"),
        ("RESTORE_MAX_ACTIVE", "2.5", "RESTORE_MAX_ACTIVE must be a whole number"),
        ("RESTORE_MAX_ACTIVE", "nan", "RESTORE_MAX_ACTIVE must be a whole number"),
        ("RESTORE_MAX_ACTIVE", "2001", "RESTORE_MAX_ACTIVE must be a whole number from 1 to 2000"),
        ("RESTORE_MAX_SET", "2001", "RESTORE_MAX_SET must be a whole number from 1 to 2000"),
        ("RESTORE_MAX_SET", "0", "RESTORE_MAX_SET must be a whole number from 1 to 2000"),
        ("RESTORE_ARM_READS", "250", "RESTORE_ARM_READS must be calls at once and calls per"),
        ("RESTORE_ARM_READS", "1+25", "RESTORE_ARM_READS must be"),
        ("RESTORE_ARM_READS", "250+-1", "RESTORE_ARM_READS must be"),
        ("RESTORE_ARM_WRITES", "200+0.05", "such as 250+25, at least 2+0.1"),
        ("RESTORE_ARM_WRITES", "2e2+inf", "RESTORE_ARM_WRITES must be"),
        ("RESTORE_COOLDOWN_MINUTES", "-1", "RESTORE_COOLDOWN_MINUTES must be a whole number"),
        ("RESTORE_COOLDOWN_MINUTES", "an hour", "RESTORE_COOLDOWN_MINUTES must be a whole number"),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_may_be(name: str, value: str, fault: str) -> None:
    assert fault in wrong(**{name: value})


def test_names_are_matched_without_case_and_values_are_trimmed() -> None:
    read = settings(restore_max_age_hours=" 3 ", Arm_Endpoint=" https://arm.example ")

    assert read.rules.max_age == timedelta(hours=3)
    assert read.arm_endpoint == "https://arm.example"


def test_an_empty_setting_is_absent() -> None:
    assert settings(RESTORE_MAX_AGE_HOURS="", ARM_ENDPOINT=" ") == settings()


def test_everything_that_is_missing_or_wrong_is_named_in_one_error() -> None:
    told = faults(
        {
            "ARM_ENDPOINT": "ftp://x",
            "RESTORE_ALLOW": "everything",
            "RESTORE_MAX_AGE_HOURS": "soon",
            "RESTORE_JOB_LIST_LAG_SECONDS": "-1",
        }
    )

    assert "RestoreStorage is missing" in told
    assert "ARM_ENDPOINT must be an https URL" in told
    assert "RESTORE_ALLOW: 'everything' is no rule" in told
    assert "RESTORE_MAX_AGE_HOURS must be a number from 1 to 720" in told
    assert "RESTORE_JOB_LIST_LAG_SECONDS must be a number above 0 and at most 86400" in told


@pytest.mark.parametrize("number", ["0", "-1", "nan", "inf", "721", "1e9", "x", "1,5"])
def test_a_number_out_of_bounds_is_refused(number: str) -> None:
    assert "RESTORE_MAX_AGE_HOURS must be a number" in wrong(RESTORE_MAX_AGE_HOURS=number)


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080", "https://a.example"],
)
def test_an_endpoint_is_https_or_on_this_machine(endpoint: str) -> None:
    assert settings(ARM_ENDPOINT=endpoint + "/").arm_endpoint == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://management.azure.com",
        "http://localhost.evil.example",
        "http://evil.localhost",
        "management.azure.com",
        "https://",
        "https://[::1",
        "ftp://localhost",
        "//localhost",
        "https://user:secret@management.azure.com",
        "https://management.azure.com/path",
        "https://management.azure.com?x=1",
        "https://management.azure.com:0",
        "https://management.azure.com:99999",
        "https://management.azure.com:x",
        "http://127.0.0.1:99999",
    ],
)
def test_another_endpoint_is_refused(endpoint: str) -> None:
    assert "ARM_ENDPOINT must be an https URL" in wrong(ARM_ENDPOINT=endpoint)


@pytest.mark.parametrize("version", ["2025-07-01", "2026-08-31-preview"])
def test_an_api_version_is_a_date(version: str) -> None:
    assert settings(RESTORE_API_VERSION=version).api_version == version


@pytest.mark.parametrize("version", ["latest", "2025", "2025-07-01&x=1", "v1/../"])
def test_an_api_version_that_is_none_is_refused(version: str) -> None:
    assert "RESTORE_API_VERSION must be a date" in wrong(RESTORE_API_VERSION=version)


# ------------------------------------------------------------ storage, as the host reads it


def test_storage_may_be_two_addresses_and_an_identity() -> None:
    read = Settings.read(
        {"RestoreStorage__queueServiceUri": QUEUES, "RestoreStorage__tableServiceUri": TABLES}
    )

    assert read.storage == StorageConnection(queue_uri=QUEUES, table_uri=TABLES)


def test_storage_may_name_a_user_assigned_identity() -> None:
    read = Settings.read(
        {
            "RestoreStorage__queueServiceUri": QUEUES,
            "RestoreStorage__tableServiceUri": TABLES,
            "RestoreStorage__credential": "ManagedIdentity",
            "RestoreStorage__clientId": "client-2",
        }
    )

    assert read.storage.client_id == "client-2"


def test_the_queues_address_has_the_hosts_other_name_too() -> None:
    read = Settings.read(
        {"RestoreStorage__serviceUri": QUEUES, "RestoreStorage__tableServiceUri": TABLES}
    )

    assert read.storage.queue_uri == QUEUES


def test_a_connection_string_wins_over_addresses() -> None:
    read = settings(RestoreStorage__queueServiceUri=QUEUES, RestoreStorage__credential="odd")

    assert read.storage == StorageConnection(connection_string="UseDevelopmentStorage=true")


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"RestoreStorage": " "},
        {"RestoreStorage__queueServiceUri": QUEUES},
        {"RestoreStorage__tableServiceUri": TABLES},
        {"AzureWebJobsStorage": "UseDevelopmentStorage=true"},
    ],
)
def test_storage_that_is_missing_in_part_is_told_how_to_be_set(environment: dict[str, str]) -> None:
    told = faults(environment)

    assert "RestoreStorage is missing: set it to a connection string, or set" in told
    assert "RestoreStorage__queueServiceUri and RestoreStorage__tableServiceUri" in told


def test_a_credential_that_the_app_does_not_have_is_refused() -> None:
    told = faults(
        {
            "RestoreStorage__queueServiceUri": QUEUES,
            "RestoreStorage__tableServiceUri": TABLES,
            "RestoreStorage__credential": "workloadidentity",
        }
    )

    assert "RestoreStorage__credential must be managedidentity" in told


def test_an_error_shows_no_connection_string() -> None:
    assert "AccountKey" not in faults(
        {"RestoreStorage": "AccountKey=secret", "RESTORE_MAX_AGE_HOURS": "x"}
    )
