"""A restore as table rows, and back."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from restore_core.azure.tables.long_text import parts, whole
from restore_core.azure.tables.row_codec import restore_of, restore_row
from restore_core.contract.resource_ids import BackupInstanceId, IdentityId
from restore_core.contract.target_field import TargetField
from restore_core.engine.columns import MAX_PROPERTY, day, refused_row, result_row
from restore_core.errors import Problem, UnreadableRow
from restore_core.lifecycle.states import (
    Accepted,
    Ending,
    Restoring,
    Search,
    State,
    Triggering,
    Wait,
)
from restore_core.lifecycle.status import Status
from tests.builders import (
    A_JOB,
    A_PROBLEM,
    EARLIER,
    IDENTITY,
    INSTANCE,
    SOURCE,
    TARGET_GROUP,
    a_claim,
    a_claimed_plan,
    a_member,
    a_plan,
    a_refused_message,
    a_restore,
    a_set_of,
    an_operation,
    an_outcome,
    disk,
    every_state,
)
from tests.fakes import NOON

TOLD = Problem("Code", "It is said.", "Do it.", "correlation-9")
STATES = every_state()
URL = an_operation().url


# ------------------------------------------------------------------------ there and back


@pytest.mark.parametrize(
    "wait", [Wait(NOON), Wait(NOON + timedelta(microseconds=1), 3, TOLD, 1, NOON)]
)
@pytest.mark.parametrize("state", STATES)
def test_a_restore_in_any_state_is_read_back_as_it_was_written(state: str, wait: Wait) -> None:
    restore = a_restore(every_state(wait)[state])

    assert restore_of(restore_row(restore)) == restore


def test_a_member_that_had_its_turn_is_read_back_as_it_was_written() -> None:
    restore = replace(a_restore(STATES["Queued"]), member=a_member(), turn_at=NOON)

    assert restore_of(restore_row(restore)) == restore


@pytest.mark.parametrize(
    "state",
    [
        Ending(an_outcome(Status.REJECTED, problem=TOLD), None),
        Ending(an_outcome(Status.TIMED_OUT), a_claimed_plan(), NOON + timedelta(days=7)),
        Ending(an_outcome(job=A_JOB, job_status="Completed"), a_claimed_plan()),
        Accepted(Wait(NOON, 2, Problem('quote"', "\\ slash and ä", ""))),
        every_state()["Ready"],
    ],
)
def test_a_restore_is_read_back_with_every_optional_part_it_has(state: Any) -> None:
    restore = a_restore(state, reason="ä", validateOnly=True, pointInTime="latest")

    assert restore_of(restore_row(restore)) == restore


def test_a_plan_is_read_back_with_the_identity_and_the_field_that_named_its_target() -> None:
    plan = a_plan(identity=IdentityId.parse(IDENTITY), target_field=TargetField.DERIVED)
    restore = a_restore(replace(STATES["Ready"], plan=plan))  # type: ignore[type-var]

    assert restore_of(restore_row(restore)).plan == plan


def test_a_plan_of_a_version_that_knew_neither_is_read_with_none_of_them() -> None:
    whole = json.loads(restore_row(a_restore(STATES["Ready"]))["document"])
    del whole["state"]["plan"]["identity"], whole["state"]["plan"]["target_field"]

    read = restore_of({"PartitionKey": "r1", "document": json.dumps(whole)})

    assert read.plan == a_plan()
    assert a_plan().identity is None
    assert a_plan().target_field is None


def test_a_plan_is_read_back_with_all_its_claims_and_without_a_snapshot_group() -> None:
    claims = (a_claim(EARLIER, "claim-1"), a_claim(NOON, "claim-2"))
    plan = a_plan(claims=claims, failures=3, snapshot_group=None, correlation_id="c")
    restore = a_restore(replace(STATES["Ready"], plan=plan))  # type: ignore[type-var]

    read = restore_of(restore_row(restore))

    assert read == restore
    assert read.plan == plan


@pytest.mark.parametrize("stands_in", [True, False])
def test_who_went_ahead_in_a_version_that_counted_every_leader_was_the_second_try(
    *, stands_in: bool
) -> None:
    row = restore_row(replace(a_restore(), stands_in=stands_in))
    document = json.loads(row["document"])
    assert document.pop("isSecondTry") is False

    read = restore_of({**row, "document": json.dumps(document)})

    assert read.is_second_try is stands_in


def test_a_row_has_only_values_that_a_table_holds() -> None:
    for state in every_state(Wait(NOON, 1, TOLD)).values():
        for value in restore_row(a_restore(state)).values():
            assert type(value) in {str, int, datetime}


def test_a_row_is_found_by_its_request_alone() -> None:
    row = restore_row(a_restore(requestId="inc-7"))

    assert (row["PartitionKey"], row["RowKey"]) == ("inc-7", "restore")


# ------------------------------------------------------------- more than one property holds


def documents(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: text for name, text in row.items() if name.startswith("document")}


def units(text: str) -> int:
    """Return the UTF-16 units of a text, of which a property holds 32,768."""
    return len(text.encode("utf-16-le")) // 2


def test_a_set_of_as_many_disks_as_a_message_holds_fits_into_its_row() -> None:
    restore = a_set_of(530)
    assert 62 * 1024 <= len(restore.request.to_json()) <= 64 * 1024

    row = restore_row(restore)

    assert [*documents(row)] == ["document", "document2", "document3", "document4"]
    assert all(units(text) <= MAX_PROPERTY for text in documents(row).values())
    assert restore_of(row) == restore


@pytest.mark.parametrize("letter", ["x", "ä", "日", "😀"])
@pytest.mark.parametrize("over", [-1, 0, 1, 2, 3])
def test_a_text_is_cut_where_a_property_ends_and_never_within_a_letter(
    letter: str, over: int
) -> None:
    text = "a" * over + letter * (MAX_PROPERTY // units(letter)) if over >= 0 else letter

    held = parts("document", text)

    assert "".join(held.values()) == whole("document", {"other": 1, **held}) == text
    assert all(0 < units(part) <= MAX_PROPERTY for part in held.values())
    assert (len(held) == 1) == (units(text) <= MAX_PROPERTY)


def test_what_one_property_holds_stands_in_one_as_it_always_did() -> None:
    for state in STATES.values():
        assert [*documents(restore_row(a_restore(state)))] == ["document"]
    assert len(documents(restore_row(a_set_of(150)))) == 1


@pytest.mark.parametrize("number", ["", 2, 3])
@pytest.mark.parametrize("odd", [..., 7, None, "x", NOON])
def test_a_row_of_which_a_part_is_lost_or_odd_is_unreadable(number: object, odd: Any) -> None:
    row = restore_row(a_set_of(300))
    del row[f"document{number}"]

    with pytest.raises(UnreadableRow):
        restore_of(row if odd is ... else {**row, f"document{number}": odd})


# ---------------------------------------------------------------------- the operation URL


@pytest.mark.parametrize("state", STATES)
def test_the_operation_url_stands_in_its_own_column_and_only_while_the_operation_runs(
    state: str,
) -> None:
    row = restore_row(a_restore(STATES[state]))

    assert [name for name, value in row.items() if URL in str(value)] == (
        ["operationUrl"] if state in {"Validating", "Restoring"} else []
    )
    assert ("operationUrl" in row) == (state in {"Validating", "Restoring"})
    assert "signed" not in row["document"]


def test_a_long_signed_url_is_read_back_to_the_letter() -> None:
    url = "https://management.azure.com/OD==?t=1&c=" + "a_-b" * 900 + "&s=%2B&h=="
    operation = replace(an_operation(), url=url)
    restore = a_restore(replace(STATES["Restoring"], operation=operation))  # type: ignore[type-var]

    assert restore_of(restore_row(restore)) == restore


# ------------------------------------------------------------------- what a person reads


def test_the_columns_of_a_restore_under_way_say_where_it_stands() -> None:
    restore = a_restore(every_state(Wait(NOON, 1, TOLD))["Running"], requestedBy="me", reason="why")

    row = restore_row(restore)

    assert row["status"] == "Running"
    assert row["requestId"] == "r1"
    assert row["backupInstanceId"] == INSTANCE
    assert row["sourceDiskId"] == str(SOURCE)
    assert row["targetDiskId"] == disk("disk-1-restored")
    assert row["recoveryPointId"] == "a05715f103bc4ec498a311801f3baf01"
    assert row["recoveryPointTime"] == NOON - timedelta(hours=10)
    assert row["recoveryPointAgeSeconds"] == 36_000
    assert row["jobId"] == A_JOB
    assert row["triggeredAt"] == EARLIER
    assert row["dueAt"] == NOON
    assert (row["requestedBy"], row["reason"]) == ("me", "why")
    assert (row["errorCode"], row["errorMessage"]) == ("Code", "It is said.")
    assert (row["recommendedAction"], row["armCorrelationId"]) == ("Do it.", "correlation-9")
    assert "completedAt" not in row


def test_before_a_plan_the_columns_say_what_the_request_says() -> None:
    named = restore_row(a_restore(recoveryPointId="p1"))
    derived = restore_row(a_restore(targetDiskId=..., targetResourceGroupId=TARGET_GROUP))

    assert (named["targetDiskId"], named["recoveryPointId"]) == (disk("disk-1-restored"), "p1")
    assert "targetDiskId" not in derived
    assert "recoveryPointId" not in derived


def test_a_result_has_every_column_of_a_restore_that_went_well() -> None:
    claimed_plan = a_plan(claims=(a_claim(NOON + timedelta(seconds=50)),), correlation_id="arm-1")
    ended = NOON + timedelta(minutes=5)
    outcome = an_outcome(at=ended, job=A_JOB, job_status="Completed")
    restore = replace(
        a_restore(Ending(outcome, claimed_plan), correlationId="c-1", requestedBy="me"),
        requested_at=EARLIER,
    )

    row = result_row(restore, outcome)

    assert row == {
        "PartitionKey": "2026-11-21",
        "origin": "native",
        "RowKey": "r1",
        "status": "Completed",
        "requestId": "r1",
        "backupInstanceId": INSTANCE,
        "sourceDiskId": str(SOURCE),
        "targetDiskId": disk("disk-1-restored"),
        "recoveryPointId": "a05715f103bc4ec498a311801f3baf01",
        "recoveryPointTime": NOON - timedelta(hours=10),
        "recoveryPointAgeSeconds": 36_000,
        "jobId": A_JOB,
        "jobStatus": "Completed",
        "requestedAt": EARLIER,
        "acceptedAt": NOON,
        "triggeredAt": NOON + timedelta(seconds=50),
        "completedAt": ended,
        "durationSeconds": 300,
        "correlationId": "c-1",
        "armCorrelationId": "arm-1",
        "requestedBy": "me",
    }


def test_a_result_of_a_restore_that_ended_badly_says_why_and_what_to_do() -> None:
    outcome = an_outcome(Status.FAILED, problem=TOLD)

    row = result_row(a_restore(Ending(outcome, a_claimed_plan())), outcome)

    assert row["status"] == "Failed"
    assert (row["errorCode"], row["errorMessage"]) == ("Code", "It is said.")
    assert (row["recommendedAction"], row["armCorrelationId"]) == ("Do it.", "correlation-9")
    assert row["triggeredAt"] == EARLIER


def test_a_rejected_restore_was_never_triggered_whatever_it_claimed() -> None:
    outcome = an_outcome(Status.REJECTED, problem=A_PROBLEM)

    row = result_row(a_restore(Ending(outcome, a_claimed_plan())), outcome)

    assert "triggeredAt" not in row


def test_a_result_is_the_same_whenever_it_is_written() -> None:
    outcome = an_outcome(Status.TIMED_OUT, problem=TOLD)
    ending = a_restore(Ending(outcome, a_claimed_plan(), NOON + timedelta(days=7)))
    guarding = a_restore(replace(STATES["Guarding"], outcome=outcome))  # type: ignore[type-var]

    assert result_row(ending, outcome) == result_row(guarding, outcome)


def test_a_job_that_ended_before_the_acceptance_took_no_time() -> None:
    outcome = an_outcome(at=NOON - timedelta(hours=1))

    assert result_row(a_restore(Ending(outcome, a_plan())), outcome)["durationSeconds"] == 0


def test_the_day_of_a_result_is_that_of_its_acceptance_in_utc() -> None:
    west = timezone(timedelta(hours=-5))

    assert day(datetime(2026, 11, 21, 20, tzinfo=west)) == "2026-11-22"
    assert day(NOON) == "2026-11-21"


# ------------------------------------------------------- what never became a restore


def a_refused_row(body: bytes, request_id: str = "") -> dict[str, Any]:
    return refused_row(
        a_refused_message(body, problem=TOLD, request_id=request_id, inserted_at=EARLIER)
    )


def test_a_message_that_never_became_a_restore_has_a_row_with_its_reason_and_its_text() -> None:
    body = b'{"requestId": "r1"}'

    row = a_refused_row(body, "r1")

    digest = hashlib.sha256(body).hexdigest()
    assert (row["PartitionKey"], row["RowKey"]) == ("2026-11-21", f"r1~{digest[:16]}")
    assert (row["status"], row["requestId"]) == ("Rejected", "r1")
    assert (row["requestedAt"], row["completedAt"]) == (EARLIER, NOON)
    assert (row["errorCode"], row["recommendedAction"]) == ("Code", "Do it.")
    assert row["messageText"] == body.decode()
    assert (row["messageLength"], row["messageSha256"]) == (len(body), digest)


def test_a_message_without_a_usable_id_is_unreadable() -> None:
    row = a_refused_row(b"\xff\xfe\n\x00")

    assert row["RowKey"].startswith("unreadable~")
    assert "requestId" not in row
    assert row["messageText"] == "\\xff\\xfe"


@pytest.mark.parametrize("letter", ["x", "ä", "日", "😀"])
@pytest.mark.parametrize("count", [MAX_PROPERTY // 2, MAX_PROPERTY, MAX_PROPERTY + 1, 65_536])
def test_the_text_of_a_message_is_cut_to_what_a_property_holds(letter: str, count: int) -> None:
    body = (letter * count).encode()

    row = a_refused_row(body)

    units = len(row["messageText"].encode("utf-16-le")) // 2
    assert units <= MAX_PROPERTY
    assert units >= min(count, MAX_PROPERTY) - 1
    assert row["messageLength"] == len(body)
    assert row["messageText"].rstrip("…").strip(letter) == ""


def test_a_cut_text_never_ends_in_half_a_letter() -> None:
    row = a_refused_row(("x" + "😀" * MAX_PROPERTY).encode())

    assert row["messageText"].encode("utf-8")
    assert len(row["messageText"].encode("utf-16-le")) // 2 == MAX_PROPERTY - 1


def test_a_token_in_a_message_does_not_reach_its_row() -> None:
    row = a_refused_row(b'{"url": "https://h/x?s=signature", "a": "Bearer abc.def.ghi"}')

    assert "signature" not in str(row)
    assert "abc.def" not in str(row)


# ------------------------------------------------------------------- rows nobody can read


def document(**changes: Any) -> dict[str, Any]:
    row = restore_row(a_restore(STATES["Running"]))
    return {**row, "document": json.dumps({**json.loads(row["document"]), **changes})}


WHOLE: dict[str, Any] = json.loads(restore_row(a_restore(STATES["Running"]))["document"])


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"document": None},
        {"document": 7},
        {"document": ""},
        {"document": "{"},
        {"document": "[]"},
        {"document": "null"},
        {"document": "[" * 60_000},
        document(request=None),
        document(request=[]),
        document(request={}),
        document(request={**WHOLE["request"], "zzz": 1}),
        document(request={**WHOLE["request"], "backupInstanceId": "x"}),
        document(acceptedAt=None),
        document(acceptedAt="soon"),
        document(acceptedAt="2026-11-21T12:00:00"),
        document(deadline=7),
        document(state=None),
        document(state=[]),
        document(state={}),
        document(state={"is": "AStateOfALaterVersion"}),
        document(state={"is": ["Running"]}),
        document(state={"is": "Running"}),
        document(state={**WHOLE["state"], "more": 1}),
        document(state={**WHOLE["state"], "plan": 7}),
        document(state={**WHOLE["state"], "plan": "x"}),
        document(state={**WHOLE["state"], "plan": {}}),
        document(state={**WHOLE["state"], "plan": {**WHOLE["state"]["plan"], "target": "x"}}),
        document(state={**WHOLE["state"], "plan": {**WHOLE["state"]["plan"], "claims": 7}}),
        document(state={**WHOLE["state"], "plan": {**WHOLE["state"]["plan"], "claims": [7]}}),
        document(state={**WHOLE["state"], "wait": {"due": "soon"}}),
        document(state={**WHOLE["state"], "wait": {"due": NOON.isoformat(), "misses": "many"}}),
        document(
            state={**WHOLE["state"], "wait": {"due": NOON.isoformat(), "misses": float("inf")}}
        ),
        document(state={"is": "Ended", "outcome": {"status": "Odd", "at": NOON.isoformat()}}),
    ],
)
def test_a_row_that_cannot_be_read_is_unreadable_and_never_anything_else(
    row: dict[str, Any],
) -> None:
    with pytest.raises(UnreadableRow, match="cannot be read"):
        restore_of({"PartitionKey": "r1", **row})


ODD: list[Any] = [None, True, 7, 1e999, "", "x", [], [None], {}, {"a": 1}]


@pytest.mark.parametrize("odd", ODD)
def test_no_odd_value_anywhere_in_a_document_raises_anything_but_unreadable_row(odd: Any) -> None:
    for state in every_state(Wait(NOON, 1, TOLD)).values():
        row = restore_row(a_restore(state))
        for spoilt in _spoilt(json.loads(row["document"]), odd):
            try:
                restore_of({**row, "document": json.dumps(spoilt)})
            except UnreadableRow:
                continue


def _spoilt(whole: Any, odd: Any) -> list[Any]:
    """Return `whole` once for each place in it, with `odd` there."""
    if isinstance(whole, dict):
        return [
            {**whole, name: inner} for name in whole for inner in (odd, *_spoilt(whole[name], odd))
        ]
    if isinstance(whole, list):
        return [[inner] for each in whole for inner in (odd, *_spoilt(each, odd))]
    return []


def test_an_unreadable_row_is_named_and_shows_nothing_of_what_is_in_it() -> None:
    with pytest.raises(UnreadableRow) as refused:
        restore_of({"PartitionKey": "r1\n", "document": "secret"})

    assert "The row of r1 cannot be read" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_instance_of_a_row_is_an_id_again() -> None:
    read = restore_of(restore_row(a_restore()))

    assert read.request.backup_instance_id == BackupInstanceId.parse(INSTANCE)


def test_what_a_restore_has_cost_and_how_far_its_job_was_looked_for_are_read_back() -> None:
    search = Search("https://management.azure.com/next?$skipToken=x", NOON, at_end=True)
    plan = replace(a_claimed_plan(), search=search)
    restore = replace(a_restore(Triggering(plan, Wait(NOON))), arm_calls=7)
    beside = a_restore(Restoring(plan, an_operation(), Wait(NOON)))

    assert restore_of(restore_row(restore)) == restore
    assert restore_of(restore_row(beside)) == beside
    assert restore_row(restore)["armCalls"] == 7


@pytest.mark.parametrize(
    "state",
    [
        Triggering(a_claimed_plan(), Wait(NOON)),
        Restoring(a_claimed_plan(), an_operation(), Wait(NOON)),
    ],
)
def test_a_row_of_a_version_that_counted_no_calls_is_read(state: State) -> None:
    row = restore_row(a_restore(state))
    document = json.loads(row["document"])
    del document["armCalls"], document["state"]["plan"]["search"]

    read = restore_of({**row, "document": json.dumps(document)})

    assert read.arm_calls == 0
    assert read.plan is not None
    assert read.plan.search is None
    assert "armCalls" not in restore_row(read)
