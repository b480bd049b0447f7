"""What bad input gets: a `Rejected` row with a reason a person can act on. DESIGN: I3."""

import json
from typing import Any

import pytest

from simulator import Point, outcomes
from tests import builders
from tests.fakes import NOON
from tests.world import World

HR_DISK = builders.disk("hr", f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/rg-hr")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"\xff{}", "not UTF-8"),
        (b"restore my disk", "neither JSON nor base64"),
        (b'{"requestId": "r1",', "not JSON"),
        (b"[1, 2]", "a list"),
        (b'"r1"', "text"),
        (b"", "not JSON"),
        (b'{"requestId": "r1", "requestId": "r2"}', "'requestId' stands twice"),
        (b'{"requestId": NaN}', "NaN"),
        (b"[" * 60_000, "nested too deeply"),
    ],
)
def test_what_is_no_request_gets_a_row_with_its_text_and_the_reason(
    world: World, body: bytes, told: str
) -> None:
    world.send(body)
    world.run()

    row = world.refused_message()
    assert row["RowKey"].startswith("unreadable~")
    assert row["status"] == "Rejected"
    assert row["errorCode"] == "MalformedRequest"
    assert told in row["errorMessage"]
    assert row["recommendedAction"]
    assert row["messageLength"] == len(body)
    assert world.simulator.calls == []


@pytest.mark.parametrize(
    "body",
    [
        b"TopSecret1",
        b"password: TopSecret1",
        b"AccountKey=TopSecret1;x",
        b"{'TopSecret1': 'TopSecret1'}",
        b'{"TopSecret1": "TopSecret1"',
        b'{"a": TopSecret1}',
        b'{"a": 1} TopSecret1',
        b'"TopSecret1"',
        b"<a>TopSecret1</a>",
    ],
)
def test_what_nobody_can_read_stands_in_the_row_and_in_no_line_of_the_log(
    world: World, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")

    world.send(body)
    world.run()

    row = world.refused_message()
    assert row["messageText"] == body.decode()
    assert "TopSecret1" not in row["errorMessage"]
    assert "TopSecret1" not in caplog.text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"backupInstanceId": ...}, "send backupInstanceId or sourceDiskId"),
        ({"targetDiskId": ...}, "targetDiskId or targetResourceGroupId"),
        ({"recoveryPointID": "abc"}, "perhaps recoveryPointId is meant"),
        ({"colour": "red"}, "the fields are requestId"),
        ({"validateOnly": "perhaps"}, "validateOnly is 'perhaps': it must be true or false"),
        ({"reason": 7}, "reason is 7: it must be text, not a number"),
        ({"recoveryPointId": "abc", "pointInTime": "latest"}, "exclude each other"),
        ({"recoveryPointId": ""}, "recoveryPointId is '': it is empty"),
        ({"pointInTime": None}, "pointInTime is null: it is empty"),
        ({"pointInTime": "2026-11-20T10:00:00"}, "no time zone"),
        ({"pointInTime": "yesterday"}, "no ISO 8601 time"),
        ({"backupInstanceId": builders.disk("x")}, "not the ARM id of a backup instance"),
        ({"targetDiskId": builders.INSTANCE}, "not the ARM id of a managed disk"),
        ({"targetDiskId": builders.disk("a/../b")}, "not the ARM id of a managed disk"),
        ({"targetDiskId": builders.disk("bad name!")}, "'bad name!' cannot stand there"),
        ({"targetDiskId": builders.disk("n" * 81)}, "1 to 80"),
        ({"targetResourceGroupId": builders.TARGET_GROUP}, "targetDiskId excludes"),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_the_remedy(
    world: World, changes: dict[str, Any], told: str
) -> None:
    world.send(**changes)
    world.run()

    row = world.refused_message()
    assert row["RowKey"].startswith("r1~")
    assert row["requestId"] == "r1"
    assert told in row["errorMessage"]
    assert "\n" not in row["errorMessage"]
    assert json.loads(row["messageText"])["requestId"] == "r1"
    assert world.simulator.calls == []


