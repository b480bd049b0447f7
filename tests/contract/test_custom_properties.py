"""The custom properties of a rule: which names are ours, whose the others are, which are wrong."""

from typing import Any

import pytest

from restore_core.contract.envelopes.reader import read
from restore_core.contract.request import RestoreRequest
from restore_core.errors import MalformedRequest
from tests.builders import INSTANCE, TARGET_GROUP, disk
from tests.envelopes import DISK, MACHINE, PROPERTIES, an_alert, sent

VAULT = INSTANCE.partition("/backupInstances/")[0]
WHOLE = {"sourceDiskId": DISK, "vaultId": VAULT, "targetResourceGroupId": TARGET_GROUP}
BY_INSTANCE = {"backupInstanceId": INSTANCE, "targetDiskId": disk("d")}

OF_OTHERS = (
    *("AlertReason", "reasonCode", "Reason", "correlation", "CorrelationID", "requestID"),
    *("RequestedBy", "requestor", "resourceGroup", "resourceGroupId", "resourceId", "ResourceId"),
    *("targetResource", "target", "diskId", "DiskName", "sourceDisk", "instanceId", "source"),
    *("vault", "keyVault", "vaultUri", "valid", "default", "before", "forced", "enforce"),
    *("Environment", "Owner", "severity", "region", "startTime", "Point", "Additional Details"),
    *("Alert Fired reason", "SourceDiskId", "Vault Id", "x" * 60_000, "", "ö", "$x", "\ud800"),
)


def asked(envelope: object) -> RestoreRequest:
    return read(sent(envelope)).request


def refusal(*args: Any, **kwargs: Any) -> str:
    with pytest.raises(MalformedRequest) as refused:
        asked(an_alert(*args, **kwargs))
    return refused.value.reason


def meant(name: str, *args: Any, **kwargs: Any) -> str:
    """Return the field that a refused name is told to be, perhaps."""
    told = refusal(*args, **kwargs)
    assert f"'{name}' among the custom properties of the alert is no field" in told
    assert told.endswith("is meant. Rename it in the alert rule.")
    return told.partition("perhaps ")[2].partition(" ")[0]


@pytest.mark.parametrize("name", OF_OTHERS)
@pytest.mark.parametrize("complete", [WHOLE, BY_INSTANCE])
def test_with_all_that_is_needed_a_name_of_others_is_passed_over(
    name: str, complete: dict[str, str]
) -> None:
    with_theirs = {**complete, name: "Value1"}

    assert asked(an_alert(with_theirs)) == asked(an_alert(complete))
    assert asked(an_alert(complete, {"properties": {name: "x"}})) == asked(an_alert(complete))


@pytest.mark.parametrize(
    "name",
    ["resourceGroup", "resourceId", "targetResource", "sourceDisk", "diskId", "AlertReason"],
)
def test_where_the_alert_names_the_disk_that_is_needed_no_property_must(name: str) -> None:
    assert asked(an_alert({**PROPERTIES, name: "x"})) == asked(an_alert())


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("PointInTime", "pointInTime"),
        ("pointInTme", "pointInTime"),
        ("point-in-time", "pointInTime"),
        ("Point In Time", "pointInTime"),
        ("recovery_point_id", "recoveryPointId"),
        ("recoveryPoint", "recoveryPointId"),
        ("RecoveryPointID", "recoveryPointId"),
        ("notAfer", "notAfter"),
        ("not_after", "notAfter"),
        ("validate", "validateOnly"),
        ("validateonly", "validateOnly"),
        ("ValidateOnly", "validateOnly"),
        ("Force", "force"),
        ("FORCE", "force"),
    ],
)
@pytest.mark.parametrize("complete", [WHOLE, BY_INSTANCE])
@pytest.mark.parametrize("value", ["x", "", None])
def test_a_near_name_of_what_decides_the_restore_is_refused_though_nothing_is_missing(
    name: str, field: str, complete: dict[str, str], value: object
) -> None:
    assert meant(name, {**complete, name: value}) == field
    assert meant(name, complete, {"properties": {name: value}}) == field


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ({"pointInTime": "latest"}, "pointInTme"),
        ({"recoveryPointId": "a05715f1"}, "recoveryPoint"),
        ({"validateOnly": "true"}, "validation"),
        ({"notAfter": "2026-11-21T18:00:00Z"}, "notifyAfter"),
        ({"force": "true"}, "Force"),
    ],
)
def test_a_near_name_of_a_field_that_is_there_is_of_others(
    given: dict[str, str], near: str
) -> None:
    assert asked(an_alert({**WHOLE, **given, near: "x"})) == asked(an_alert({**WHOLE, **given}))


