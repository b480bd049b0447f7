"""Events, in both forms: the request that their data hold, or the disk whose deletion they tell."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from restore_core.contract.envelopes.reader import read
from restore_core.contract.origin import Asked, Origin
from restore_core.contract.resource_ids import DiskId
from restore_core.errors import MalformedRequest, NothingAsked
from tests.builders import TARGET_GROUP, a_request, disk, fields, message
from tests.envelopes import (
    DISK,
    GROUP,
    MACHINE,
    PROPERTIES,
    a_cloud_event,
    a_deletion,
    a_deletion_as_cloud_event,
    a_grid_event,
    a_notification,
    a_notification_as_cloud_event,
    an_alert,
    deletion_data,
    sent,
    sent_in_base64,
)

Build = Callable[..., dict[str, Any]]

both_forms = pytest.mark.parametrize("an_event", [a_cloud_event, a_grid_event])
both_deletions = pytest.mark.parametrize("deletion", [a_deletion, a_deletion_as_cloud_event])
both_notifications = pytest.mark.parametrize(
    "deletion", [a_notification, a_notification_as_cloud_event]
)
every_deletion = pytest.mark.parametrize(
    "deletion",
    [a_deletion, a_deletion_as_cloud_event, a_notification, a_notification_as_cloud_event],
)


def asked(envelope: object) -> Asked:
    return read(sent(envelope))


def refusal(envelope: object) -> MalformedRequest:
    with pytest.raises(MalformedRequest) as refused:
        asked(envelope)
    return refused.value


def ignored(envelope: object) -> NothingAsked:
    with pytest.raises(NothingAsked) as nothing:
        asked(envelope)
    return nothing.value


# ------------------------------------------------------------------------------ what is asked


@pytest.mark.parametrize(
    ("an_event", "origin", "source"),
    [
        (a_cloud_event, Origin.CLOUD_EVENT, "/contoso/servicenow"),
        (a_grid_event, Origin.EVENT_GRID, f"{GROUP}/providers/Microsoft.EventGrid/topics/restores"),
    ],
)
def test_an_event_asks_what_its_data_say(an_event: Build, origin: Origin, source: str) -> None:
    whole = asked(an_event())

    request = whole.request
    assert whole.origin is origin
    assert request.source_disk_id == DiskId.parse(DISK)
    assert str(request.target_resource_group_id) == TARGET_GROUP
    assert request.requested_by == source
    assert request.correlation_id == an_event()["id"]
    assert re.fullmatch(r"event-[0-9a-f]{32}", request.request_id)


@both_forms
def test_an_event_may_carry_our_own_message_whole(an_event: Build) -> None:
    mine = fields(requestedBy="on call", correlationId="c")

    request = asked(an_event(data=mine)).request

    assert request == a_request(requestedBy="on call", correlationId="c")


@both_forms
@pytest.mark.parametrize("absent", [None, ""])
def test_what_is_empty_in_the_data_comes_from_the_event(an_event: Build, absent: object) -> None:
    lacking = {"requestId": absent, "requestedBy": absent, "correlationId": absent}
    data = {**an_event()["data"], **lacking}

    assert asked(an_event(data=data)) == asked(an_event())


@both_forms
def test_an_event_delivered_twice_is_one_request(an_event: Build) -> None:
    again = dict(reversed(an_event().items()))

    assert read(sent_in_base64(again)) == asked(an_event())


@both_forms
def test_another_event_is_another_request(an_event: Build) -> None:
    ids = {
        asked(an_event()).request.request_id,
        asked(an_event(id="2")).request.request_id,
        asked(an_event(source="/s", topic="/s")).request.request_id,
    }

    assert len(ids) == 3


@both_forms
@pytest.mark.parametrize(
    "text",
    [
        json.dumps(a_cloud_event()["data"]),
        "\ufeff " + json.dumps(a_cloud_event()["data"]),
        json.dumps(json.dumps(a_cloud_event()["data"])),
    ],
)
def test_the_data_may_be_a_text_that_holds_the_object(an_event: Build, text: str) -> None:
    assert asked(an_event(data=text)) == asked(an_event())


@pytest.mark.parametrize("data", [..., None])
def test_the_data_of_a_cloud_event_may_be_base64(data: object) -> None:
    binary = base64.b64encode(json.dumps(a_cloud_event()["data"]).encode()).decode()

    assert asked(a_cloud_event(data=data, data_base64=binary)) == asked(a_cloud_event())


def test_extension_attributes_are_passed_over() -> None:
    whole = a_cloud_event(traceparent="x", validateonly=True, pointInTime="latest", schemaId="s")

    assert asked(whole) == asked(a_cloud_event())


@pytest.mark.parametrize("mark", ["eventTime", "dataVersion"])
def test_one_of_two_marks_is_enough_for_event_grid(mark: str) -> None:
    assert asked(a_grid_event(**{mark: ...})) == asked(a_grid_event())


@pytest.mark.parametrize(
    "event",
    [
        a_grid_event(),
        a_cloud_event(),
        a_deletion(),
        a_deletion_as_cloud_event(),
        a_notification(),
        a_notification_as_cloud_event(),
    ],
)
def test_a_batch_of_one_event_is_that_event(event: dict[str, Any]) -> None:
    assert asked([event]) == asked(event)
    assert read(sent_in_base64([event])) == asked(event)
    assert asked(json.dumps([event])) == asked(event)


@pytest.mark.parametrize("topic", [..., None, "", " ", 7])
def test_an_event_without_a_topic_has_its_subject_for_a_source(topic: object) -> None:
    request = asked(a_grid_event(topic=topic)).request

    assert request.requested_by == "INC0012345"
    assert request.request_id == asked(a_grid_event(topic="INC0012345")).request.request_id


# ---------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("messages", "number"),
    [
        ([a_grid_event(), a_grid_event()], 2),
        ([], 0),
        ([a_cloud_event(), a_cloud_event(id="2")], 2),
        ([a_cloud_event()] * 2, 2),
        ([a_cloud_event(), a_grid_event()], 2),
        ([[a_cloud_event()]], 1),
        ([fields()], 1),
        ([an_alert()], 1),
        ([[a_grid_event()]], 1),
        ([{"eventType": "x"}], 1),
        (["x"], 1),
    ],
)
def test_any_other_list_is_refused(messages: list[Any], number: int) -> None:
    told = refusal(messages).reason

    assert f"it is a list of {number}: a list is read only where it holds one event, of" in told
    assert told.endswith("Send each in a message of its own, without the list.")


@pytest.mark.parametrize(
    ("version", "told"),
    [("0.3", "'0.3'"), ("1", "'1'"), (1.0, "a number"), (None, "null"), ({}, "an object")],
)
def test_another_version_of_cloud_events_is_refused(version: object, told: str) -> None:
    said = refusal(a_cloud_event(specversion=version)).reason

    assert f"specversion of the CloudEvent is {told}: only the text '1.0' is read" in said


@pytest.mark.parametrize(
    ("an_event", "name", "what"),
    [
        (a_cloud_event, "id", "CloudEvent"),
        (a_cloud_event, "source", "CloudEvent"),
        (a_cloud_event, "type", "CloudEvent"),
        (a_grid_event, "id", "Event Grid event"),
        (a_grid_event, "eventType", "Event Grid event"),
    ],
)
@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "null"), ("", "''"), (" \n", "''"), (7, "a number"), (["x"], "a list")],
)
def test_what_names_an_event_must_be_text(
    an_event: Build, name: str, what: str, value: object, told: str
) -> None:
    refused = refusal(an_event(**{name: value}))

    assert f"{name} of the {what} is {told}: it must be a text that is not empty" in refused.reason
    assert refused.request_id == ""


@pytest.mark.parametrize("name", ["id", "source", "type"])
def test_what_is_missing_of_an_event_is_named(name: str) -> None:
    assert f"{name} of the CloudEvent is missing" in refusal(a_cloud_event(**{name: ...})).reason


def test_an_event_that_names_no_source_is_refused() -> None:
    told = refusal(a_grid_event(topic=..., subject=...)).reason

    assert "subject of the Event Grid event is missing" in told


def test_data_and_data_base64_exclude_each_other() -> None:
    told = refusal(a_cloud_event(data_base64="e30=")).reason

    assert "has both data and data_base64, which exclude each other" in told


@both_forms
@pytest.mark.parametrize(
    ("data", "told"),
    [
        (..., "data of the event must be a JSON object, but it is null."),
        (7, "data of the event must be a JSON object, but it is a number."),
        ([PROPERTIES], "data of the event must be a JSON object, but it is a list."),
        ("[1]", "data of the event must be a JSON object, but it is a list."),
        ("{", "data of the event is not JSON: "),
        ("please restore", "data of the event is neither JSON nor base64 of JSON"),
        ("\ud800", "data of the event is neither JSON nor base64 of JSON"),
        ('{"a": 1, "a": 2}', "the field 'a' stands twice"),
        ("[" * 30_000, "data of the event is nested too deeply"),
        ({"foo": 1}, "The data of the event are no restore request. "),
        ({**PROPERTIES, "pointintime": "x"}, "perhaps pointInTime is meant"),
        ({**PROPERTIES, "pointInTime": ""}, "it is empty, which is not the same as absent"),
    ],
)
def test_data_that_ask_for_no_restore_are_refused(an_event: Build, data: object, told: str) -> None:
    refused = refusal(an_event(data=data))

    assert told in refused.reason
    assert refused.request_id == asked(an_event()).request.request_id
    assert "\n" not in refused.reason


@both_forms
def test_a_malformed_request_in_an_event_keeps_its_own_id(an_event: Build) -> None:
    assert refusal(an_event(data={"requestId": "r7"})).request_id == "r7"


# ----------------------------------------------------------------------------- deleted disks


@both_deletions
def test_a_deleted_disk_is_asked_for_in_its_own_place(deletion: Build) -> None:
    whole = asked(deletion())

    request = whole.request
    assert whole.origin is Origin.DELETED_DISK
    assert request.source_disk_id == request.target_disk_id == DiskId.parse(DISK)
    assert request.requested_by == "deletion of the disk"
    assert request.correlation_id == deletion_data()["correlationId"]
    assert request.request_id.startswith("event-")
    assert read(message(requestId="r1")).origin is Origin.NATIVE


@every_deletion
@pytest.mark.parametrize("change", [{"resource": DISK.upper()}, {"status": "SUCCEEDED"}])
def test_a_deletion_is_read_without_case(deletion: Build, change: dict[str, Any]) -> None:
    assert asked(deletion(**change)) == asked(deletion())


@every_deletion
@pytest.mark.parametrize("missing", [..., None, "", 7])
def test_the_subject_names_the_disk_where_the_data_do_not(deletion: Build, missing: object) -> None:
    assert asked(deletion(missing, status=...)) == asked(deletion())


@both_deletions
@pytest.mark.parametrize("missing", [..., None, 7, ["x"], ""])
def test_without_a_correlation_id_the_events_own_is_carried(
    deletion: Build, missing: object
) -> None:
    request = asked(deletion(correlationId=missing)).request

    assert request.correlation_id == deletion()["id"]


@both_notifications
def test_a_resource_notification_of_a_deleted_disk_is_its_deletion(deletion: Build) -> None:
    whole = asked(deletion())

    request = whole.request
    assert whole.origin is Origin.DELETED_DISK
    assert request.source_disk_id == request.target_disk_id == DiskId.parse(DISK)
    assert request.requested_by == "deletion of the disk"
    assert request.correlation_id == deletion()["id"]
    assert request.request_id.startswith("event-")


@pytest.mark.parametrize(
    "kind",
    [
        "MICROSOFT.RESOURCENOTIFICATIONS.RESOURCES.DELETED",
        "microsoft.resources.resourcedeletesuccess",
    ],
)
def test_the_type_of_a_deletion_is_read_without_case(kind: str) -> None:
    assert asked({**a_notification(), "eventType": kind}) == asked(a_notification())


@both_notifications
@pytest.mark.parametrize("info", [None, "x", ["x"], 7, {}, {"id": ["x"]}, ...])
def test_a_notification_without_its_resource_is_told_by_its_subject(
    deletion: Build, info: object
) -> None:
    assert asked(deletion(resourceInfo=info)) == asked(deletion())


def test_a_notification_that_names_nothing_is_refused() -> None:
    bare = {**a_notification_as_cloud_event(resourceInfo=...), "subject": ""}

    assert "data.resourceInfo.id and subject are missing" in refusal(bare).reason


def test_a_deletion_without_data_is_told_by_its_subject() -> None:
    bare = {**a_deletion(), "data": None}

    assert asked(bare).request.source_disk_id == DiskId.parse(DISK)


@every_deletion
@pytest.mark.parametrize(
    ("resource", "shown"),
    [
        (MACHINE, "is no managed disk: '/subscriptions/"),
        (GROUP, "is no managed disk: '/subscriptions/"),
        (DISK.replace("/disks/", "/snapshots/"), "is no managed disk"),
        (DISK + "/x", "is no managed disk"),
        ("a\r\nb", "is no managed disk: 'a b'"),
    ],
)
def test_the_deletion_of_anything_else_asks_for_nothing(
    deletion: Build, resource: str, shown: str
) -> None:
    nothing = ignored(deletion(resource))

    assert shown in nothing.reason
    assert nothing.request_id == asked(deletion()).request.request_id


@every_deletion
@pytest.mark.parametrize("name", ["-bad-", "a%2fb", "ä", "x" * 81, ".."])
def test_a_deleted_disk_of_an_impossible_name_is_refused(deletion: Build, name: str) -> None:
    refused = refusal(deletion(disk(name, GROUP)))

    assert "The id of the deleted disk cannot be used: " in refused.reason
    assert refused.request_id == asked(deletion()).request.request_id


@every_deletion
@pytest.mark.parametrize(
    ("status", "told"), [("Failed", "'Failed'"), (7, "a number"), ({}, "an object")]
)
def test_a_deletion_that_did_not_succeed_asks_for_nothing(
    deletion: Build, status: object, told: str
) -> None:
    reason = ignored(deletion(status=status)).reason

    assert f"The deletion has the status {told}, not Succeeded" in reason


def test_a_deletion_that_names_nothing_is_refused() -> None:
    bare = {**a_deletion_as_cloud_event(...), "subject": None}

    assert "does not say what was deleted" in refusal(bare).reason


def test_the_data_of_a_deletion_must_be_an_object() -> None:
    told = refusal({**a_deletion(), "data": ["x"]}).reason

    assert "data of the event must be a JSON object, but it is a list" in told


@pytest.mark.parametrize(
    "kind",
    [
        "Microsoft.Resources.ResourceWriteSuccess",
        "Microsoft.Resources.ResourceDeleteFailure",
        "Microsoft.EventGrid.SubscriptionValidationEvent",
        "Microsoft.ResourceNotifications.Resources.CreatedOrUpdated",
        "Microsoft.ResourceNotifications.HealthResources.ResourceAnnotated",
        "microsoft.storage.BlobCreated",
    ],
)
def test_another_event_of_azure_asks_for_nothing(kind: str) -> None:
    for nothing in (ignored(a_grid_event(eventType=kind)), ignored(a_cloud_event(type=kind))):
        assert f"An event of type '{kind}' asks for no restore" in nothing.reason
        assert nothing.request_id.startswith("event-")
