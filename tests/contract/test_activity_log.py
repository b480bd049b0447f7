"""An alert on the activity log: whose properties its context holds, and when it asks at all."""

from typing import Any

import pytest

from restore_core.contract.envelopes.reader import read
from restore_core.contract.request import RestoreRequest
from restore_core.contract.resource_ids import DiskId
from restore_core.errors import MalformedRequest, NothingAsked
from tests.builders import TARGET_GROUP
from tests.envelopes import (
    DISK,
    MACHINE,
    PROPERTIES,
    a_health_alert,
    an_activity_alert,
    an_alert,
    sent,
)

OURS = {"pointInTime": "2026-11-20T02:00:00Z", "reason": "x", "targetDiskName": "other"}


def asked(envelope: object) -> RestoreRequest:
    return read(sent(envelope)).request


def ignored(envelope: object) -> NothingAsked:
    with pytest.raises(NothingAsked) as nothing:
        asked(envelope)
    return nothing.value


# ------------------------------------------------------------------------ whose properties


@pytest.mark.parametrize(
    "envelope",
    [
        an_activity_alert(),
        a_health_alert(),
        a_health_alert(service="ServiceHealth"),
        an_activity_alert(monitoringService="Activity Log - Policy"),
        an_activity_alert(
            monitoringService="Activity Log - Security", context={"status": "Active"}
        ),
    ],
)
def test_what_azure_says_of_its_event_is_no_property_of_the_rule(envelope: dict[str, Any]) -> None:
    request = asked(envelope)

    assert request == asked(an_alert())
    assert request.source_disk_id == DiskId.parse(DISK)
    assert str(request.target_resource_group_id) == TARGET_GROUP
    assert request.reason is None


@pytest.mark.parametrize(
    "marks",
    [
        {},
        {"signalType": "ActivityLog", "monitoringService": ..., "eventSource": ...},
        {"signalType": "activity log", "monitoringService": None, "eventSource": ...},
        {"signalType": ..., "eventSource": ...},
        {"signalType": ..., "monitoringService": "Resource Health", "eventSource": ...},
        {"signalType": ..., "monitoringService": "ResourceHealth", "eventSource": ...},
        {"signalType": ..., "monitoringService": "Service Health", "eventSource": ...},
        {"signalType": "", "monitoringService": 7, "eventSource": "Administrative"},
        {"signalType": None, "monitoringService": ..., "eventSource": 2},
    ],
)
def test_one_mark_of_the_activity_log_is_enough(marks: dict[str, Any]) -> None:
    essentials = {name: value for name, value in marks.items() if name != "eventSource"}
    context = {"properties": OURS, "eventSource": marks.get("eventSource", "Administrative")}

    assert asked(an_activity_alert(PROPERTIES, context, **essentials)) == asked(an_alert())


@pytest.mark.parametrize("properties", ["{}", [1], 7, True, None, "", ...])
def test_of_azure_s_own_properties_no_type_is_asked(properties: object) -> None:
    assert asked(an_activity_alert(PROPERTIES, {"properties": properties})) == asked(an_alert())


def test_the_rule_s_own_properties_say_what_they_say_of_any_alert() -> None:
    request = asked(an_activity_alert({**PROPERTIES, **OURS}))

    assert request == asked(an_alert({**PROPERTIES, **OURS}))
    assert request.target_disk_name == "other"


@pytest.mark.parametrize("none", [None, {}, "", ...])
def test_without_properties_of_the_rule_no_target_is_found_in_azure_s(none: object) -> None:
    with pytest.raises(MalformedRequest, match="The target is missing"):
        asked(an_activity_alert(none, {"properties": PROPERTIES}))


@pytest.mark.parametrize("signal", ["Metric", "Log", None, ""])
def test_of_any_other_signal_both_places_are_the_rule_s(signal: object) -> None:
    request = asked(an_alert(None, {"properties": PROPERTIES}, signalType=signal))

    assert str(request.target_resource_group_id) == TARGET_GROUP


# ------------------------------------------------------------------------------- what came about


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("Started", "'Started'"),
        ("Accepted", "'Accepted'"),
        ("In Progress", "'In Progress'"),
        ("Failed", "'Failed'"),
        ("FAILED", "'FAILED'"),
        ("Canceled", "'Canceled'"),
        ("Updated", "'Updated'"),
        ("Resolved", "'Resolved'"),
        (7, "a number"),
        ({"value": "Succeeded"}, "an object"),
    ],
)
@pytest.mark.parametrize("health", [False, True])
def test_an_activity_that_did_not_come_about_asks_for_nothing(
    status: object, told: str, *, health: bool
) -> None:
    alert = a_health_alert(status) if health else an_activity_alert(context={"status": status})

    nothing = ignored(alert)

    assert f"of rule 'WCUS-R2-Gen2' tells of an activity with the status {told}" in nothing.reason
    assert "only Succeeded asks" in nothing.reason
    assert nothing.request_id == asked(an_alert()).request_id


@pytest.mark.parametrize("status", ["Succeeded", "SUCCEEDED", "Active", "active", None, "", ...])
def test_an_activity_that_came_about_asks(status: object) -> None:
    assert asked(an_activity_alert(context={"status": status})) == asked(an_alert())


def test_what_is_resolved_is_told_as_resolved_whatever_its_activity() -> None:
    nothing = ignored(an_activity_alert(context={"status": "Failed"}, monitorCondition="Resolved"))

    assert "is resolved: only Fired asks" in nothing.reason


def test_an_activity_that_failed_asks_for_nothing_however_wrong_its_properties_are() -> None:
    wrong = an_activity_alert("no object", {"status": "Failed"}, alertTargetIDs=[MACHINE])

    assert "'Failed'" in ignored(wrong).reason


def test_the_status_of_any_other_alert_is_not_asked() -> None:
    assert asked(an_alert(PROPERTIES, {"status": "Started"})) == asked(an_alert())
