"""The message contract: what a sender may write, and what each mistake is told."""

import itertools
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

VAULT = INSTANCE.partition("/backupInstances/")[0]
MACHINE = f"{SOURCE.group}/providers/Microsoft.Compute/virtualMachines/vm-1"
SOURCES: dict[str, Any] = {
    "backupInstanceId": INSTANCE,
    "sourceDiskId": str(SOURCE),
    "sourceVirtualMachineId": MACHINE,
    "sourceResourceGroupId": str(SOURCE.group),
    "sourceDiskIds": [str(SOURCE), disk("disk-2", str(SOURCE.group))],
}
OF_MANY = [*SOURCES][2:]


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


# -------------------------------------------------------------------- what asks for several


def a_set(source: str = "sourceResourceGroupId", **changes: Any) -> dict[str, Any]:
    """Return what changes the request of one disk into one of several."""
    of_many = {source: SOURCES[source], "targetResourceGroupId": TARGET_GROUP}
    return {"backupInstanceId": ..., "targetDiskId": ..., **of_many, **changes}


@pytest.mark.parametrize("source", OF_MANY)
def test_a_machine_a_group_or_a_list_asks_for_several_disks(source: str) -> None:
    request = a_request(
        **a_set(source, vaultId=VAULT, expectedDisks=2, targetDiskSuffix="-back", force=True),
        pointInTime="2026-11-21T02:00:00Z",
        notAfter="2026-11-22T02:00:00Z",
        validateOnly=True,
    )

    assert request.is_set
    assert (request.expected_disks, request.target_disk_suffix) == (2, "-back")
    assert parsed(request.to_json().encode()) == request
    assert json.loads(request.to_json())[source] == SOURCES[source]


@pytest.mark.parametrize("source", ["backupInstanceId", "sourceDiskId"])
def test_one_disk_is_no_set(source: str) -> None:
    request = a_request(**{"backupInstanceId": ..., source: SOURCES[source]})

    assert not request.is_set
    assert request.group_of_disks is None


def test_a_machine_or_a_group_is_known_as_that_whose_disks_are_asked_for() -> None:
    machine, group, listed = (a_request(**a_set(source)).group_of_disks for source in OF_MANY)

    assert (str(machine), str(group), listed) == (MACHINE, str(SOURCE.group), None)


def test_a_list_may_name_one_disk_and_keeps_its_order() -> None:
    disks = [disk(name) for name in ("b", "a", "c")]

    assert a_request(**a_set(sourceResourceGroupId=..., sourceDiskIds=disks[:1])).is_set
    many = a_request(**a_set(sourceResourceGroupId=..., sourceDiskIds=disks))
    assert [str(one) for one in many.source_disk_ids or ()] == disks


@pytest.mark.parametrize("field", ["sourceDiskIds", *OF_MANY[:2], "expectedDisks", "vaultId"])
@pytest.mark.parametrize("absent", [None, ""])
def test_null_and_an_empty_text_mean_absent_of_several_too(field: str, absent: object) -> None:
    assert a_request(**{field: absent, "targetDiskSuffix": absent}) == a_request()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([], "sourceDiskIds is a list: it must name 1 to 2000 disks, and names 0"),
        (
            [disk(f"d{n}") for n in range(2_001)],
            "it must name 1 to 2000 disks, or fewer where RESTORE_MAX_SET says so, and names 2001",
        ),
        (disk("d"), "it must be a JSON list of disk ids, not text"),
        ({"a": disk("d")}, "it must be a JSON list of disk ids, not an object"),
        ([disk("d"), 7], "a number in it cannot be used: it must be text, not a number"),
        ([disk("d"), None], "null in it cannot be used: it must be text, not null"),
        ([[disk("d")]], "a list in it cannot be used: it must be text, not a list"),
        ([disk("d"), "disk-1"], "'disk-1' in it cannot be used: it is not the ARM id of a managed"),
        ([disk("d"), disk("e"), disk("d")], "/disks/d twice: name each disk once"),
    ],
)
def test_a_list_of_disks_that_is_none_is_refused(value: object, why: str) -> None:
    assert why in reason(**a_set(sourceResourceGroupId=..., sourceDiskIds=value))


def test_a_disk_that_a_list_names_twice_in_other_casing_is_found() -> None:
    """The schema cannot say that case does not count."""
    twice = a_set(sourceResourceGroupId=..., sourceDiskIds=[disk("d"), disk("D")])

    assert "/disks/d twice: name each disk once" in reason(**twice)


@pytest.mark.parametrize("written", [7, "7", 7.0])
def test_a_count_may_be_written_as_text(written: object) -> None:
    assert a_request(**a_set(expectedDisks=written)).expected_disks == 7


@pytest.mark.parametrize("written", [1, 2_000, "1", "999", "1000", "1999", "2000"])
def test_a_count_is_one_that_a_set_may_have(written: object) -> None:
    assert a_request(**a_set(expectedDisks=written)).expected_disks == int(str(written))


