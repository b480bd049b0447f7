"""The message that takes another back: how it is known, what it holds, and what it is never."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from restore_core.contract.envelopes.reader import read
from restore_core.contract.origin import Asked
from restore_core.contract.request import FIELDS
from restore_core.contract.values import MAX_CARRIED_TEXT
from restore_core.contract.withdrawal import Withdrawal
from restore_core.errors import MalformedRequest
from tests.builders import fields
from tests.envelopes import PROPERTIES, a_cloud_event, a_grid_event, an_alert, sent
from tests.published_schemas import WITHDRAWAL

both_forms = pytest.mark.parametrize("an_event", [a_cloud_event, a_grid_event])


def withdrawn(message: dict[str, Any]) -> Withdrawal:
    found = read(sent(message))
    assert isinstance(found, Withdrawal)
    return found


def refusal(message: dict[str, Any]) -> MalformedRequest:
    with pytest.raises(MalformedRequest) as refused:
        read(sent(message))
    return refused.value


# ------------------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    ("message", "held"),
    [
        ({"withdraw": "r1"}, ("r1", None, None)),
        ({"withdraw": "A.b_c:d-1", "requestedBy": "me", "reason": "x"}, ("A.b_c:d-1", "me", "x")),
        ({"withdraw": "r1", "requestedBy": "", "reason": None}, ("r1", None, None)),
        ({"$AzureWebJobsParentId": {"a": 1}, "withdraw": "r1"}, ("r1", None, None)),
        ({"withdraw": "x" * 128, "reason": "a\r\nb"}, ("x" * 128, None, "a b")),
    ],
)
def test_a_withdrawal_names_what_it_takes_back_and_perhaps_who_and_why(
    message: dict[str, Any], held: tuple[str, str | None, str | None]
) -> None:
    found = withdrawn(message)

    assert (found.request_id, found.requested_by, found.reason) == held
    WITHDRAWAL.validate(message)


def test_a_text_of_a_withdrawal_is_cut_and_never_refused() -> None:
    found = withdrawn({"withdraw": "r1", "reason": "x" * 5_000})

    assert found.reason is not None
    assert len(found.reason) == MAX_CARRIED_TEXT


@both_forms
def test_the_data_of_an_event_may_be_a_withdrawal(an_event: Callable[..., Any]) -> None:
    event = an_event(data={"withdraw": "r1"})
    signed = an_event(data=json.dumps({"withdraw": "r1", "requestedBy": "me"}))

    assert withdrawn(event).requested_by == (event.get("source") or event["topic"])
    assert withdrawn(signed).requested_by == "me"


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("name", [*FIELDS.values(), "zzz"])
def test_what_stands_beside_a_withdrawal_is_refused_and_nothing_is_restored(name: str) -> None:
    message = {"withdraw": "r1", name: "x"}

    if name in {"requestedBy", "reason"}:
        assert withdrawn(message).request_id == "r1"
        return
    refused = refusal(message)
    assert f"'{name}' cannot stand beside withdraw, which takes requestedBy and" in refused.reason
    assert refused.request_id == "r1"
    assert not WITHDRAWAL.is_valid(message)


def test_a_whole_request_that_is_withdrawn_in_one_message_is_neither() -> None:
    told = refusal({**fields(), "withdraw": "r1"}).reason

    assert "'requestId', 'backupInstanceId' and 'targetDiskId' cannot stand beside" in told
    assert "leave out the one or the other" in told


def test_of_many_names_beside_a_withdrawal_a_few_are_told() -> None:
    told = refusal({"withdraw": "r1", **{f"field{n:04}": 1 for n in range(2_000)}}).reason

    assert told.count("'field") == 5
    assert "'field0004', … cannot stand" in told


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "withdraw is null: it must be text"),
        (7, "withdraw is 7: it must be text, not a number"),
        (["r1"], "withdraw is a list: it must be text"),
        ("", "withdraw is '': it must have 1 to 128 of"),
        ("a/b", "withdraw is 'a/b': it must have 1 to 128 of"),
        ("x" * 129, "it must have 1 to 128 of"),
    ],
)
def test_a_withdrawal_of_what_can_be_no_request_is_refused(value: object, why: str) -> None:
    refused = refusal({"withdraw": value})

    assert refused.reason.startswith("The message is no withdrawal. ")
    assert why in refused.reason
    assert refused.request_id == ""
    assert not WITHDRAWAL.is_valid({"withdraw": value})


def test_a_mistyped_text_of_a_withdrawal_is_refused() -> None:
    refused = refusal({"withdraw": "r1", "reason": {"a": 1}})

    assert "reason is an object: it must be text, not an object" in refused.reason
    assert refused.request_id == "r1"


@both_forms
def test_of_an_event_the_reason_says_where_the_withdrawal_stands(
    an_event: Callable[..., Any],
) -> None:
    named = refusal(an_event(data={"withdraw": "r1", "force": True}))
    unnamed = refusal(an_event(data={"withdraw": "a b"}))

    assert named.reason.startswith("The data of the event are no withdrawal. 'force' cannot")
    assert named.request_id == "r1"
    assert unnamed.request_id.startswith("event-")


@pytest.mark.parametrize("name", ["Withdraw", "withdrawal", "withdrawn", "withdrawl", "widthdraw"])
@pytest.mark.parametrize("beside", [{}, {"requestedBy": "me"}, {"requestId": "r1"}])
def test_a_misspelt_withdrawal_is_told_what_is_meant(name: str, beside: dict[str, str]) -> None:
    refused = refusal({name: "r1", **beside})

    assert f"'{name}' is none of its fields: perhaps withdraw is meant" in refused.reason
    assert refused.request_id == beside.get("requestId", "")


def test_an_alert_withdraws_nothing() -> None:
    """A property of a rule is the same each time it fires; this one is none of ours."""
    assert isinstance(read(sent(an_alert({**PROPERTIES, "withdraw": "r1"}))), Asked)
