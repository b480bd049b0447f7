"""The looks at storage, token, vaults and graph: what each finds, and what to do."""

from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from restore_core.azure.doctor import graph
from restore_core.azure.doctor.account import AccountLooks
from restore_core.azure.doctor.looks import AzureLooks, vaults
from restore_core.azure.doctor.token import token_look
from restore_core.azure.doctor.vaults import MOST_SAMPLES, VaultLooks
from restore_core.azure.queues import AccountQueues
from restore_core.azure.tables.account import AccountTables
from restore_core.contract.resource_ids import BackupInstanceId, ResourceGroupId
from restore_core.engine.checks import Check, Findings, Look, Verdict
from restore_core.lifecycle.policy import Policy
from restore_core.settings import Settings
from simulator.faults import service_error, status
from tests.azure.bench import Bench
from tests.azure.failing_storage import failing, http_error
from tests.builders import ALLOW, SUBSCRIPTION, TARGET_GROUP
from tests.fakes import NOON, Io, ManualClock, MemoryQueues, MemoryTables

EVERYTHING = Policy.parse("* => *")


def taken(looks: list[Look]) -> dict[str, Check]:
    return {check.name: check for look in looks for check in look.take().checks}


def only(findings: Findings) -> Check:
    (check,) = findings.checks
    return check


def find(findings: Findings, word: str) -> Check:
    (check,) = [check for check in findings.checks if word in check.name]
    return check


# ------------------------------------------------------------------------------------ storage


def an_account(io: Io) -> tuple[AccountLooks, MemoryQueues]:
    tables: Any = MemoryTables(io)
    queues: Any = MemoryQueues(io, ManualClock(NOON))
    AccountTables(tables).create_missing()
    AccountQueues(queues).create_missing()
    return AccountLooks(tables, queues), queues


def test_every_table_and_queue_is_read_and_a_message_stays_where_it_is() -> None:
    account, queues = an_account(Io())
    queues.get_queue_client("restore-requests-poison").send_message("x")

    checks = taken(account.all())

    assert [check.verdict for check in checks.values()].count(Verdict.OK) == 12
    assert checks["queue restore-requests-poison"].found == "It can be read; messages wait there."
    assert "no message waits" in checks["queue restore-steps"].found
    assert queues.get_queue_client("restore-requests-poison").take(1, 60)


@pytest.mark.parametrize(
    ("error", "table", "queue"),
    [
        (
            http_error(403, "AuthorizationPermissionMismatch"),
            "the role 'Storage Table Data Contributor'",
            "the role 'Storage Queue Data Contributor'",
        ),
        (http_error(403, "AuthorizationFailure"), "network rules", "network rules"),
        (http_error(403, "AuthenticationFailed"), "refuses the key", "refuses the key"),
        (ClientAuthenticationError("no"), "no token for storage", "no token for storage"),
        (ServiceRequestError("sig=secret"), "Check that RestoreStorage", "no firewall stands"),
    ],
)
def test_an_account_that_is_not_open_is_told_with_what_opens_it(
    error: Exception, table: str, queue: str
) -> None:
    io = Io()
    account, _ = an_account(io)
    failing(io, error)

    checks = taken(account.all())

    assert table in checks["table Restores"].action
    assert queue in checks["queue restore-requests"].action
    assert checks["table Restores"].verdict is Verdict.FAILED
    assert not any("secret" in check.found for check in checks.values())


def test_what_no_tick_has_made_yet_is_missing_and_not_forbidden() -> None:
    io = Io()
    tables, queues = MemoryTables(io), MemoryQueues(io, ManualClock(NOON))
    fresh: Any = tables, queues

    checks = taken(AccountLooks(*fresh).all())

    assert "The timer makes it" in checks["table Restores"].action
    assert "The timer makes it" in checks["queue restore-events"].action


# ---------------------------------------------------------------------------------- the token


