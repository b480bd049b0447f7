"""An alert in the common schema: what its rule's properties ask, of which disk, and when."""

import re
from typing import Any

import pytest

from restore_core.contract.envelopes.reader import read
from restore_core.contract.origin import Origin
from restore_core.contract.request import RestoreRequest
from restore_core.contract.resource_ids import DiskId
from restore_core.errors import MalformedRequest, NothingAsked
from tests.builders import INSTANCE, TARGET_GROUP, disk
from tests.envelopes import (
    ALERT_ID,
    DISK,
    GROUP,
    MACHINE,
    PROPERTIES,
    RECOVERY_VAULT,
    WORKSPACE,
    a_backup_alert,
    an_alert,
    sent,
    sent_in_base64,
)


def asked(envelope: object) -> RestoreRequest:
    return read(sent(envelope)).request


def refusal(envelope: object) -> MalformedRequest:
    with pytest.raises(MalformedRequest) as refused:
        read(sent(envelope))
    return refused.value


def reason(*args: Any, **kwargs: Any) -> str:
    return refusal(an_alert(*args, **kwargs)).reason


# ----------------------------------------------------------------------------- what is asked


def test_an_alert_on_a_disk_asks_for_that_disk() -> None:
    whole = read(sent(an_alert()))

    request = whole.request
    assert whole.origin is Origin.ALERT
    assert request.source_disk_id == DiskId.parse(DISK)
    assert str(request.target_resource_group_id) == TARGET_GROUP
    assert request.requested_by == "alert rule WCUS-R2-Gen2"
    assert request.correlation_id == ALERT_ID
    assert re.fullmatch(r"alert-[0-9a-f]{32}", request.request_id)
    assert request.point_in_time is None


@pytest.mark.parametrize(
    "schema", ["azureMonitorCommonAlertSchema", "AZUREMONITORCOMMONALERTSCHEMA"]
)
def test_the_mark_is_read_without_case_and_wherever_it_stands(schema: str) -> None:
    turned = {**dict(reversed(an_alert().items())), "schemaId": schema}

    assert asked(turned) == asked(an_alert())
    assert read(sent_in_base64(turned)) == read(sent(an_alert()))


@pytest.mark.parametrize("nothing", [None, "", {}, ...])
def test_the_properties_may_stand_in_the_alerts_context_alone(nothing: object) -> None:
    assert asked(an_alert(nothing, {"properties": PROPERTIES})) == asked(an_alert())


def test_properties_are_taken_from_both_places() -> None:
    both = {**PROPERTIES, "reason": "null"}

    request = asked(an_alert(both, {"properties": {**both, "pointInTime": "latest"}}))

    assert request.point_in_time == "latest"
    assert request.reason is None
    assert str(request.target_resource_group_id) == TARGET_GROUP


def test_properties_say_more_than_the_alert_does() -> None:
    mine = {"backupInstanceId": INSTANCE, "requestedBy": "on call", "correlationId": "c"}

    request = asked(an_alert({**PROPERTIES, **mine}, alertTargetIDs=[WORKSPACE]))

    assert str(request.backup_instance_id) == INSTANCE
    assert request.source_disk_id is None
    assert (request.requested_by, request.correlation_id) == ("on call", "c")


@pytest.mark.parametrize("name", ["alertRuleId", "alertRuleID", None])
def test_the_rules_id_is_spelled_either_way_or_missing(name: str | None) -> None:
    rule = {name: "/subscriptions/x"} if name else {}

    assert asked(an_alert(**{"alertRuleId": ..., **rule})) == asked(an_alert())


@pytest.mark.parametrize(("written", "meant"), [("True", True), ("false", False), (True, True)])
def test_booleans_are_texts_among_properties(*, written: object, meant: bool) -> None:
    request = asked(an_alert({**PROPERTIES, "validateOnly": written}))

    assert request.validate_only is meant


@pytest.mark.parametrize("absent", ["", None, "null", "NULL"])
@pytest.mark.parametrize("name", ["targetDiskName", "reason", "requestedBy", "sourceDiskId"])
def test_an_empty_property_and_the_text_null_mean_absent(name: str, absent: object) -> None:
    assert asked(an_alert({**PROPERTIES, name: absent})) == asked(an_alert())


@pytest.mark.parametrize("name", ["pointInTime", "recoveryPointId"])
@pytest.mark.parametrize("empty", ["", None, "null", "Null"])
def test_an_empty_selector_does_not_restore_the_newest(name: str, empty: object) -> None:
    told = reason({**PROPERTIES, name: empty})

    assert told.startswith("The custom properties of the alert are no restore request. ")
    assert name in told
    assert "it is empty, which is not the same as absent" in told