@pytest.mark.parametrize("request_id", ["", "-x", "a b", "a/b", "x" * 129, "~", "ü", 7, None])
def test_a_request_id_that_no_key_may_have_is_refused(world: World, request_id: Any) -> None:
    world.send(requestId=request_id)
    world.run()

    assert world.refused_message()["RowKey"].startswith("unreadable~")


def test_the_same_id_with_other_content_gets_its_own_row_and_leaves_the_first_alone(
    world: World,
) -> None:
    instance = world.protect()
    world.send(backupInstanceId=instance)
    world.run(seconds=20)

    world.send(backupInstanceId=instance, targetDiskId=builders.disk("another"))
    world.run()

    assert world.result()["status"] == "Completed"
    second = world.refused_message()
    assert second["errorCode"] == "RequestIdReused"
    assert second["RowKey"].startswith("r1~")
    assert world.simulator.restores_of("another") == 0


def test_without_rules_every_request_is_rejected_naming_the_setting() -> None:
    with World(allow="") as world:
        row = world.restore(world.protect())

        assert row["status"] == "Rejected"
        assert row["errorCode"] == "NotAllowed"
        assert "RESTORE_ALLOW is not set" in row["errorMessage"]
        assert world.simulator.calls == []


def test_a_pair_that_no_rule_allows_is_rejected_before_arm_is_asked(world: World) -> None:
    row = world.restore(world.protect(), targetDiskId=HR_DISK)

    assert row["errorCode"] == "NotAllowed"
    assert HR_DISK in row["errorMessage"]
    assert "RESTORE_ALLOW" in row["recommendedAction"]
    assert world.simulator.calls == []


def test_a_derived_name_is_judged_again_when_it_is_known() -> None:
    only = builders.disk("only-this-one")
    with World(allow=f"* => {only}") as world:
        row = world.restore(
            world.protect(), targetDiskId=..., targetResourceGroupId=builders.TARGET_GROUP
        )

        assert row["errorCode"] == "NotAllowed"
        assert world.arm_calls("POST") == []


def test_a_rule_that_was_withdrawn_meanwhile_stops_the_restore_before_its_post(
    world: World,
) -> None:
    world.send(backupInstanceId=world.protect())
    world.run(seconds=20)

    world.allow = "* => " + HR_DISK
    world.deploy()
    world.run()

    assert world.result()["errorCode"] == "NotAllowed"
    assert world.arm_calls("POST", "/restore") == []
    assert world.rows("TargetLocks") == []


def test_an_instance_that_does_not_exist_is_rejected_with_the_service_s_words(
    world: World,
) -> None:
    world.protect()
    world.send()
    world.run()

    row = world.result()
    assert row["status"] == "Rejected"
    assert row["errorCode"]
    assert row["errorMessage"]
    assert row["armCorrelationId"]
    assert "backupInstanceId names no backup instance" in row["recommendedAction"]
    assert "az dataprotection backup-instance list" in row["recommendedAction"]


def test_an_instance_that_is_no_disk_is_rejected(world: World) -> None:
    blobs = "Microsoft.Storage/storageAccounts/blobServices"

    row = world.restore(world.protect(datasource_type=blobs))

    assert row["errorCode"] == "NotADisk"
    assert blobs in row["errorMessage"]


def test_no_point_that_qualifies_says_which_there_were_and_why_not(world: World) -> None:
    points = [Point(NOON, id="a" * 32, store_type="VaultStore"), Point(NOON, visible=False)]

    row = world.restore(world.protect(points=points))

    assert row["errorCode"] == "NoRecoveryPoint"
    assert f"{'a' * 32} of 2026-11-21T12:00:00Z: it is in VaultStore" in row["errorMessage"]
    assert "it is not visible" in row["errorMessage"]
    assert world.arm_calls("POST") == []


