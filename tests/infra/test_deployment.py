"""What would really be made, and that it is what the code knows: queues, tables, settings."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from restore_core.azure.queues import AccountQueues
from restore_core.azure.tables.account import AccountTables
from restore_core.contract.queue_names import REQUESTS
from restore_core.settings import Settings
from tests.fakes import NOON, Io, ManualClock, MemoryQueues, MemoryTables
from tests.infra.deployment import INFRA, PARAMETERS, ROOT, Deployment, deployment, unrolled

ALL = ["smallest", "closed", "elsewhere", "everything"]
VAULT = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod"
    "/providers/Microsoft.DataProtection/backupVaults/vault-1"
)
TARGET = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-restored"
WIRING = re.compile(r"(AzureWebJobsStorage|RestoreStorage)__\w+|APPLICATIONINSIGHTS_\w+|PYTHON_\w+")


# ------------------------------------------------------------------------- equal to the code


@pytest.mark.parametrize("name", ALL)
def test_the_queues_are_those_that_the_code_knows(name: str) -> None:
    queues = MemoryQueues(Io(), ManualClock(NOON))
    AccountQueues(queues).create_missing()

    made = deployment(name).names("Microsoft.Storage/storageAccounts/queueServices/queues")

    assert sorted(made) == sorted(queues.queues)


@pytest.mark.parametrize("name", ALL)
def test_the_tables_are_those_that_the_code_knows(name: str) -> None:
    tables = MemoryTables(Io())
    AccountTables(tables).create_missing()

    made = deployment(name).names("Microsoft.Storage/storageAccounts/tableServices/tables")

    assert sorted(made) == sorted(tables.tables)


def test_every_setting_that_the_code_reads_is_there_and_no_other() -> None:
    settings = deployment("smallest").settings

    chosen = {name for name in settings if not WIRING.fullmatch(name)}
    assert chosen == settings_in_code()


def test_a_setting_that_is_not_chosen_has_the_default_of_the_code() -> None:
    settings = deployment("smallest").settings
    own = {"AZURE_CLIENT_ID", "RESTORE_ALLOW", *filter(WIRING.fullmatch, settings)}

    for setting in settings.keys() - own:
        without = {name: value for name, value in settings.items() if name != setting}
        assert Settings.read(settings) == Settings.read(without), setting


def test_the_app_starts_with_the_settings_of_each_deployment() -> None:
    for name in ALL:
        settings = Settings.read(deployment(name).settings)

        assert settings.arm_endpoint == "https://management.azure.com"
        assert settings.storage.connection_string == ""
        assert settings.storage.queue_uri.endswith(".queue.core.windows.net")
        assert settings.storage.client_id == settings.arm_client_id != ""


def test_a_rule_pairs_each_vault_with_its_own_targets_unless_rules_are_given() -> None:
    assert deployment("smallest").settings["RESTORE_ALLOW"] == f"{VAULT} => {TARGET}"
    assert deployment("elsewhere").settings["RESTORE_ALLOW"].count("=>") == 4
    assert deployment("everything").settings["RESTORE_ALLOW"] == f"* => {TARGET}"


def test_a_chosen_setting_is_taken_and_the_others_keep_their_defaults() -> None:
    settings = deployment("everything").settings

    assert settings["RESTORE_EVENTS"] == "all"
    assert settings["RESTORE_DELETED_DISKS"] == "true"
    assert settings["RESTORE_MAX_ACTIVE"] == "50"
    assert settings["RESTORE_MAX_SET"] == "1000"
    assert settings["RESTORE_ARM_READS"] == "1100+18"
    assert settings["RESTORE_ARM_WRITES"] == "200+10"
    assert settings["RESTORE_MAX_AGE_HOURS"] == "48"


def test_the_timer_and_the_threads_are_those_of_the_sample() -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text("utf-8"))["Values"]
    settings = deployment("smallest").settings

    for name in ("RESTORE_POLL_SCHEDULE", "PYTHON_THREADPOOL_THREAD_COUNT"):
        assert settings[name] == sample[name]


def test_no_setting_names_what_flex_consumption_sets_itself() -> None:
    settings = deployment("everything").settings

    assert not {"FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION"} & set(settings)


# ------------------------------------------------------------------------------- what is made


@pytest.mark.parametrize("name", ALL)
def test_no_key_and_no_connection_string_is_made_or_read(name: str) -> None:
    text = json.dumps(deployment(name).resources)

    assert not re.search(r"listKeys|listAccountSas|listCallbackUrl|AccountKey|SharedAccess", text)
    assert "AzureWebJobsStorage" not in deployment(name).settings
    assert "RestoreStorage" not in deployment(name).settings


@pytest.mark.parametrize("name", ALL)
def test_the_account_takes_no_key_and_no_stranger(name: str) -> None:
    account = deployment(name).only("Microsoft.Storage/storageAccounts")["properties"]

    assert account["allowSharedKeyAccess"] is False
    assert account["allowBlobPublicAccess"] is False
    assert account["minimumTlsVersion"] == "TLS1_2"


@pytest.mark.parametrize("name", ALL)
def test_the_app_is_closed_but_for_https(name: str) -> None:
    made = deployment(name)
    app = made.only("Microsoft.Web/sites")
    passwords = made.all("Microsoft.Web/sites/basicPublishingCredentialsPolicies")

    assert app["properties"]["httpsOnly"] is True
    assert app["properties"]["siteConfig"]["ftpsState"] == "Disabled"
    assert app["properties"]["siteConfig"]["minTlsVersion"] == "1.2"
    assert app["identity"]["type"] == "UserAssigned"
    assert [one["properties"] for one in passwords] == [{"allow": False}] * 2


@pytest.mark.parametrize("name", ALL)
def test_the_app_runs_on_flex_consumption_with_its_own_identity(name: str) -> None:
    made = deployment(name)
    config = made.only("Microsoft.Web/sites")["properties"]["functionAppConfig"]

    assert made.only("Microsoft.Web/serverfarms")["sku"]["tier"] == "FlexConsumption"
    assert config["runtime"] == {"name": "python", "version": "3.13"}
    assert config["deployment"]["storage"]["authentication"]["type"] == "UserAssignedIdentity"
    assert "alwaysReady" not in config["scaleAndConcurrency"]


@pytest.mark.parametrize("name", ALL)
def test_nobody_sends_to_the_log_without_an_identity(name: str) -> None:
    made = deployment(name)

    workspace = made.only("Microsoft.OperationalInsights/workspaces")["properties"]
    assert workspace["features"]["disableLocalAuth"] is True
    assert made.only("Microsoft.Insights/components")["properties"]["DisableLocalAuth"] is True
    assert "Authorization=AAD" in made.settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]


@pytest.mark.parametrize("name", ALL)
def test_who_writes_to_queues_and_tables_is_logged(name: str) -> None:
    logged = deployment(name).all("Microsoft.Insights/diagnosticSettings")

    services = {one["id"].partition("/providers/Microsoft.Insights")[0] for one in logged}
    assert {one.rpartition("/")[0].rpartition("/")[2] for one in services} == {
        "queueServices",
        "tableServices",
    }
    for one in logged:
        kinds = {log["category"] for log in one["properties"]["logs"] if log["enabled"]}
        assert kinds == {"StorageWrite", "StorageDelete"}


def test_the_network_is_open_unless_it_is_closed() -> None:
    made = deployment("smallest")

    account = made.only("Microsoft.Storage/storageAccounts")["properties"]
    assert account["publicNetworkAccess"] == "Enabled"
    assert not [one for one in made.resources if one["type"].startswith("Microsoft.Network")]
    assert not made.only("Microsoft.Web/sites")["properties"].get("virtualNetworkSubnetId")


def test_a_closed_network_leads_to_storage_by_private_endpoints_alone() -> None:
    made = deployment("closed")

    account = made.only("Microsoft.Storage/storageAccounts")["properties"]
    network = made.only("Microsoft.Network/virtualNetworks")
    app = made.only("Microsoft.Web/sites")["properties"]
    assert account["publicNetworkAccess"] == "Disabled"
    assert account["networkAcls"]["defaultAction"] == "Deny"
    assert reached(made) == {"blob", "queue", "table"}
    assert len(made.all("Microsoft.Network/privateDnsZones")) == 3
    assert len(made.all("Microsoft.Network/privateDnsZones/virtualNetworkLinks")) == 3
    assert app["virtualNetworkSubnetId"] == f"{network['id']}/subnets/app"
    subnets = {one["name"]: one["properties"] for one in network["properties"]["subnets"]}
    assert subnets["app"]["addressPrefix"] == "10.20.30.0/26"
    assert subnets["endpoints"]["addressPrefix"] == "10.20.30.64/26"
    (delegation,) = subnets["app"]["delegations"]
    assert delegation["properties"]["serviceName"] == "Microsoft.App/environments"


def test_dns_zones_that_are_there_are_used_and_none_is_made() -> None:
    made = deployment("everything")

    assert reached(made) == {"blob", "queue", "table"}
    assert made.all("Microsoft.Network/privateDnsZones") == []
    zones = [
        config["properties"]["privateDnsZoneId"]
        for one in made.all("Microsoft.Network/privateEndpoints/privateDnsZoneGroups")
        for config in one["properties"]["privateDnsZoneConfigs"]
    ]
    assert len(zones) == 3
    assert all("/resourceGroups/rg-dns/" in zone for zone in zones)


def reached(made: Deployment) -> set[str]:
    links = [
        link
        for one in made.all("Microsoft.Network/privateEndpoints")
        for link in one["properties"]["privateLinkServiceConnections"]
    ]
    return {group for link in links for group in link["properties"]["groupIds"]}


def test_every_chosen_name_size_and_tag_is_taken() -> None:
    made = deployment("everything")

    group = made.only("Microsoft.Resources/resourceGroups")
    app = made.only("Microsoft.Web/sites")
    scale = app["properties"]["functionAppConfig"]["scaleAndConcurrency"]
    assert group["name"] == "rg-chosen"
    assert group["tags"] == {"costCentre": "4711", "azd-env-name": "all"}
    assert app["name"] == "func-chosen-01"
    assert app["tags"]["azd-service-name"] == "app"
    assert scale == {"instanceMemoryMB": 4096, "maximumInstanceCount": 100}
    assert made.only("Microsoft.Storage/storageAccounts")["sku"] == {"name": "Standard_GZRS"}
    workspace = made.only("Microsoft.OperationalInsights/workspaces")["properties"]
    assert workspace["retentionInDays"] == 180
    assert workspace["workspaceCapping"] == {"dailyQuotaGb": 5}
    named = {one["name"].partition("/")[0] for one in made.resources}
    assert {"plan-chosen", "id-chosen", "log-chosen", "appi-chosen", "vnet-chosen"} <= named
    assert {"ag-chosen", "la-chosen", "stchosen01"} <= named


def test_what_is_optional_is_not_made_unless_it_is_asked_for() -> None:
    kinds = {one["type"] for one in deployment("smallest").resources}

    assert not [
        kind for kind in kinds if kind.startswith(("Microsoft.Logic", "Microsoft.EventGrid"))
    ]
    assert [
        one["name"].rpartition("/")[2]
        for one in deployment("smallest").all("Microsoft.Web/sites/config")
    ] == ["appsettings"]


def test_entra_authentication_lets_nobody_in_without_a_token_of_those_named() -> None:
    config = deployment("everything").only("Microsoft.Web/sites/config", "/authsettingsV2")

    held = config["properties"]
    directory = held["identityProviders"]["azureActiveDirectory"]
    assert held["globalValidation"] == {
        "requireAuthentication": True,
        "unauthenticatedClientAction": "Return401",
    }
    assert directory["validation"]["allowedAudiences"] == [
        "api://00000000-0000-0000-0000-0000000000f1"
    ]
    assert directory["validation"]["defaultAuthorizationPolicy"]["allowedApplications"] == [
        "00000000-0000-0000-0000-0000000000f2"
    ]


def test_entra_authentication_without_names_lets_in_the_registration_alone(tmp_path: Path) -> None:
    text = (PARAMETERS / "everything.bicepparam").read_text("utf-8")
    named = "  allowedApplications: ['00000000-0000-0000-0000-0000000000f2']\n"
    assert named in text
    file = tmp_path / "unnamed.bicepparam"
    file.write_text(text.replace(named, ""))

    config = unrolled(file).only("Microsoft.Web/sites/config", "/authsettingsV2")

    directory = config["properties"]["identityProviders"]["azureActiveDirectory"]
    policy = directory["validation"]["defaultAuthorizationPolicy"]
    assert policy["allowedApplications"] == ["00000000-0000-0000-0000-0000000000f1"]


def test_azd_finds_the_app_by_the_name_of_its_service() -> None:
    text = (ROOT / "azure.yaml").read_text("utf-8")
    service = re.search(
        r"^services:\n  (\w+):\n    project: \.\n    host: function$", text, re.MULTILINE
    )

    assert service is not None
    assert (
        deployment("smallest").only("Microsoft.Web/sites")["tags"]["azd-service-name"] == service[1]
    )


def test_deleted_disks_are_told_by_the_topic_that_is_there() -> None:
    one = deployment("everything").only("Microsoft.EventGrid/systemTopics/eventSubscriptions")

    held = one["properties"]
    delivery = held["deliveryWithResourceIdentity"]
    assert one["id"].startswith(
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-events/"
    )
    assert delivery["identity"] == {"type": "SystemAssigned"}
    assert delivery["destination"]["properties"]["queueName"] == REQUESTS
    assert "'microsoft.resourcenotifications.resources'" in held["filter"]


def test_the_filters_of_deleted_disks_are_those_that_the_page_shows() -> None:
    """One for each of the two kinds of topic: which it is, is known to Azure only."""
    page = (ROOT / "docs" / "senders.md").read_text("utf-8")
    deployed = (INFRA / "modules" / "deleted-disks.bicep").read_text("utf-8")
    shown = r"includedEventTypes: (\[.*\])\s+advancedFilters: \[\s+(\{.*\})\s+\]"

    assert sorted(re.findall(shown, deployed)) == sorted(re.findall(shown, page))
    assert len(re.findall(shown, deployed)) == 2


def test_the_workflow_that_forwards_alerts_is_the_one_that_the_page_shows() -> None:
    page = (ROOT / "docs" / "senders.md").read_text("utf-8")
    shown = re.search(r"^```json workflow=forward\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    file = (INFRA / "workflows" / "forward-alerts.json").read_text("utf-8")

    deployed = deployment("everything").only("Microsoft.Logic/workflows")["properties"]

    assert shown is not None
    assert shown[1] == file
    assert deployed["definition"] == json.loads(file)["definition"]
    assert parameters_of(deployed) == parameters_of(json.loads(file))
    assert deployed["parameters"]["account"] == {"value": "stchosen01"}


def parameters_of(workflow: dict[str, Any]) -> Any:
    """Return how a workflow signs in to its connections, without whose they are."""
    connections = workflow["parameters"]["$connections"]["value"]
    return {name: one["connectionProperties"] for name, one in connections.items()}


def test_the_example_makes_what_the_smallest_makes() -> None:
    example = unrolled(INFRA / "main.bicepparam")

    kinds = [one["type"] for one in deployment("smallest").resources]
    assert example.complaints == ""
    assert [one["type"] for one in example.resources] == kinds


def settings_in_code() -> set[str]:
    """Return the names of all settings that the code reads, but for the storage connection."""
    found = (
        {"RESTORE_POLL_SCHEDULE"}
        if "%RESTORE_POLL_SCHEDULE%" in source("function_app.py")
        else set()
    )
    for file in ("restore_core/settings.py", "restore_core/lifecycle/policy.py"):
        for node in ast.walk(ast.parse(source(file))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(re.findall(r"^(?:RESTORE|AZURE|ARM)_[A-Z_]+$", node.value))
    return found


def source(file: str) -> str:
    return (ROOT / file).read_text("utf-8")