@pytest.mark.parametrize(
    "name",
    ["Key1", "severity", "owner", "source", "region", "request", "requestID", "forced", "$x", "ö"],
)
def test_the_properties_of_other_receivers_are_passed_over(name: str) -> None:
    assert asked(an_alert({**PROPERTIES, name: "Value1"})) == asked(an_alert())


def test_an_id_among_the_properties_is_passed_over_for_it_would_be_each_firings() -> None:
    assert asked(an_alert({**PROPERTIES, "requestId": "r1"})) == asked(an_alert())


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PointInTime", "pointInTime"),
        ("pointInTme", "pointInTime"),
        ("point_in_time", "pointInTime"),
        ("recoveryPoint", "recoveryPointId"),
        ("validate", "validateOnly"),
        ("vault", "vaultId"),
    ],
)
@pytest.mark.parametrize("in_context", [False, True])
def test_a_misspelt_property_is_refused_and_told(
    name: str, meant: str, *, in_context: bool
) -> None:
    mine = {name: "2026-11-21T02:00:00Z"}

    told = reason(PROPERTIES, {"properties": mine}) if in_context else reason(PROPERTIES | mine)

    assert f"'{name}' among the custom properties of the alert is no field" in told
    assert f"perhaps {meant} is meant" in told


@pytest.mark.parametrize(
    ("one", "other"), [("latest", "2026-11-21T02:00:00Z"), ("latest", None), ([1], [1]), (7, "7")]
)
def test_a_field_with_two_values_is_refused(one: object, other: object) -> None:
    told = reason({**PROPERTIES, "pointInTime": one}, {"properties": {"pointInTime": other}})

    assert "pointInTime stands twice among the custom properties of the alert" in told


@pytest.mark.parametrize("value", [{"a": 1}, ["x"], 7])
def test_a_property_that_is_no_text_is_refused_as_in_any_request(value: object) -> None:
    told = reason({**PROPERTIES, "targetDiskName": value})

    assert "targetDiskName is " in told
    assert "it must be text, not a" in told


@pytest.mark.parametrize("value", ["{}", [PROPERTIES], 7, True])
def test_properties_that_are_no_object_are_refused(value: object) -> None:
    assert "data.customProperties of the alert is " in reason(value)
    assert "alertContext.properties of the alert is " in reason(PROPERTIES, {"properties": value})


def test_a_request_without_a_target_says_where_to_add_it() -> None:
    told = reason({"Key1": "Value1"})

    assert told.startswith("The custom properties of the alert are no restore request. ")
    assert "The target is missing" in told


# --------------------------------------------------------------------------- which firing


def test_a_firing_told_twice_is_one_request() -> None:
    again = an_alert(alertId=ALERT_ID.upper(), severity="Sev1")

    assert asked(again).request_id == asked(an_alert()).request_id
    assert asked(an_alert()) == asked(an_alert())


@pytest.mark.parametrize(
    "change",
    [{"firedDateTime": "2026-11-21T14:58:24.3713213Z"}, {"alertId": ALERT_ID[:-1] + "0"}],
)
def test_another_firing_is_another_request(change: dict[str, str]) -> None:
    assert asked(an_alert(**change)).request_id != asked(an_alert()).request_id


@pytest.mark.parametrize("name", ["alertId", "firedDateTime"])
@pytest.mark.parametrize("value", [..., None, "", "  ", 7, ["x"]])
def test_a_firing_that_cannot_be_told_from_another_is_refused(name: str, value: object) -> None:
    refused = refusal(an_alert(**{name: value}))

    assert f"The alert has no data.essentials.{name}" in refused.reason
    assert refused.request_id == ""


@pytest.mark.parametrize("word", ["Resolved", "resolved", "RESOLVED"])
def test_a_resolved_alert_asks_for_nothing_under_the_id_of_its_firing(word: str) -> None:
    resolved = an_alert(monitorCondition=word, resolvedDateTime="2026-11-21T14:03:16.2246313Z")

    with pytest.raises(NothingAsked) as ignored:
        read(sent(resolved))

    assert ignored.value.reason == "The alert of rule 'WCUS-R2-Gen2' is resolved: only Fired asks."
    assert ignored.value.request_id == asked(an_alert()).request_id


@pytest.mark.parametrize(
    ("value", "told"),
    [("Acknowledged", "'Acknowledged'"), ("", "''"), (..., "null"), (True, "a boolean")],
)
def test_an_alert_in_another_condition_is_refused(value: object, told: str) -> None:
    refused = refusal(an_alert(monitorCondition=value))

    assert f"monitorCondition of the alert is {told}: it must be Fired or" in refused.reason
    assert refused.request_id == asked(an_alert()).request_id