def test_a_token_tells_whose_it_is(bench: Bench) -> None:
    check = only(token_look(bench.arm.bearer, "https://arm").take())

    assert check.verdict is Verdict.OK
    assert "object id bbbbbbbb-cccc-4ddd-8eee-ffffffffffff" in check.found
    assert "eyJ" not in check.found


@pytest.mark.parametrize("token", ["opaque", "a.b", "a.W10.c", "a.eyJvaWQiOiJ4In0.c", "a.\u00e9.c"])
def test_a_token_that_tells_nothing_is_a_token_all_the_same(token: str) -> None:
    class Given:
        def current(self) -> str:
            return token

    bearer: Any = Given()
    check = only(token_look(bearer, "https://arm").take())

    assert (check.verdict, check.found) == (
        Verdict.OK,
        "The app's identity has a token for https://arm.",
    )


def test_no_token_is_told_with_what_brings_one(bench: Bench) -> None:
    bench.tokens.refuses = True

    check = only(token_look(bench.arm.bearer, "https://arm").take())

    assert check.verdict is Verdict.FAILED
    assert "AZURE_CLIENT_ID" in check.action


# ---------------------------------------------------------------------------------- the vaults


def look_at(bench: Bench, policy: Policy = EVERYTHING) -> Findings:
    return VaultLooks(bench.arm, policy, bench.clock).at(bench.instance.vault).take()


def test_a_vault_of_many_disks_is_looked_at_in_some_of_them(bench: Bench) -> None:
    for number in range(2, 7):
        bench.simulator.protect(f"disk-{number}", subscription=SUBSCRIPTION)

    found = look_at(bench)

    assert find(found, "backup instances").found.endswith("protects 6 disks.")
    assert len([check for check in found.checks if "newest point" in check.name]) == MOST_SAMPLES
    assert len(found.samples) == MOST_SAMPLES
    assert {check.verdict for check in found.checks} == {Verdict.OK}


def test_a_list_of_many_pages_is_not_read_to_its_end(bench: Bench) -> None:
    for number in range(2, 7):
        bench.simulator.protect(f"disk-{number}", subscription=SUBSCRIPTION)
    bench.simulator.habits.page_size = 2

    assert "protects 2 or more disks" in find(look_at(bench), "backup instances").found


def test_the_newest_point_is_told_with_its_age(bench: Bench) -> None:
    check = find(look_at(bench), "newest point")

    assert check.found == "Of 2026-11-21T02:00:00Z: 10 h old."


def test_a_point_of_this_hour_is_some_minutes_old(bench: Bench) -> None:
    bench.simulator.add_point(bench.id, time=NOON - timedelta(minutes=59, seconds=30))

    assert find(look_at(bench), "newest point").found.endswith(": 59 min old.")


def test_a_disk_without_a_point_is_a_failure(bench: Bench) -> None:
    bench.simulator.protect("disk-1", subscription=SUBSCRIPTION, points=[])

    check = find(look_at(bench), "newest point")

    assert check.verdict is Verdict.FAILED
    assert "Look in the backup vault whether the disk's backups succeed" in check.action


def test_a_right_that_is_missing_is_told_with_the_role_that_holds_it(bench: Bench) -> None:
    bench.simulator.deny("Microsoft.DataProtection/backupVaults/backupJobs/read")

    check = find(look_at(bench), "jobs")

    assert "Grant it the role 'Azure Disk Restore'" in check.action
    assert "then ask again" in check.action


def test_the_group_that_a_rule_names_is_where_a_validation_may_go(bench: Bench) -> None:
    (sample,) = look_at(bench, Policy.parse(f"* => *; {ALLOW}")).samples
    (nowhere,) = look_at(bench).samples

    assert sample.instance == bench.instance
    assert sample.target == ResourceGroupId.parse(TARGET_GROUP)
    assert nowhere.target is None


