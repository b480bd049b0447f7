"""Who may do what: exactly what the code calls, what the page tells, and nowhere wider."""

import re
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import pytest

from restore_core.azure.tables.durations import DURATIONS
from restore_core.azure.tables.outstanding import OUTSTANDING
from restore_core.azure.tables.restores import RESTORES
from restore_core.azure.tables.results import RESULTS
from restore_core.azure.tables.sets import SETS
from restore_core.contract.queue_names import EVENTS, REQUESTS, STEPS
from simulator import faults, routes
from tests import builders
from tests.infra.deployment import OWN, ROOT, deployment
from tests.recordings import NAMES, load
from tests.world import World

ALL = ["smallest", "closed", "elsewhere", "everything"]
VAULTS = "Microsoft.DataProtection/backupVaults/"
ROLES = dict(
    re.findall(r"'([\w ]+)': '([0-9a-f-]{36})'", (ROOT / "infra/roles.bicep").read_text("utf-8"))
)
SENDER = ROLES["Storage Queue Data Message Sender"]
PROCESSOR = ROLES["Storage Queue Data Message Processor"]
QUEUE_READER = ROLES["Storage Queue Data Reader"]
TABLE_READER = ROLES["Storage Table Data Reader"]
RESTORE_OPERATOR = ROLES["Disk Restore Operator"]
SNAPSHOT_CONTRIBUTOR = ROLES["Disk Snapshot Contributor"]


def group(subscription: int, name: str) -> str:
    return f"/subscriptions/00000000-0000-0000-0000-{subscription:012}/resourceGroups/{name}"


def vault(subscription: int, group_name: str, name: str) -> str:
    return (
        f"{group(subscription, group_name)}/providers/Microsoft.DataProtection/backupVaults/{name}"
    )


def custom_role(name: str, of: str = "Azure Disk Restore") -> dict[str, Any]:
    (found,) = (
        one
        for one in deployment(name).all("Microsoft.Authorization/roleDefinitions")
        if one["properties"]["roleName"] == of
    )
    return found


def account(name: str) -> str:
    return str(deployment(name).only("Microsoft.Storage/storageAccounts")["id"])


def app_identity(name: str) -> str:
    identity = deployment(name).only("Microsoft.ManagedIdentity/userAssignedIdentities")
    return f"identity of {identity['id']}"


# --------------------------------------------------------------------- the app, at its vaults


def actions_of_the_role() -> set[str]:
    (permission,) = custom_role("smallest")["properties"]["permissions"]
    assert permission["dataActions"] == permission["notActions"] == []
    return set(permission["actions"])


def page() -> str:
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    return text.partition("### The app\n")[2].partition("### The vault's identity")[0]


def test_the_role_has_the_actions_that_the_page_tells() -> None:
    told = re.findall(r"`(Microsoft\.DataProtection/[\w/]+)` \|", page())

    assert sorted(actions_of_the_role()) == sorted(set(told))


def test_the_role_has_the_actions_that_the_simulator_asked_of_the_app(world: World) -> None:
    """In a world in which the app makes every kind of call that it knows."""
    instance = world.protect("disk-1")
    by_instance = world.restore(instance, requestId="by-instance")
    point = by_instance["recoveryPointId"]
    other = builders.disk("by-point")
    world.restore(
        instance, requestId="by-point", recoveryPointId=point, targetDiskId=other, force=True
    )
    world.simulator.next("POST", "/restore", faults.lose_answer())
    world.send(
        requestId="by-disk",
        backupInstanceId=...,
        sourceDiskId=by_instance["sourceDiskId"],
        vaultId=instance.partition("/backupInstances")[0],
        targetDiskId=builders.disk("by-disk"),
        force=True,
    )
    world.run()

    found = [routes.find(call.method, call.path) for call in world.simulator.calls]

    asked = {match.route.action for match in found if match}
    assert {one for one in asked if one.startswith(VAULTS)} == actions_of_the_role()


def test_the_recordings_saw_no_action_beyond_the_role() -> None:
    calls = chain.from_iterable(load(name)["interactions"] for name in NAMES)
    found = [routes.find(call["method"], urlsplit(call["url"]).path) for call in calls]

    seen = {match.route.action for match in found if match}

    # In 2021, operations were still scoped to the subscription.
    assert {one for one in seen if one.startswith(VAULTS)} <= actions_of_the_role()
    assert len(seen) > 4


