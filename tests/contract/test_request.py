"""The message contract: what a sender may write, and what each mistake is told."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from restore_core.contract.request import RestoreRequest
from restore_core.contract.resource_ids import DiskId, ResourceGroupId
from restore_core.contract.values import MAX_CARRIED_TEXT
from restore_core.errors import MalformedRequest
from tests.builders import (
    INSTANCE,
    SOURCE,
    SUBSCRIPTION,
    TARGET_GROUP,
    a_request,
    disk,
    fields,
    message,
    parsed,
)
from tests.published_schemas import assert_agreement


@pytest.fixture(autouse=True)
def _every_message_here_meets_the_schema(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test here has parsed, the published schema must judge alike."""
    messages: list[dict[str, Any]] = []
    parse = RestoreRequest.from_fields

    def noting(fields: dict[str, Any]) -> RestoreRequest:
        messages.append(fields)
        return parse(fields)

    with monkeypatch.context() as patched:
        patched.setattr(RestoreRequest, "from_fields", noting)
        yield
    for fields_ in messages:
        assert_agreement(fields_)


def refusal(body: bytes) -> MalformedRequest:
    with pytest.raises(MalformedRequest) as refused:
        parsed(body)
    return refused.value


def reason(**changes: Any) -> str:
    return refusal(message(**changes)).reason


# ------------------------------------------------------------------------- what is read


def test_a_request_is_read_field_by_field() -> None:
    request = a_request(
        requestId="inc-1:disk.a_b-c",
        recoveryPointId="a05715f103bc4ec498a311801f3baf01",
        validateOnly=True,
        requestedBy="alert rule",
        reason="the disk is gone",
        correlationId="c-1",
    )

    assert request.request_id == "inc-1:disk.a_b-c"
    assert str(request.backup_instance_id) == INSTANCE
    assert str(request.target_disk_id) == disk("disk-1-restored")
    assert request.recovery_point_id == "a05715f103bc4ec498a311801f3baf01"
    assert request.point_in_time is None
    assert request.validate_only is True
    assert (request.requested_by, request.reason) == ("alert rule", "the disk is gone")
    assert request.correlation_id == "c-1"


@pytest.mark.parametrize("absent", [None, ""])
@pytest.mark.parametrize(
    "field",
    [
        "targetResourceGroupId",
        "targetDiskName",
        "validateOnly",
        "requestedBy",
        "reason",
        "correlationId",
    ],
)
def test_null_and_an_empty_text_mean_absent(field: str, absent: str | None) -> None:
    assert a_request(**{field: absent}) == a_request()


@pytest.mark.parametrize("field", ["$AzureWebJobsParentId", "$anything", "$"])
def test_a_field_that_begins_with_a_dollar_is_passed_over(field: str) -> None:
    assert a_request(**{field: {"any": ["thing"]}}) == a_request()


@pytest.mark.parametrize(
    ("written", "meant"),
    [(True, True), (False, False), ("True", True), ("false", False), ("TRUE", True)],
)
def test_a_boolean_may_be_written_as_its_name(*, written: object, meant: bool) -> None:
    assert a_request(validateOnly=written).validate_only is meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-21T02:00:00Z", datetime(2026, 11, 21, 2, tzinfo=UTC)),
        ("2026-11-21T03:30:00+01:30", datetime(2026, 11, 21, 2, tzinfo=UTC)),
        ("2026-11-21T02:00:00.1234567Z", datetime(2026, 11, 21, 2, 0, 0, 123456, tzinfo=UTC)),
        ("latest", "latest"),
    ],
)
def test_a_point_in_time_is_a_zoned_time_or_latest(written: str, meant: object) -> None:
    request = a_request(pointInTime=written)

    assert request.point_in_time == meant


def test_a_carried_text_is_cut_and_cleaned_and_never_refused() -> None:
    request = a_request(reason="x" * 5_000, requestedBy="a\r\nb\u202ec", correlationId="\ud800 \n")

    assert request.reason is not None
    assert len(request.reason) == MAX_CARRIED_TEXT
    assert request.requested_by == "a b c"
    assert request.correlation_id is None