@pytest.mark.parametrize(
    ("lacking", "name", "field"),
    [
        ("targetResourceGroupId", "resourceGroup", "targetResourceGroupId"),
        ("targetResourceGroupId", "targetResource", "targetResourceGroupId"),
        ("targetResourceGroupId", "targetDisk", "targetDiskId"),
        ("sourceDiskId", "resourceId", "sourceDiskId"),
        ("sourceDiskId", "source_disk", "sourceDiskId"),
        ("sourceDiskId", "backupInstance", "backupInstanceId"),
        ("sourceDiskId", "instanceId", "backupInstanceId"),
        ("vaultId", "vault", "vaultId"),
        ("vaultId", "vault-id", "vaultId"),
    ],
)
@pytest.mark.parametrize("absent", [..., None, "", "null"])
def test_a_near_name_of_what_is_needed_and_missing_is_refused(
    lacking: str, name: str, field: str, absent: object
) -> None:
    properties = {**WHOLE, lacking: absent, name: "x"}
    lacks = {key: value for key, value in properties.items() if value is not ...}

    assert meant(name, lacks, alertTargetIDs=[MACHINE]) == field


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("SourceDiskId", "sourceDiskId"),
        ("source_disk_id", "sourceDiskId"),
        ("Backup Instance Id", "backupInstanceId"),
        ("TargetDiskName", "targetDiskName"),
    ],
)
def test_a_field_in_another_writing_is_refused_though_the_alert_names_a_disk(
    name: str, field: str
) -> None:
    """Passed over, another disk than was meant would be restored, or under another name."""
    assert meant(name, {**PROPERTIES, name: "x"}) == field


def test_of_several_faults_the_misspelt_name_is_told_before_the_missing_disk() -> None:
    assert meant("sourceDisk", {**PROPERTIES, "sourceDisk": DISK}, alertTargetIDs=[MACHINE])
    assert "the virtual machine" in refusal({**PROPERTIES, "owner": "x"}, alertTargetIDs=[MACHINE])


# ----------------------------------------------------------------------------- dynamic values


@pytest.mark.parametrize(
    "path",
    [
        "${data.alertContext.condition.allOf[0].dimensions[0].value}",
        "/subscriptions/${data.essentials.nothing}/resourceGroups/x",
        "${",
    ],
)
@pytest.mark.parametrize("name", ["sourceDiskId", "vaultId", "pointInTime", "targetDiskName"])
def test_a_dynamic_value_that_was_not_filled_in_is_told_as_such(name: str, path: str) -> None:
    told = refusal({**WHOLE, name: path})

    assert f"{name} among the custom properties of the alert is '{path}'" in told
    assert "a dynamic value that Azure Monitor has not filled in" in told


@pytest.mark.parametrize("name", ["reason", "requestedBy", "correlationId", "Additional Details"])
def test_a_dynamic_value_in_a_text_is_no_reason_to_refuse(name: str) -> None:
    assert asked(an_alert({**WHOLE, name: "${data.x}"})).source_disk_id


def test_a_message_full_of_names_that_are_nearly_ours_is_read_all_the_same() -> None:
    theirs = {f"valiPointInT{n:04}": 1 for n in range(2_900)}

    assert asked(an_alert({**BY_INSTANCE, **theirs})) == asked(an_alert(BY_INSTANCE))