def test_the_word_fired_is_read_without_case() -> None:
    assert asked(an_alert(monitorCondition="fired")) == asked(an_alert())


# ------------------------------------------------------------------------------ which disk


@pytest.mark.parametrize(
    ("targets", "linked"),
    [
        ([DISK], None),
        ([DISK, DISK.lower(), DISK.upper()], DISK),
        ([WORKSPACE], DISK),
        ([MACHINE, DISK], None),
        (None, DISK),
        ([7, None, "", {"a": 1}, DISK], ["x"]),
    ],
)
def test_one_disk_among_what_the_alert_is_about_is_the_source(
    targets: object, linked: object
) -> None:
    whole = an_alert(PROPERTIES, {"linkedResourceId": linked}, alertTargetIDs=targets)

    assert asked(whole).source_disk_id == DiskId.parse(DISK)


def test_several_disks_are_named_and_none_is_guessed() -> None:
    disks = [disk(f"data-{n}", GROUP) for n in range(5)]

    told = reason(alertTargetIDs=disks)
    two = reason(alertTargetIDs=disks[:2])

    assert "about 5 disks (data-0 in rg-prod, data-1 in rg-prod, data-2 in rg-prod, …)" in told
    assert "about 2 disks (data-0 in rg-prod, data-1 in rg-prod), and" in two
    assert "Add sourceDiskId to the custom properties" in told


@pytest.mark.parametrize("targets", [[MACHINE], [WORKSPACE, MACHINE]])
def test_a_machine_is_named_and_its_disk_is_not_guessed(targets: list[str]) -> None:
    told = reason(alertTargetIDs=targets)

    assert "the virtual machine 'wcus-r2-gen2', which may have several disks" in told
    for name in ("targetResourceGroupId", "backupInstanceId", "sourceDiskId", "vaultId"):
        assert name in told
    assert "RESTORE_DEFAULT_VAULT" in told
    assert "For all disks of the machine, add targetResourceGroupId and wholeMachine" in told


def test_an_alert_of_azure_backup_names_the_machine_that_its_vault_protects() -> None:
    refused = refusal(a_backup_alert())
    request = asked(a_backup_alert({**PROPERTIES, "sourceDiskId": DISK}))

    assert "the virtual machine 'vm-sql-prod-02'" in refused.reason
    assert refused.request_id == request.request_id
    assert request.requested_by == "alert rule Backup Failure"


@pytest.mark.parametrize(
    ("targets", "told"),
    [
        ([WORKSPACE], "its target is 'microsoft.operationalinsights/workspaces/logs-1'"),
        ([RECOVERY_VAULT], "its target is 'microsoft.recoveryservices/vaults/rsv-infra-prod-01'"),
        ([disk("-bad-", GROUP)], "its target is 'Microsoft.Compute/disks/-bad-'"),
        (["a\r\nb"], "its target is 'a b'"),
        ([], "it has no target at all"),
        (DISK, "it has no target at all"),
        (..., "it has no target at all"),
    ],
)
def test_an_alert_about_something_else_is_told_what_to_add(targets: object, told: str) -> None:
    said = reason(alertTargetIDs=targets)

    assert told in said
    assert "Add to the custom properties of the alert rule targetResourceGroupId" in said


def test_an_administrative_alert_is_about_the_disk_that_it_names() -> None:
    context = {
        "authorization": {"action": "Microsoft.Compute/disks/delete", "scope": DISK},
        "operationName": "Microsoft.Compute/disks/delete",
        "status": "Succeeded",
        "caller": "someone",
        "properties": {"entity": DISK, "message": "x", "eventCategory": "Administrative"},
    }

    assert asked(an_alert(PROPERTIES, context, signalType="Activity Log")) == asked(an_alert())


@pytest.mark.parametrize("value", [None, [], "x", 7, True])
@pytest.mark.parametrize("name", ["data", "essentials", "alertContext", "alertRule"])
def test_no_type_is_trusted(name: str, value: object) -> None:
    whole = an_alert({**PROPERTIES, "sourceDiskId": DISK})
    data = whole["data"]
    place = {"data": whole, "alertRule": data["essentials"]}.get(name, data)
    place[name] = value

    if name in {"data", "essentials"}:
        assert "The alert has no data.essentials.alertId" in refusal(whole).reason
    else:
        assert asked(whole).source_disk_id == DiskId.parse(DISK)


def test_half_a_character_in_an_id_is_no_fault() -> None:
    half = an_alert(firedDateTime="\ud800")

    assert asked(half) == asked(half)
    assert asked(half).request_id != asked(an_alert()).request_id