def test_two_messages_with_the_same_content_are_equal_whatever_their_order_or_casing() -> None:
    turned = json.dumps(dict(reversed(fields(backupInstanceId=INSTANCE.upper()).items())))

    assert parsed(turned.encode()) == a_request()
    assert parsed(message(reason="another")) != a_request()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"recoveryPointId": "a05715f103bc4ec498a311801f3baf01"},
        {"pointInTime": "2026-11-21T03:30:00.123456+01:30"},
        {"pointInTime": "latest"},
        {"validateOnly": True, "reason": "ä", "requestedBy": "b", "correlationId": "c"},
        {"targetDiskId": ..., "targetResourceGroupId": TARGET_GROUP},
        {"targetDiskId": ..., "targetResourceGroupId": TARGET_GROUP, "targetDiskName": "d"},
    ],
)
def test_a_request_written_as_json_is_the_same_request_again(changes: dict[str, Any]) -> None:
    request = a_request(**changes)

    written = request.to_json()

    assert parsed(written.encode()) == request
    assert "null" not in written


# ----------------------------------------------------------------------- where it goes

DERIVED = {"targetDiskId": ..., "targetResourceGroupId": TARGET_GROUP}


def test_a_named_target_is_known_before_the_source_is() -> None:
    by_id = a_request(targetDiskId=disk("d-1"))
    by_name = a_request(**DERIVED, targetDiskName="d-1")

    assert by_id.known_target == by_name.known_target == DiskId.parse(disk("d-1"))
    assert by_id.target_for(SOURCE) == by_name.target_for(SOURCE) == by_id.known_target


def test_without_a_name_only_the_target_group_is_known() -> None:
    assert a_request(**DERIVED).known_target == ResourceGroupId.parse(TARGET_GROUP)


def test_a_derived_name_is_the_same_at_every_retry() -> None:
    names = {a_request(**DERIVED, requestId="inc-1").target_for(SOURCE).name for _ in range(3)}

    assert names == {"disk-1-186608b239"}


def test_a_derived_name_differs_for_each_request() -> None:
    names = {a_request(**DERIVED, requestId=f"r{n}").target_for(SOURCE).name for n in range(100)}

    assert len(names) == 100


@pytest.mark.parametrize("length", [1, 68, 69, 70, 79, 80])
def test_a_derived_name_is_one_that_azure_allows(length: int) -> None:
    source = DiskId.named(SOURCE.group, "d" * length)

    target = a_request(**DERIVED).target_for(source)

    assert len(target.name) <= 80
    assert DiskId.named(target.group, target.name) == target
    assert target.name.startswith("d" * min(length, 69) + "-")


# -------------------------------------------------------------------- what is no request


def test_a_large_message_of_nothing_but_unknown_fields_is_told_a_few_of_them() -> None:
    body = message(**{f"field{n:04}": "x" * 10 for n in range(2_000)})

    refused = refusal(body)

    assert refused.reason.count("is no field") == 5
    assert len(refused.reason) < 2_000


@pytest.mark.parametrize("absent", [..., None, ""])
def test_a_missing_field_is_named(absent: object) -> None:
    assert "requestId is missing: every request must have it" in reason(requestId=absent)


@pytest.mark.parametrize("absent", [..., None, ""])
def test_a_missing_source_names_both_ways_to_give_one(absent: object) -> None:
    told = reason(backupInstanceId=absent)

    assert "The source is missing: send backupInstanceId or sourceDiskId" in told


@pytest.mark.parametrize("field", ["sourceDiskId", "vaultId"])
def test_an_instance_and_a_disk_exclude_each_other(field: str) -> None:
    value = str(SOURCE) if field == "sourceDiskId" else INSTANCE.partition("/backupInstances/")[0]

    told = reason(**{field: value})

    assert "backupInstanceId excludes sourceDiskId and vaultId" in told


def test_a_vault_alone_is_no_source() -> None:
    vault = INSTANCE.partition("/backupInstances/")[0]

    assert "The source is missing" in reason(backupInstanceId=..., vaultId=vault)


def test_a_disk_may_stand_in_for_its_instance_with_or_without_a_vault() -> None:
    vault = INSTANCE.partition("/backupInstances/")[0]
    alone = a_request(backupInstanceId=..., sourceDiskId=str(SOURCE))
    with_vault = a_request(backupInstanceId=..., sourceDiskId=str(SOURCE), vaultId=vault)

    assert (alone.known_source, alone.vault) == (SOURCE, None)
    assert str(with_vault.vault) == vault
    assert RestoreRequest.from_fields(json.loads(with_vault.to_json())) == with_vault


