"""Who may have what restored to where: whole segments, without case, in pairs."""

import pytest

from restore_core.contract.resource_ids import BackupInstanceId, DiskId, ResourceGroupId
from restore_core.errors import Problem
from restore_core.lifecycle.policy import Policy
from tests.builders import INSTANCE, SUBSCRIPTION, TARGET_GROUP, disk

OTHER_SUBSCRIPTION = "99999999-1111-2222-3333-444444444444"
SUB = f"/subscriptions/{SUBSCRIPTION}"
BACKUP_GROUP = f"{SUB}/resourceGroups/rg-backup"
VAULT = f"{BACKUP_GROUP}/providers/Microsoft.DataProtection/backupVaults/vault-1"
TARGET = disk("disk-1-restored")


def refusal(rules: str, source: str = INSTANCE, target: str = TARGET) -> Problem | None:
    return Policy.parse(rules).refusal(BackupInstanceId.parse(source), DiskId.parse(target))


def refusal_of_group(rules: str, group: str = TARGET_GROUP) -> Problem | None:
    source = BackupInstanceId.parse(INSTANCE)
    return Policy.parse(rules).refusal(source, ResourceGroupId.parse(group))


@pytest.mark.parametrize("source", ["*", SUB, BACKUP_GROUP, VAULT, INSTANCE])
@pytest.mark.parametrize("target", ["*", SUB, TARGET_GROUP, TARGET])
def test_a_rule_allows_what_lies_in_both_its_scopes(source: str, target: str) -> None:
    assert refusal(f"{source} => {target}") is None


@pytest.mark.parametrize(
    "source",
    [
        f"/subscriptions/{OTHER_SUBSCRIPTION}",
        f"{SUB}/resourceGroups/rg-back",
        f"{SUB}/resourceGroups/rg-backup-2",
        VAULT[:-1] + "2",
        INSTANCE[:-1] + "2",
    ],
)
def test_a_source_beside_the_scope_is_refused(source: str) -> None:
    assert refusal(f"{source} => *") is not None


@pytest.mark.parametrize(
    "target",
    [
        f"/subscriptions/{OTHER_SUBSCRIPTION}",
        f"{SUB}/resourceGroups/rg-rest",
        f"{SUB}/resourceGroups/rg-restore-hr",
        disk("disk-1"),
    ],
)
def test_a_target_beside_the_scope_is_refused(target: str) -> None:
    assert refusal(f"* => {target}") is not None


def test_scopes_are_compared_without_case() -> None:
    assert refusal(f"{VAULT.upper()} => {TARGET_GROUP.upper()}") is None
    assert refusal(f"{VAULT} => {TARGET_GROUP}", INSTANCE.upper(), TARGET.upper()) is None


def test_a_trailing_slash_of_a_scope_means_nothing() -> None:
    assert refusal(f"{VAULT}/ => {TARGET_GROUP}/") is None


def test_the_source_of_one_rule_does_not_go_with_the_target_of_another() -> None:
    hr = f"{SUB}/resourceGroups/rg-hr"
    rules = f"{BACKUP_GROUP} => {TARGET_GROUP}; {hr} => {SUB}/resourceGroups/rg-hr-restored"

    assert refusal(rules) is None
    assert refusal(rules, INSTANCE.replace("rg-backup", "rg-hr")) is not None
    assert refusal(rules, target=TARGET.replace("rg-restore", "rg-hr-restored")) is not None


@pytest.mark.parametrize("between", [";", "\n", "\r\n", ";\n", " ;; ", "\n\n"])
def test_rules_are_parted_by_semicolons_or_new_lines(between: str) -> None:
    rules = f"{VAULT}2 => *{between}{VAULT} => {TARGET_GROUP}{between}"

    assert len(Policy.parse(rules).rules) == 2
    assert refusal(rules) is None


@pytest.mark.parametrize("rules", ["", "  ", ";", "\n;\n"])
def test_without_a_rule_nothing_is_allowed_and_the_reason_names_the_setting(rules: str) -> None:
    problem = refusal(rules)

    assert problem is not None
    assert "RESTORE_ALLOW is not set" in problem.message
    assert "Set RESTORE_ALLOW to rules 'source => target'" in problem.action


def test_a_refusal_names_both_ids_the_setting_and_a_rule_that_would_allow_it() -> None:
    problem = refusal(f"{VAULT}2 => *")

    assert problem is not None
    assert problem.code == "NotAllowed"
    assert INSTANCE in problem.message
    assert TARGET in problem.message
    assert f"'{VAULT} => {TARGET_GROUP}'" in problem.action
    assert refusal(f"{VAULT} => {TARGET_GROUP}") is None


@pytest.mark.parametrize("target", ["*", SUB, TARGET_GROUP, TARGET])
def test_a_group_will_do_where_the_rule_is_for_it_or_for_a_disk_in_it(target: str) -> None:
    assert refusal_of_group(f"* => {target}") is None


@pytest.mark.parametrize(
    "target", [f"{SUB}/resourceGroups/rg-restore-2", disk("d", f"{SUB}/resourceGroups/rg-2")]
)
def test_a_group_will_not_do_where_the_rule_is_for_another(target: str) -> None:
    problem = refusal_of_group(f"* => {target}")

    assert problem is not None
    assert f"=> {TARGET_GROUP}'" in problem.action


@pytest.mark.parametrize(
    "rule",
    [
        "everything",
        f"{VAULT} -> {TARGET_GROUP}",
        f"{VAULT} => ",
        f"=> {TARGET_GROUP}",
        "=>",
        f"{VAULT} => {TARGET_GROUP} => *",
        f"** => {TARGET_GROUP}",
        f"/ => {TARGET_GROUP}",
        f"{VAULT} => /subscriptions",
        f"/subscriptions/not-a-guid => {TARGET_GROUP}",
        f"{SUB}/resourceGroups => {TARGET_GROUP}",
        f"{SUB}/resourceGroup/rg-backup => {TARGET_GROUP}",
        f"{SUB}/resourceGroups/rg-* => {TARGET_GROUP}",
        f"{BACKUP_GROUP}/providers/Microsoft.DataProtection => *",
        f"{SUB}/resourceGroups/../resourceGroups/rg-backup => *",
        f"{SUB}//resourceGroups/rg-backup => *",
        f"{INSTANCE}/recoveryPoints/1 => *",
        f"{TARGET} => *",
        f"* => {VAULT}",
        f"* => {TARGET}/more",
        VAULT.replace("/", "\\") + " => *",
        VAULT[1:] + " => *",
    ],
)
def test_a_malformed_rule_is_refused_and_quoted_instead_of_allowing_nothing_in_silence(
    rule: str,
) -> None:
    with pytest.raises(ValueError, match=r"is no (rule|ARM scope)"):
        Policy.parse(f"* => *; {rule}")


def test_the_vaults_that_sources_name_are_where_a_disk_is_looked_for() -> None:
    one, two = VAULT, f"{VAULT}-2"
    policy = Policy.parse(
        f"{one} => *; {one}/backupInstances/disk-1-x => *; {two.upper()} => *; * => *; {SUB} => *"
    )

    assert [str(vault).lower() for vault in policy.vaults] == [one.lower(), two.lower()]
