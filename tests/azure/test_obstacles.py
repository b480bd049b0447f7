"""Refusals under a status that says "try later", and that no waiting mends."""

from collections.abc import Callable

import pytest

from restore_core.azure.advice.obstacles import with_remedy
from restore_core.errors import AnswerLost, Problem, Rejected, Unavailable
from simulator import faults
from simulator.faults import Fault
from tests.azure.bench import Bench
from tests.builders import INSTANCE, TARGET_GROUP

LOCKED = (
    f"The scope '{INSTANCE}' cannot perform write operation because following scope(s) are locked: "
    f"'{TARGET_GROUP}'. Please remove the lock and try again."
)
STANDING = ["ScopeLocked", "MissingSubscriptionRegistration", "ReadOnlyDisabledSubscription"]
GATEWAY = {"x-ms-failure-cause": "gateway"}


def conflict(code: str, headers: dict[str, str] | None = None, status: int = 409) -> Fault:
    return faults.status(status, code, LOCKED, headers or {})


def validate(bench: Bench) -> object:
    return bench.arm.post(f"{INSTANCE}/validateRestore", {})


def get(bench: Bench) -> object:
    return bench.arm.get(INSTANCE)


def restore(bench: Bench) -> object:
    return bench.arm.post_once(f"{INSTANCE}/restore", {}, request_id="claim-1")


def failure(call: Callable[[Bench], object], bench: Bench) -> Exception:
    with pytest.raises((Unavailable, Rejected, AnswerLost)) as raised:
        call(bench)
    return raised.value


@pytest.mark.parametrize("call", [validate, get])
@pytest.mark.parametrize("code", STANDING)
def test_a_conflict_that_a_person_must_mend_is_a_refusal(
    bench: Bench, call: Callable[[Bench], object], code: str
) -> None:
    bench.next(conflict(code))

    error = failure(call, bench)

    assert isinstance(error, Rejected)
    assert error.problem.action.endswith(("'", "requestId.", "table"))


@pytest.mark.parametrize("code", ["AnotherOperationInProgress", "Conflict", ""])
def test_every_other_conflict_may_pass(bench: Bench, code: str) -> None:
    bench.next(conflict(code))

    assert isinstance(failure(validate, bench), Unavailable)


@pytest.mark.parametrize("code", STANDING)
def test_a_restore_that_arm_itself_refused_so_was_not_taken(bench: Bench, code: str) -> None:
    bench.next(conflict(code, GATEWAY))

    assert isinstance(failure(restore, bench), Rejected)


@pytest.mark.parametrize(
    ("code", "headers", "status"),
    [
        ("ScopeLocked", {}, 409),
        ("ScopeLocked", {"x-ms-failure-cause": "service"}, 409),
        ("AnotherOperationInProgress", GATEWAY, 409),
        ("ScopeLocked", GATEWAY, 408),
        ("ScopeLocked", GATEWAY, 503),
    ],
)
def test_every_other_answer_to_a_restore_may_have_been_obeyed(
    bench: Bench, code: str, headers: dict[str, str], status: int
) -> None:
    bench.next(conflict(code, headers, status))

    assert isinstance(failure(restore, bench), AnswerLost)


def remedy(code: str, message: str, url: str = f"https://arm.example{INSTANCE}/restore") -> str:
    return with_remedy(Problem(code, message), url).action


def test_a_lock_is_named_with_the_command_that_finds_it() -> None:
    action = remedy("ScopeLocked", LOCKED)

    assert TARGET_GROUP in action
    assert "az lock list --resource-group 'rg-restore' --subscription '" in action


def test_a_lock_on_a_subscription_is_looked_for_there() -> None:
    scope = TARGET_GROUP.partition("/resourceGroups")[0]

    action = remedy("ScopeLocked", f"following scope(s) are locked: '{scope}'.")

    assert "az lock list --subscription '" in action


def test_a_lock_that_arm_does_not_name_is_told_of_without_a_command() -> None:
    assert remedy("ScopeLocked", "Locked.") == (
        "A read-only lock forbids the restore: have it lifted for a while, then send the request "
        "again with a new requestId."
    )


def test_a_provider_is_registered_by_the_name_that_arm_gives() -> None:
    told = "The subscription is not registered to use namespace 'Microsoft.Compute'."

    action = remedy("MissingSubscriptionRegistration", told)

    assert "az provider register --namespace 'Microsoft.Compute' --subscription '0000" in action
    assert "'Microsoft.DataProtection'" in remedy("MissingSubscriptionRegistration", "No.")
    assert "az " not in remedy("MissingSubscriptionRegistration", told, "https://arm.example")