@pytest.mark.parametrize("text", ["2026-11-21", "soon", "2026-11-21T02:00:00"])
def test_not_after_is_a_time_with_a_zone(text: str) -> None:
    assert "notAfter is" in reason(notAfter=text)


def test_not_after_and_force_are_kept() -> None:
    request = a_request(notAfter="2026-11-21T03:00:00+01:00", force="True")

    assert request.not_after == datetime(2026, 11, 21, 2, tzinfo=UTC)
    assert request.force is True
    assert RestoreRequest.from_fields(json.loads(request.to_json())) == request


def test_a_missing_target_names_both_ways_to_give_one() -> None:
    told = reason(targetDiskId=...)

    assert "The target is missing: send targetDiskId or targetResourceGroupId" in told


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("requestId", 17),
        ("requestId", True),
        ("backupInstanceId", ["x"]),
        ("targetDiskId", {"id": "x"}),
        ("targetResourceGroupId", 1.5),
        ("targetDiskName", 7),
        ("recoveryPointId", 7),
        ("pointInTime", 1_763_690_400),
        ("requestedBy", ["a"]),
        ("reason", {}),
        ("correlationId", False),
    ],
)
def test_a_mistyped_field_is_told_what_it_is_and_what_it_must_be(field: str, value: object) -> None:
    told = reason(**{field: value})

    assert f"{field} is a" in told
    assert "it must be text, not" in told


@pytest.mark.parametrize("value", ["yes", 1, 0, "1", [], {"a": 1}])
def test_a_boolean_that_is_none_is_refused(value: object) -> None:
    told = reason(validateOnly=value)

    assert "validateOnly is " in told
    assert "it must be true or false" in told


@pytest.mark.parametrize(
    ("field", "meant"),
    [
        ("recoveryPoint", "recoveryPointId"),
        ("RequestId", "requestId"),
        ("pointintime", "pointInTime"),
        ("targetDisk", "targetDiskId"),
        ("validate", "validateOnly"),
        ("backupInstance", "backupInstanceId"),
        ("request_id", "requestId"),
    ],
)
def test_an_unknown_field_is_told_the_nearest_known_one(field: str, meant: str) -> None:
    told = reason(**{field: "x"})

    assert f"'{field}' is no field of a restore request: perhaps {meant} is meant" in told


def test_an_unknown_field_that_is_near_to_none_is_told_all_of_them() -> None:
    told = reason(zzz=1)

    assert "'zzz' is no field of a restore request; the fields are requestId," in told
    assert "correlationId" in told


@pytest.mark.parametrize("field", ["recoveryPointID", "pointintime", "zzz"])
@pytest.mark.parametrize("value", [None, ""])
def test_an_unknown_field_is_refused_though_it_is_empty(field: str, value: str | None) -> None:
    """It may be a selector, misspelt, whose expression yields nothing."""
    assert f"'{field}' is no field of a restore request" in reason(**{field: value})


@pytest.mark.parametrize("field", ["recoveryPointId", "pointInTime"])
@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_selector_is_no_absent_one(field: str, value: str | None) -> None:
    told = reason(**{field: value})

    assert field in told
    assert "it is empty, which is not the same as absent" in told
    assert "leave the field out" in told


def test_both_selectors_at_once_are_refused() -> None:
    told = reason(recoveryPointId="a05715f1", pointInTime="latest")

    assert "recoveryPointId and pointInTime exclude each other" in told


@pytest.mark.parametrize(
    "other", [{"targetResourceGroupId": TARGET_GROUP}, {"targetDiskName": "d"}]
)
def test_two_targets_at_once_are_refused(other: dict[str, str]) -> None:
    assert "targetDiskId excludes targetResourceGroupId and targetDiskName" in reason(**other)