def test_a_vault_none_of_whose_disks_a_rule_holds_is_a_failure(bench: Bench) -> None:
    other = BackupInstanceId.of(bench.instance.vault, "another")

    found = look_at(bench, Policy.parse(f"{other} => {TARGET_GROUP}"))

    check = find(found, "backup instances")
    assert check.verdict is Verdict.FAILED
    assert "No rule of RESTORE_ALLOW holds any of them" in check.found
    assert found.samples == []


@pytest.mark.parametrize("how", ["soft-deleted", "no disk"])
def test_a_vault_that_protects_no_disk_is_a_failure(bench: Bench, how: str) -> None:
    bench.simulator.soft_delete(bench.id)
    if how == "no disk":
        bench.simulator.remove_instance(bench.id)
        bench.simulator.protect("blob", subscription=SUBSCRIPTION, datasource_type="Blobs")

    check = find(look_at(bench), "backup instances")

    assert check.verdict is Verdict.FAILED
    assert check.found.endswith("protects no disk.")


def test_an_instance_of_an_impossible_name_is_passed_over(bench: Bench) -> None:
    bench.simulator.protect("other", subscription=SUBSCRIPTION)
    instance = next(iter(bench.simulator.world.instances.values()))
    instance.id += "?x=1"

    assert "protects 1 disks" in find(look_at(bench), "backup instances").found


@pytest.mark.parametrize(
    "fault", [status(500), service_error(400, "InvalidApiVersionParameter"), status(401)]
)
def test_whatever_else_arm_answers_there_is_something_to_do(bench: Bench, fault: Any) -> None:
    bench.next(fault, times=None)

    found = look_at(bench)

    assert {check.verdict for check in found.checks} == {Verdict.FAILED}
    assert all(check.action for check in found.checks)


# ----------------------------------------------------------------------------------- the graph


def seen(bench: Bench, *, is_on: bool = True, some: bool = True) -> Check:
    at = [bench.instance.vault] if some else []
    return only(graph.look(bench.arm, at, bench.clock, is_on=is_on).take())


def test_the_graph_tells_what_it_shows(bench: Bench) -> None:
    assert seen(bench).found == "It shows 1 backup instances of the vaults."


def test_the_graph_tells_that_there_may_be_more(bench: Bench) -> None:
    for number in range(2, 25):
        bench.simulator.protect(f"disk-{number}", subscription=SUBSCRIPTION)

    assert "20 or more" in seen(bench).found


def test_a_graph_that_is_off_or_has_nothing_to_show_is_skipped(bench: Bench) -> None:
    assert seen(bench, is_on=False).found == "RESTORE_RESOURCE_GRAPH is false."
    assert seen(bench, some=False).found == "No vault is known to ask it about."
    assert bench.simulator.calls == []


@pytest.mark.parametrize("mood", ["empty", "forbidden"])
def test_a_graph_that_does_not_help_is_skipped_for_the_app_does_without(
    bench: Bench, mood: Any
) -> None:
    bench.simulator.habits.graph = mood

    check = seen(bench)

    assert check.verdict is Verdict.SKIPPED
    assert "Nothing has to be done" in check.action


# ------------------------------------------------------------------------------- all together


def test_the_vaults_of_rules_and_the_default_one_are_looked_at_each_once(bench: Bench) -> None:
    vault = str(bench.instance.vault)
    settings = Settings.read(
        {
            "RestoreStorage": "UseDevelopmentStorage=true",
            "RESTORE_POLL_SCHEDULE": "x",
            "RESTORE_ALLOW": f"{bench.id} => {TARGET_GROUP}; {vault}2 => {TARGET_GROUP}",
            "RESTORE_DEFAULT_VAULT": vault,
        }
    )

    looks = AzureLooks(settings, bench.clock)

    assert [one.name for one in vaults(settings)] == ["vault-1", "vault-12"]
    assert [look.name for look in looks.arm()] == [
        "vault vault-1",
        "vault vault-12",
        "Resource Graph",
    ]
    assert looks.token().name == "token for ARM"
    assert len(looks.storage()) == 13
