"""Our own message among the envelopes, and what is neither."""

from typing import Any

import pytest

from restore_core.contract.envelopes.reader import read
from restore_core.contract.origin import Asked, Origin
from restore_core.errors import MalformedRequest
from tests.builders import a_request, fields
from tests.envelopes import ZABBIX, sent


def refusal(envelope: object) -> MalformedRequest:
    with pytest.raises(MalformedRequest) as refused:
        read(sent(envelope))
    return refused.value


def test_our_own_message_is_a_native_request() -> None:
    asked = read(sent(fields()))

    assert asked == Asked(a_request(), Origin.NATIVE)
    assert asked.request_id == "r1"


def test_the_message_of_an_unknown_monitor_is_told_what_it_is_not_and_how_it_was_known() -> None:
    refused = refusal(ZABBIX)

    assert "no restore request, and no envelope that is known either" in refused.reason
    assert "(common alert schema, CloudEvents 1.0, Event Grid)" in refused.reason
    assert "'title', 'state', 'message', 'alert_uid', 'tags', …" in refused.reason
    assert "zone" not in refused.reason
    assert refused.request_id == ""


@pytest.mark.parametrize(
    ("envelope", "told"),
    [
        ({}, "it has no fields"),
        ({"ContentData": "e30="}, "its fields are 'ContentData'."),
        ({"x" * 5_000: 1}, "xxx…'"),
        ({"a\r\nb\ud800": 1}, "'a b'"),
        ({"status": "Activated", "context": {}}, "its fields are 'status', 'context'."),
        ({"schemaId": "mySchema"}, "its fields are 'schemaId'."),
        ({"schemaId": 7}, "its fields are 'schemaId'."),
        ({"eventType": "a", "id": "b"}, "its fields are 'eventType', 'id'."),
        ({"eventTime": "a", "dataVersion": "b"}, "its fields are 'eventTime', 'dataVersion'."),
    ],
)
def test_an_object_of_unknown_fields_is_told_the_first_of_them(
    envelope: dict[str, Any], told: str
) -> None:
    refused = refusal(envelope)

    assert told in refused.reason
    assert len(refused.reason) < 400


@pytest.mark.parametrize("name", ["RequestId", "request_id", "backupInstance", "pointintime"])
def test_a_message_of_misspelt_fields_is_told_what_is_meant(name: str) -> None:
    assert f"'{name}' is no field of a restore request: perhaps " in refusal({name: "x"}).reason


@pytest.mark.parametrize(
    "schema", ["AzureMonitorMetricAlert", "Microsoft.Insights/activityLogs", "microsoft.insights/x"]
)
def test_an_alert_in_another_schema_is_told_to_switch(schema: str) -> None:
    told = refusal({"schemaId": schema, "data": {"context": {}}}).reason

    assert f"an alert in the schema '{schema}'" in told
    assert "Switch the action group to the common alert schema" in told


def test_a_malformed_request_of_our_own_keeps_its_usable_id() -> None:
    assert refusal(fields(backupInstanceId="x", requestId="r7")).request_id == "r7"