def test_a_named_point_that_does_not_qualify_is_refused_with_the_reason(world: World) -> None:
    point = Point(NOON, id="b" * 32, point_state="Partial")

    row = world.restore(world.protect(points=[point]), recoveryPointId="b" * 32)

    assert row["errorCode"] == "RecoveryPointNotUsable"
    assert "partial" in row["errorMessage"]


def test_a_named_point_that_does_not_exist_is_refused(world: World) -> None:
    row = world.restore(world.protect(), recoveryPointId="c" * 32)

    assert row["status"] == "Rejected"
    assert row["errorCode"]
    assert "recoveryPointId names no recovery point" in row["recommendedAction"]
    assert "c" * 32 in row["recommendedAction"]


def test_a_target_that_exists_is_rejected_and_the_advice_says_that_azure_overwrites_nothing(
    world: World,
) -> None:
    instance = world.protect()
    world.simulator.add_disk(builders.disk("disk-1-restored"))

    row = world.restore(instance)

    assert row["status"] == "Rejected"
    assert row["errorCode"] == "UserErrorSameNameDiskAlreadyExists"
    assert (
        "Azure restores over no existing disk, the source disk included"
        in (row["recommendedAction"])
    )
    assert world.arm_calls("POST", "/restore") == []


def test_a_missing_role_of_the_vault_is_named_with_its_scope_and_the_command(
    world: World,
) -> None:
    instance = world.protect()
    world.simulator.revoke_vault_role(builders.TARGET_GROUP)

    row = world.restore(instance)

    assert row["status"] == "Rejected"
    assert row["errorCode"] == "UserErrorNotEnoughPermissionOnTargetRG"
    assert "Disk Restore Operator" in row["recommendedAction"]
    assert "az role assignment create" in row["recommendedAction"]
    assert f"--scope '{builders.TARGET_GROUP}'" in row["recommendedAction"]


@pytest.mark.parametrize(
    ("action", "part"),
    [
        ("Microsoft.DataProtection/backupVaults/backupInstances/read", "backupInstances/read"),
        (
            "Microsoft.DataProtection/backupVaults/backupInstances/validateRestore/action",
            "validateRestore/action",
        ),
        ("Microsoft.DataProtection/backupVaults/backupInstances/restore/action", "restore/action"),
    ],
)
def test_a_missing_right_of_the_app_is_named_with_the_role_and_the_command(
    world: World, action: str, part: str
) -> None:
    instance = world.protect()
    world.simulator.deny(action)

    row = world.restore(instance)

    assert row["status"] == "Rejected"
    assert row["errorCode"] == "AuthorizationFailed"
    assert part in row["recommendedAction"]
    assert "az role assignment create" in row["recommendedAction"]
    assert world.simulator.jobs() == []


def test_a_validation_that_fails_is_rejected_with_code_message_and_advice(world: World) -> None:
    instance = world.protect()
    world.simulator.script(
        "disk-1-restored",
        validation=outcomes.fails(
            "UserErrorSubscriptionDiskQuotaLimitReached", message="No quota.", advice="Ask for it."
        ),
    )

    row = world.restore(instance)

    assert row["status"] == "Rejected"
    assert row["errorCode"] == "UserErrorSubscriptionDiskQuotaLimitReached"
    assert "No quota." in row["errorMessage"]
    assert row["recommendedAction"] == "Ask for it."
    assert row["armCorrelationId"]
    assert world.rows("TargetLocks") == []


def test_a_failed_validation_of_a_validate_only_request_is_rejected(world: World) -> None:
    instance = world.protect()
    world.simulator.script("disk-1-restored", validation=outcomes.fails("UserErrorX"))

    row = world.restore(instance, validateOnly=True)

    assert row["status"] == "Rejected"


def test_line_breaks_in_text_fields_never_reach_rows_or_logs(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    row = world.restore(
        world.protect(), reason="a\r\nb\x00c\u2028d", requestedBy="x\ny", correlationId="\ud800"
    )

    assert row["reason"] == "a b c d"
    assert row["requestedBy"] == "x y"
    assert "correlationId" not in row
    assert all("\n" not in record.getMessage() for record in caplog.records)