@pytest.mark.parametrize("name", ALL)
def test_no_action_is_a_wildcard(name: str) -> None:
    for role in deployment(name).all("Microsoft.Authorization/roleDefinitions"):
        (permission,) = role["properties"]["permissions"]
        assert not [one for one in permission["actions"] if "*" in one]


def test_the_role_may_be_given_only_where_it_is_given() -> None:
    assert custom_role("elsewhere")["properties"]["assignableScopes"] == [
        f"/subscriptions/{OWN}/resourceGroups/rg-disk-restore-elsewhere",
        group(2, "rg-two"),
        group(3, "rg-three"),
    ]


def test_the_app_may_restore_at_each_vault_wherever_it_lies() -> None:
    role = custom_role("elsewhere")["name"]

    assert deployment("elsewhere").granted(role) == {
        (app_identity("elsewhere"), vault(2, "rg-two", "vault-2")),
        (app_identity("elsewhere"), vault(3, "rg-three", "vault-3")),
        (app_identity("elsewhere"), vault(3, "rg-three", "vault-4")),
    }


def test_the_app_reads_disks_only_in_groups_that_are_named() -> None:
    role = custom_role("everything", "Azure Disk Restore (all): read disks")

    (permission,) = role["properties"]["permissions"]
    assert permission["actions"] == [
        "Microsoft.Compute/disks/read",
        "Microsoft.Compute/virtualMachines/read",
    ]
    assert deployment("everything").granted(role["name"]) == {
        (app_identity("everything"), group(1, "rg-prod"))
    }
    assert len(deployment("smallest").all("Microsoft.Authorization/roleDefinitions")) == 1


@pytest.mark.parametrize("name", ALL)
def test_the_app_has_on_its_own_account_what_the_page_tells_and_no_more(name: str) -> None:
    told = set(re.findall(r"\| account \| ([\w ]+) \|", page()))
    names = {guid: role for role, guid in ROLES.items()}

    held = {
        names[one.role]
        for one in deployment(name).grants
        if one.principal == app_identity(name) and one.scope.startswith(account(name))
    }

    assert held == told


@pytest.mark.parametrize("name", ALL)
def test_the_app_may_send_its_log_and_do_nothing_else_there(name: str) -> None:
    insights = deployment(name).only("Microsoft.Insights/components")["id"]

    held = [
        one.role
        for one in deployment(name).grants
        if one.principal == app_identity(name) and one.scope == insights
    ]

    assert held == [ROLES["Monitoring Metrics Publisher"]]
    assert "| Application Insights | Monitoring Metrics Publisher |" in page()


# ------------------------------------------------------------------ the vaults, at their groups


def test_a_vault_s_own_identity_may_write_to_its_targets() -> None:
    made = deployment("smallest")
    own = f"identity of {vault(1, 'rg-prod', 'vault-1')}"

    assert made.granted(RESTORE_OPERATOR) == {(own, group(1, "rg-restored"))}
    assert made.granted(SNAPSHOT_CONTRIBUTOR) == set()


def test_each_identity_of_each_vault_gets_its_role_at_each_of_its_groups() -> None:
    made = deployment("elsewhere")
    two = f"identity of {vault(2, 'rg-two', 'vault-2')}"
    four = f"identity of {vault(3, 'rg-three', 'vault-4')}"
    first = "00000000-0000-0000-0000-0000000000d1"
    second = "00000000-0000-0000-0000-0000000000d2"

    assert made.granted(RESTORE_OPERATOR) == {
        (two, group(4, "rg-restored-a")),
        (two, group(5, "rg-restored-b")),
        (first, group(4, "rg-restored-a")),
        (second, group(4, "rg-restored-a")),
        (four, group(4, "rg-restored-a")),
    }
    assert made.granted(SNAPSHOT_CONTRIBUTOR) == {
        (two, group(2, "rg-snapshots")),
        (first, group(3, "rg-snapshots")),
        (second, group(3, "rg-snapshots")),
    }


