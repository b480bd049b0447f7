"""The published schemas: what the code is, and what the parser accepts."""

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from restore_core.azure.tables.row_codec import restore_row
from restore_core.contract.request import FIELDS
from restore_core.engine.columns import PUBLIC, as_json, refused_row, result_row
from restore_core.lifecycle.states import Ended
from restore_core.lifecycle.status import Status
from tests.builders import (
    INSTANCE,
    SOURCE,
    TARGET_GROUP,
    a_plan,
    a_refused_message,
    a_restore,
    an_outcome,
    disk,
    every_state,
    fields,
)
from tests.hostile.nasty import TEXTS
from tests.published_schemas import REQUEST, RESULT, SCHEMAS, assert_agreement, schema, validator
from tools import schemas

NAMES = (
    "restore-request.v1",
    "restore-event.v1",
    "restore-result.v1",
    "restore-list.v1",
    "restore-summary.v1",
    "restore-withdrawal.v1",
)


def test_the_schemas_are_those_of_the_code() -> None:
    assert schemas.main(["--check"]) == 0
    assert {file.name.removesuffix(".schema.json") for file in SCHEMAS.glob("*.json")} == {*NAMES}


def test_a_schema_that_is_out_of_date_is_named_and_written_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schemas, "FOLDER", tmp_path)
    assert schemas.main([]) == 0
    (tmp_path / "restore-event.v1.schema.json").write_text("{}")
    (tmp_path / "restore-event.v0.schema.json").write_text("{}")

    assert schemas.main(["--check"]) == 1

    told = capsys.readouterr().err
    assert "restore-event.v1.schema.json is out of date: run `python -m tools.schemas`." in told
    assert "restore-event.v0.schema.json" in told
    assert schemas.main([]) == 0
    assert schemas.main(["--check"]) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_of_the_dialect_that_it_names(name: str) -> None:
    read = schema(name)

    Draft202012Validator.check_schema(read)
    assert read["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert read["$id"] == f"urn:azure-disk-restore:{name.removesuffix('.v1')}:v1"
    assert read["title"]
    assert read["description"]


@pytest.mark.parametrize("name", NAMES)
def test_no_pattern_needs_more_than_every_dialect_reads(name: str) -> None:
    patterns = re.findall(r'"pattern": (".*")', json.dumps(schema(name), indent=1))

    assert patterns
    for pattern in map(json.loads, patterns):
        assert not re.search(r"\(\?[^:]|\\[^.]|[+*?}]\+", pattern), pattern


def test_every_field_and_every_public_column_is_there_and_explained() -> None:
    request, result = schema("restore-request.v1"), schema("restore-result.v1")

    assert set(request["properties"]) == set(FIELDS.values())
    assert set(result["properties"]) == {"ended", *PUBLIC}
    for told in (*request["properties"].values(), *result["properties"].values()):
        assert told["description"].endswith(".")


# -------------------------------------------------------------------------------- the request

WHOLE = {
    **fields(requestedBy="a", reason="b", correlationId="c", validateOnly="True", force=False),
    "notAfter": "2026-11-21T03:00:00+01:00",
}
BY_DISK: dict[str, Any] = {
    "requestId": "r1",
    "sourceDiskId": str(SOURCE),
    "vaultId": INSTANCE.partition("/backupInstances/")[0],
    "targetResourceGroupId": TARGET_GROUP,
    "targetDiskName": "d-1",
    "pointInTime": "latest",
}
BY_MACHINE: dict[str, Any] = {
    "requestId": "r1",
    "sourceVirtualMachineId": f"{SOURCE.group}/providers/Microsoft.Compute/virtualMachines/vm-1",
    "vaultId": BY_DISK["vaultId"],
    "targetResourceGroupId": TARGET_GROUP,
    "targetDiskSuffix": "-back",
    "expectedDisks": 3,
    "pointInTime": "2026-11-21T02:00:00Z",
}
GOOD: dict[str, list[Any]] = {
    "sourceVirtualMachineId": [BY_MACHINE["sourceVirtualMachineId"], str(SOURCE)],
    "sourceResourceGroupId": [str(SOURCE.group)],
    "sourceDiskIds": [[str(SOURCE)], [disk("a"), disk("b")], [disk("a"), disk("A")], ["x"]],
    "expectedDisks": [1, 2_000, 2_001, 3.0, "3", "2000", "2001", "03"],
    "targetDiskSuffix": ["-back", "_", "x" * 40, "x" * 41, "-"],
    "requestId": ["r1", "INC0012345-disk1", "x" * 64, "x" * 65],
    "backupInstanceId": [INSTANCE, INSTANCE.upper(), INSTANCE.lower()],
    "sourceDiskId": [str(SOURCE), disk("d" * 80)],
    "vaultId": [BY_DISK["vaultId"]],
    "targetDiskId": [disk("d-1")],
    "targetResourceGroupId": [TARGET_GROUP, TARGET_GROUP.replace("resourceG", "resourceg")],
    "targetDiskName": ["d", "d.1_"],
    "recoveryPointId": ["a05715f103bc4ec498a311801f3baf01"],
    "pointInTime": ["latest", "2026-11-21T02:00:00Z", "2026-11-21T02:00:00.1234567+01:30"],
    "notAfter": ["2026-11-21T02:00Z", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-14:00"],
    "force": [True, False, "True", "false"],
    "validateOnly": [True, "TRUE"],
    "requestedBy": ["a"],
    "reason": ["ä" * 2_000],
    "correlationId": ["c"],
}


@pytest.mark.parametrize(
    "message", [WHOLE, BY_DISK, BY_MACHINE], ids=["by instance", "by disk", "by machine"]
)
def test_a_message_with_every_field_is_valid(message: dict[str, Any]) -> None:
    REQUEST.validate(message)

    assert assert_agreement(message) is not None


@pytest.mark.parametrize("name", sorted(GOOD))
def test_each_field_alone_may_be_what_the_parser_reads(name: str) -> None:
    for message in (WHOLE, BY_DISK, BY_MACHINE):
        for value in (*GOOD[name], None, "", 0, 1, 1.5, [], {}, True, *TEXTS):
            assert_agreement({**message, name: value})
        assert_agreement({other: value for other, value in message.items() if other != name})


@pytest.mark.parametrize("value", [None, "", "x", {}])
def test_an_unknown_name_is_refused_whatever_it_holds(value: object) -> None:
    assert assert_agreement({**WHOLE, "recoveryPointID": value}) is None
    assert assert_agreement({**WHOLE, "$recoveryPointID": value}) is not None


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from(TEXTS), st.text(), st.just({})
)


def values_of(name: str) -> st.SearchStrategy[Any]:
    """Return what the schema itself would write into a field, and what it would not."""
    pattern = schema("restore-request.v1")["properties"][name].get("pattern", "^.{0,9}$")
    written = st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
    return st.one_of(st.sampled_from(GOOD[name]), written, st.sampled_from([None, ""]), JUNK)


MESSAGES = st.sampled_from([{}, WHOLE, BY_DISK, BY_MACHINE]).flatmap(
    lambda message: st.fixed_dictionaries(
        {},
        optional={
            **{name: values_of(name) for name in GOOD},
            "$any": JUNK,
            "pointinTime": JUNK,
        },
    ).map(lambda changes: {**message, **changes})
)


@given(MESSAGES)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
def test_parser_and_schema_say_the_same_of_any_message(message: dict[str, Any]) -> None:
    assert_agreement(message)


# --------------------------------------------------------------------------------- the result


def test_every_row_is_a_result_whatever_the_state() -> None:
    for name, state in every_state().items():
        restore = a_restore(state)
        shown = as_json(restore_row(restore))

        RESULT.validate(shown)
        statuses = {status.value for status in Status} if shown["ended"] else {*schemas.UNDER_WAY}
        assert shown["status"] in statuses, name


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.IGNORED}))
def test_every_outcome_of_a_restore_is_a_result(status: Status) -> None:
    outcome = an_outcome(status)

    RESULT.validate(as_json(result_row(a_restore(Ended(outcome, a_plan())), outcome)))