@pytest.mark.parametrize(
    "written",
    [0, -1, 2_001, 10**30, 1.5, 1e300, True, [7], {}, "0", "07", "2001", "9999", "+7", "٣", "7\n"],
)
def test_a_count_that_is_none_is_refused(written: object) -> None:
    told = reason(**a_set(expectedDisks=written))

    assert "expectedDisks is " in told
    assert "it must be a whole number from 1 to 2000" in told


@pytest.mark.parametrize("suffix", ["-restored", "_", ".a", "x" * 40])
def test_a_suffix_is_what_may_end_a_disk_s_name(suffix: str) -> None:
    assert a_request(**a_set(targetDiskSuffix=suffix)).target_disk_suffix == suffix


@pytest.mark.parametrize("suffix", ["-", "a.", "a b", "x" * 41, "ä", "a/b", "a\n"])
def test_a_suffix_that_can_end_no_disk_s_name_is_refused(suffix: str) -> None:
    told = reason(**a_set(targetDiskSuffix=suffix))

    assert "targetDiskSuffix is " in told
    assert "it must have 1 to 40 of a-z A-Z 0-9 _ - . and end in one of a-z 0-9 _" in told


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"targetDiskId": disk("d")}, "targetDiskId cannot hold for several disks: send target"),
        ({"targetDiskName": "d"}, "targetDiskName cannot hold for several disks: send target"),
        (
            {"targetDiskId": disk("d"), "targetDiskName": "d"},
            "targetDiskId and targetDiskName cannot hold for several disks",
        ),
        ({"recoveryPointId": "a0"}, "recoveryPointId cannot hold for several disks: send pointIn"),
        (
            {"targetResourceGroupId": ...},
            "The target is missing: send targetResourceGroupId, such as /subscriptions/",
        ),
        ({"requestId": "x" * 65}, "requestId is too long: for several disks it must have at most"),
    ],
)
@pytest.mark.parametrize("source", OF_MANY)
def test_what_cannot_hold_for_several_disks_is_refused(
    source: str, changes: dict[str, Any], why: str
) -> None:
    assert why in reason(**a_set(source, **changes))


def test_every_field_that_cannot_hold_for_several_disks_is_named_at_once() -> None:
    told = reason(**a_set(targetDiskName="d", recoveryPointId="a0", requestId="x" * 65))

    assert "targetDiskName cannot hold for several disks" in told
    assert "matter. recoveryPointId cannot hold for several disks" in told
    assert "or neither. requestId is too long" in told


def test_a_wrong_value_hides_no_field_that_cannot_stand_beside_another() -> None:
    told = reason(**a_set(expectedDisks=0, recoveryPointId="a0", targetDiskName=None))

    assert "expectedDisks is 0: it must be a whole number from 1 to 2000. " in told
    assert "recoveryPointId cannot hold for several disks" in told
    assert "targetDiskName" not in told


def test_where_a_name_is_misspelt_nothing_is_said_to_be_missing() -> None:
    told = reason(backupInstanceId=..., sourceDiskIdd=disk("d"), expectedDisks=0)

    assert "'sourceDiskIdd' is no field of a restore request: perhaps sourceDiskId is" in told
    assert "expectedDisks is 0" in told
    assert "The source is missing" not in told


def test_the_id_of_a_set_may_have_64_characters() -> None:
    assert len(a_request(**a_set(requestId="x" * 64)).request_id) == 64


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"expectedDisks": 1}, "expectedDisks"),
        ({"targetDiskSuffix": "-a"}, "targetDiskSuffix"),
        ({"expectedDisks": 1, "targetDiskSuffix": "-a"}, "expectedDisks and targetDiskSuffix"),
    ],
)
def test_what_holds_for_several_disks_only_is_refused_of_one(
    changes: dict[str, Any], named: str
) -> None:
    told = reason(**changes)

    assert f"{named} can hold for several disks only (sourceVirtualMachineId, sourceR" in told


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

    assert "The source is missing: send backupInstanceId or sourceDiskId, or for several" in told
    assert "sourceVirtualMachineId, sourceResourceGroupId or sourceDiskIds." in told


@pytest.mark.parametrize("others", list(itertools.combinations(SOURCES, 2)))
def test_two_sources_exclude_each_other(others: tuple[str, str]) -> None:
    one, other = others

    told = reason(**{"backupInstanceId": ..., one: SOURCES[one], other: SOURCES[other]})

    assert f"{one} and {other} exclude each other: send one of them" in told


def test_an_instance_names_its_vault() -> None:
    told = reason(vaultId=VAULT)

    assert "backupInstanceId excludes vaultId, for it names its vault: leave out vaultId" in told


def test_a_vault_alone_is_no_source() -> None:
    assert "The source is missing" in reason(backupInstanceId=..., vaultId=VAULT)


def test_a_disk_may_stand_in_for_its_instance_with_or_without_a_vault() -> None:
    alone = a_request(backupInstanceId=..., sourceDiskId=str(SOURCE))
    with_vault = a_request(backupInstanceId=..., sourceDiskId=str(SOURCE), vaultId=VAULT)

    assert (alone.known_source, alone.vault) == (SOURCE, None)
    assert str(with_vault.vault) == VAULT
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

    given = str(value) if type(value) in (int, float) else "a"
    assert f"{field} is {given}" in told
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