def test_a_target_name_without_its_group_is_refused() -> None:
    assert "The target is missing" in reason(targetDiskId=..., targetDiskName="d")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2026-11-21T02:00:00", "it has no time zone: add Z or an offset"),
        ("2026-11-21", "it has no time zone"),
        ("yesterday", "it is no ISO 8601 time; an example is 2026-11-21T02:00:00Z"),
        ("Latest", "it is no ISO 8601 time"),
        ("21.11.2026 02:00", "it is no ISO 8601 time"),
        ("2026-02-30T00:00:00Z", "it is no ISO 8601 time"),
        ("0001-01-01T00:00:00+14:00", "it is out of range"),
        ("9999-12-31T23:59:59-14:00", "it is out of range"),
    ],
)
def test_a_time_that_is_none_is_refused_with_an_example(value: str, told: str) -> None:
    said = reason(pointInTime=value)

    assert f"pointInTime is '{value}'" in said
    assert told in said


@pytest.mark.parametrize(
    "request_id", ["-a", ".a", "a b", "a/b", "a#b", "a?b", "a\\b", "ä", "a\n", "x" * 129, "٣"]
)
def test_a_request_id_that_cannot_be_a_key_is_refused_and_never_used(request_id: str) -> None:
    refused = refusal(message(requestId=request_id))

    assert "requestId is " in refused.reason
    assert "1 to 128 of a-z A-Z 0-9 . _ : -" in refused.reason
    assert refused.request_id == ""


@pytest.mark.parametrize("request_id", ["a", "x" * 128, "08584-CU1:disk-1", "A._:-"])
def test_a_request_id_may_have_1_to_128_letters(request_id: str) -> None:
    assert a_request(requestId=request_id).request_id == request_id


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("backupInstanceId", "disk-1", "a backup instance"),
        ("backupInstanceId", disk("disk-1"), "a backup instance"),
        ("backupInstanceId", INSTANCE + "/recoveryPoints/1", "a backup instance"),
        ("targetDiskId", INSTANCE, "a managed disk"),
        ("targetDiskId", TARGET_GROUP, "a managed disk"),
        ("targetDiskId", disk("d").replace("/disks/", "/snapshots/"), "a managed disk"),
    ],
)
def test_an_id_of_another_kind_is_told_the_form_it_must_have(
    field: str, value: str, what: str
) -> None:
    told = reason(**{field: value})

    assert f"it is not the ARM id of {what}; the form is /subscriptions/{{subscription}}" in told


def test_a_target_group_of_another_kind_is_told_the_form_it_must_have() -> None:
    told = reason(targetDiskId=..., targetResourceGroupId=f"/subscriptions/{SUBSCRIPTION}")

    assert "it is not the ARM id of a resource group" in told


@pytest.mark.parametrize("name", ["-a", "a-", "a" * 81, "a b", "a/b", "ä", "a.", "..", "a%2fb"])
def test_a_name_that_azure_allows_no_disk_is_refused(name: str) -> None:
    told = reason(**DERIVED, targetDiskName=name)

    assert "targetDiskName is " in told
    assert "a disk's name has 1 to 80 of a-z A-Z 0-9 _ - ." in told


@pytest.mark.parametrize("value", ["../x", "a/b", "a b", "-x", "x" * 129, "%2e%2e"])
def test_a_recovery_point_id_that_cannot_be_one_is_refused(value: str) -> None:
    told = reason(recoveryPointId=value)

    assert "recoveryPointId is " in told
    assert "has letters, digits, - and _ only" in told


def test_a_value_is_quoted_back_cut_and_without_what_could_hurt() -> None:
    told = reason(pointInTime="x" * 500 + "\r\n" + "https://host/?sig=secret")

    assert "xxx…'" in told
    assert len(told) < 300
    assert "secret" not in told


def test_several_mistakes_are_told_at_once() -> None:
    told = reason(backupInstanceId="x", pointInTime="y", zzz=1)

    assert "backupInstanceId is 'x'" in told
    assert "pointInTime is 'y'" in told
    assert "'zzz' is no field" in told


def test_a_malformed_request_keeps_its_usable_id() -> None:
    assert refusal(message(backupInstanceId="x", requestId="r7")).request_id == "r7"
    assert refusal(message(backupInstanceId="x", requestId=["r7"])).request_id == ""


def test_a_field_name_that_is_no_text_of_any_alphabet_is_refused_like_any_other() -> None:
    refused = refusal(b'{"requestId": "r1", "\\ud800": 1}')

    assert refused.reason.startswith("The message is no restore request.")
    assert refused.request_id == "r1"