def test_the_roles_of_the_vaults_are_those_that_the_page_tells() -> None:
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    told = text.partition("### The vault's identity\n")[2].partition("\n### ")[0]

    for role in ("Disk Restore Operator", "Disk Snapshot Contributor"):
        assert re.search(rf"^\| {role} \| (target|snapshot) resource group \|", told, re.MULTILINE)


# ------------------------------------------------------------- people, senders and receivers


def test_a_sender_may_write_to_the_one_queue_and_a_receiver_read_the_other() -> None:
    made = deployment("everything")
    queues = f"{account('everything')}/queueServices/default/queues"
    of_senders = {one for one in made.granted(SENDER) if one[0].endswith("e1")}

    assert of_senders == {("00000000-0000-0000-0000-0000000000e1", f"{queues}/{REQUESTS}")}
    assert made.granted(PROCESSOR) == {
        ("00000000-0000-0000-0000-0000000000e2", f"{queues}/{EVENTS}")
    }


def test_a_reader_reads_results_and_an_operator_what_restorectl_and_the_night_read() -> None:
    made = deployment("everything")
    tables = f"{account('everything')}/tableServices/default/tables"
    reader = "00000000-0000-0000-0000-0000000000e3"
    operator = "00000000-0000-0000-0000-0000000000e4"

    assert {one for one in made.granted(TABLE_READER) if one[0] == operator} == {
        (operator, f"{tables}/{name}") for name in (RESULTS, RESTORES, OUTSTANDING, SETS, DURATIONS)
    }
    assert night_commands("--table-name") <= {RESULTS, RESTORES}
    assert (reader, f"{tables}/RestoreResults") in made.granted(TABLE_READER)


def test_an_operator_may_peek_at_the_queues_that_the_night_commands_name() -> None:
    operator = "00000000-0000-0000-0000-0000000000e4"

    peeked = {
        scope.rpartition("/")[2]
        for principal, scope in deployment("everything").granted(QUEUE_READER)
        if principal == operator
    }

    assert night_commands("--queue-name") <= peeked
    assert peeked == {REQUESTS, f"{REQUESTS}-poison", f"{STEPS}-poison"}


def night_commands(option: str) -> set[str]:
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    night = text.partition("## Appendix: the night by the Azure CLI\n")[2].partition("\n## ")[0]
    return set(re.findall(rf"{option} (\S+)", night))


def test_nobody_is_given_a_right_who_was_not_named() -> None:
    strangers = {
        one.principal
        for one in deployment("smallest").grants
        if one.principal != app_identity("smallest")
    }

    assert strangers == {f"identity of {vault(1, 'rg-prod', 'vault-1')}"}


def test_what_delivers_to_the_queue_may_do_that_and_nothing_else() -> None:
    queue = f"{account('everything')}/queueServices/default/queues/{REQUESTS}"
    topic = (
        f"identity of {group(1, 'rg-events')}/providers/Microsoft.EventGrid/systemTopics"
        "/deleted-resources"
    )
    workflow = deployment("everything").only("Microsoft.Logic/workflows")["id"]

    for principal in (topic, f"identity of {workflow}"):
        held = [one for one in deployment("everything").grants if one.principal == principal]
        assert [(one.role, one.scope) for one in held] == [(SENDER, queue)]


@pytest.mark.parametrize("name", ALL)
def test_no_right_is_given_wider_than_a_resource_group(name: str) -> None:
    for one in deployment(name).grants:
        assert re.match(r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+", one.scope), one


@pytest.mark.parametrize("name", ALL)
def test_no_right_is_given_twice(name: str) -> None:
    grants = deployment(name).grants

    assert len(grants) == len(set(grants))


@pytest.mark.parametrize("name", ALL)
def test_a_right_at_another_subscription_names_the_role_there(name: str) -> None:
    for one in deployment(name).all("Microsoft.Authorization/roleAssignments"):
        where = re.search(
            r"/subscriptions/([0-9a-f-]{36})|resourceId\('([0-9a-f-]{36})'", one["id"]
        )
        assert where is not None
        there = where[1] or where[2]
        assert one["properties"]["roleDefinitionId"].startswith(f"/subscriptions/{there}/")