@pytest.mark.parametrize("status", [Status.REJECTED, Status.IGNORED])
def test_a_message_that_never_became_a_restore_is_a_result(status: Status) -> None:
    RESULT.validate(as_json(refused_row(a_refused_message(status=status))))


ENDED = "2026-11-21T12:00:00Z"


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "Running", "ended": True, "completedAt": ENDED},
        {"status": "Completed", "ended": True},
        {"status": "Running", "ended": False, "completedAt": ENDED},
        {"status": "Completed", "ended": True, "completedAt": "yesterday"},
        {"status": "Completed", "ended": True, "completedAt": ENDED, "durationSeconds": -1},
        {"status": "Completed"},
        {"ended": True, "completedAt": ENDED},
    ],
)
def test_what_no_restore_shows_is_no_result(wrong: dict[str, Any]) -> None:
    assert not RESULT.is_valid(wrong)


def test_a_receiver_that_keeps_a_schema_accepts_what_is_added_later() -> None:
    later = {"status": "Resting", "ended": False, "colour": "red", "origin": "pigeon"}

    RESULT.validate(later)
    validator("restore-event.v1").validate(
        {
            "specversion": "1.0",
            "id": "r1/1",
            "source": "azure-disk-restore",
            "type": "azure-disk-restore.restore.resting.v1",
            "subject": "r1",
            "time": ENDED,
            "sequence": "0001",
            "datacontenttype": "application/json",
            "data": later,
        }
    )
