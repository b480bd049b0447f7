"""A validation, and what every poll has in common: all that the service can answer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restore_core.contract.resource_ids import JobId
from restore_core.errors import Unavailable
from restore_core.lifecycle.budget import GLANCE
from restore_core.lifecycle.events import (
    JobNamed,
    JobNotSeen,
    OperationStarted,
    StillRunning,
    Unanswered,
    ValidationFailed,
    ValidationSucceeded,
)
from restore_core.lifecycle.states import Operation
from simulator import NEVER, Pace, faults, outcomes
from simulator.faults import Fault
from tests import builders
from tests.azure.answers import (
    EXISTS,
    NO_RIGHT,
    RIGHT,
    a_claim,
    answered,
    every_operation,
    every_poll,
    poll_of,
    polled_validation,
    started,
)
from tests.azure.bench import Bench, a_bench
from tests.azure.listener import Listener
from tests.fakes import NOON

# ------------------------------------------------------------------------ the validation


def test_the_bodies_are_those_that_the_service_was_recorded_to_take(bench: Bench) -> None:
    plan = bench.plan()
    bench.vault.validate(plan)
    bench.vault.trigger(plan, a_claim(bench))

    validation, restore = (call.body for call in bench.simulator.calls)

    assert validation == {"restoreRequestObject": restore}
    assert restore == {
        "objectType": "AzureBackupRecoveryPointBasedRestoreRequest",
        "recoveryPointId": plan.point,
        "sourceDataStoreType": "OperationalStore",
        "restoreTargetInfo": {
            "objectType": "RestoreTargetInfo",
            "recoveryOption": "FailIfExists",
            "restoreLocation": "westeurope",
            "datasourceInfo": {
                "objectType": "Datasource",
                "datasourceType": "Microsoft.Compute/disks",
                "resourceType": "Microsoft.Compute/disks",
                "resourceID": str(plan.target),
                "resourceName": "disk-1-restored",
                "resourceLocation": "westeurope",
                "resourceUri": str(plan.target),
            },
        },
    }
    assert bench.simulator.accusations == []


def test_a_validation_that_is_taken_names_its_operation(bench: Bench) -> None:
    event = bench.vault.validate(bench.plan())

    assert isinstance(event, OperationStarted)
    assert event.operation.url.startswith(bench.server.url)
    assert (event.operation.started, event.at) == (NOON, NOON)
    assert event.operation.correlation_id
    assert event.retry_after == timedelta(seconds=10)


def test_a_validation_may_be_answered_at_once(bench: Bench) -> None:
    bench.next(answered({"objectType": "OperationJobExtendedInfo"}))

    event = bench.vault.validate(bench.plan())

    assert event == ValidationSucceeded(NOON)


def test_a_validation_may_be_refused_at_once_with_http_200(bench: Bench) -> None:
    bench.next(answered({"error": {"code": NO_RIGHT, "message": "No."}}))

    event = bench.vault.validate(bench.plan())

    assert isinstance(event, ValidationFailed)
    assert event.problem.code == NO_RIGHT


def test_a_validation_that_names_no_operation_is_asked_for_again(bench: Bench) -> None:
    bench.next(faults.no_operation())

    event = bench.vault.validate(bench.plan())

    assert isinstance(event, Unanswered)
    assert event.problem.code == "NoOperation"


def test_a_validation_that_is_refused_tells_the_services_reason_and_what_to_do(
    bench: Bench,
) -> None:
    bench.next(faults.service_error(400, EXISTS))

    event = bench.vault.validate(bench.plan())

    assert isinstance(event, ValidationFailed)
    assert event.problem.code == EXISTS
    assert "Azure restores over no existing disk" in event.problem.action


def test_a_validation_that_the_app_may_not_ask_for_tells_its_role(bench: Bench) -> None:
    bench.simulator.deny(RIGHT + "backupInstances/validateRestore/action")

    event = bench.vault.validate(bench.plan())

    assert isinstance(event, ValidationFailed)
    assert f"It lacks {RIGHT}backupInstances/validateRestore/action." in event.problem.action


def test_a_validation_that_is_not_taken_is_raised(bench: Bench) -> None:
    bench.next(faults.throttle(retry_after=17))

    with pytest.raises(Unavailable) as raised:
        bench.vault.validate(bench.plan())

    assert raised.value.retry_after == timedelta(seconds=17)


def test_a_validation_that_succeeded_did(bench: Bench) -> None:
    assert polled_validation(bench) == ValidationSucceeded(NOON + timedelta(minutes=1))


def test_a_validation_that_failed_tells_why_and_what_to_do(bench: Bench) -> None:
    bench.simulator.revoke_vault_role(builders.TARGET_GROUP)

    event = polled_validation(bench)

    assert isinstance(event, ValidationFailed)
    assert event.problem.code == NO_RIGHT
    assert f"--scope '{builders.TARGET_GROUP}'" in event.problem.action
    assert event.problem.correlation_id


def test_a_validation_that_succeeded_with_an_error_failed(bench: Bench) -> None:
    outcome = outcomes.succeeds_with_error("CloudInternalError")
    bench.simulator.script("disk-1-restored", validation=outcome)

    event = polled_validation(bench)

    assert isinstance(event, ValidationFailed)
    assert event.problem.code == "CloudInternalError"


@pytest.mark.parametrize("word", ["Failed", "Canceled", "CANCELLED"])
def test_a_validation_that_ended_badly_without_a_reason_says_so(bench: Bench, word: str) -> None:
    bench.simulator.script("disk-1-restored", validation=outcomes.ends_as(word))

    event = polled_validation(bench)

    assert isinstance(event, ValidationFailed)
    assert event.problem.code == "ValidationFailed"


RUNNING = ["Inprogress", "InProgress", "Running", "Accepted", "AWordNobodyHasSeen"]
NO_WORD = [{}, {"status": None}, {"status": ""}, {"status": 7}, {"name": "x"}]


@every_operation
@pytest.mark.parametrize("word", RUNNING)
def test_an_operation_runs_by_every_unknown_word(bench: Bench, kind: str, word: str) -> None:
    poll = poll_of(bench, kind)
    bench.next(faults.status(200, body={"status": word}, headers={"Retry-After": "21"}))

    assert poll() == StillRunning(bench.clock(), timedelta(seconds=21))


@every_operation
@pytest.mark.parametrize("body", NO_WORD)
def test_an_operation_without_a_word_is_no_answer(bench: Bench, kind: str, body: Any) -> None:
    poll = poll_of(bench, kind)
    bench.next(answered(body))

    event = poll()

    assert isinstance(event, Unanswered)
    assert event.problem.code == "OddAnswer"
    assert not event.gone


@every_poll
@pytest.mark.parametrize(
    ("fault", "gone"),
    [
        (faults.status(404, "NotFound", "No."), True),
        (faults.status(410, "Gone", "No."), True),
        (faults.status(204), True),
        (faults.status(403, "AuthorizationFailed", "No."), False),
        (faults.status(400, "BadRequest", "No."), False),
        (faults.status(500), False),
        (faults.throttle(), False),
        (faults.reset(), False),
        (faults.garbage("html"), False),
        (faults.garbage("empty"), False),
    ],
    ids=["404", "410", "204", "403", "400", "500", "429", "reset", "html", "empty"],
)
def test_whatever_goes_wrong_while_polling_is_told_and_ends_nothing(
    bench: Bench, kind: str, fault: Fault, *, gone: bool
) -> None:
    poll = poll_of(bench, kind)
    bench.next(fault)

    event = poll()

    assert isinstance(event, Unanswered)
    assert event.gone is gone
    assert event.at == bench.clock()


@every_poll
def test_a_throttled_poll_hands_on_when_to_come_again(bench: Bench, kind: str) -> None:
    poll = poll_of(bench, kind)
    bench.next(faults.throttle(retry_after=77))

    event = poll()

    assert isinstance(event, Unanswered)
    assert event.retry_after == timedelta(seconds=77)


@every_poll
def test_a_poll_without_the_right_tells_the_role_and_that_the_restore_goes_on(
    bench: Bench, kind: str
) -> None:
    poll = poll_of(bench, kind)
    bench.simulator.deny(RIGHT + "operationStatus/read")
    bench.simulator.deny(RIGHT + "backupJobs/read")

    event = poll()

    assert isinstance(event, Unanswered)
    assert "It lacks Microsoft.DataProtection/backupVaults/" in event.problem.action
    assert "goes on by itself" in event.problem.action
    assert "new requestId" not in event.problem.action


def test_a_job_behind_many_pages_is_found_beside_an_operation_that_never_ends() -> None:
    with a_bench(Pace(job=NEVER), page_size=1, graph="empty") as bench:
        bench.simulator.add_history(bench.id, 2 * GLANCE)
        bench.simulator.script("disk-1-restored", operation=outcomes.never())
        plan = bench.plan(claims=(a_claim(bench),))
        operation = started(bench, bench.vault.trigger(plan, plan.claims[-1]))
        (job,) = (one for one in bench.simulator.jobs() if one.target_id)
        bench.clock.advance(hours=1)

        looks, event = 0, bench.vault.poll_restore(operation, plan)
        while isinstance(event, JobNotSeen):
            looks += 1
            plan = replace(plan, search=event.search)
            event = bench.vault.poll_restore(operation, plan)

        assert event == JobNamed(JobId(job.name), bench.clock())
        assert looks == 2


@pytest.mark.parametrize("status", [503, 403])
def test_a_look_beside_an_operation_that_fails_changes_nothing(bench: Bench, status: int) -> None:
    bench.simulator.script("disk-1-restored", operation=outcomes.never())
    plan = bench.plan(claims=(a_claim(bench),))
    operation = started(bench, bench.vault.trigger(plan, plan.claims[-1]))
    bench.clock.advance(hours=1)
    bench.simulator.habits.graph = "empty"
    bench.simulator.next("GET", "/backupJobs", faults.status(status, "AuthorizationFailed", "No."))

    assert isinstance(bench.vault.poll_restore(operation, plan), StillRunning)


@every_operation
def test_an_operation_url_that_leads_elsewhere_is_told_and_not_called(
    bench: Bench, elsewhere: Listener, kind: str
) -> None:
    foreign, plan = Operation(f"{elsewhere.url}/x", NOON), bench.plan()
    poll = bench.vault.poll_validation if kind == "validation" else bench.vault.poll_restore

    event = poll(foreign, plan)

    assert isinstance(event, Unanswered)
    assert event.problem.code == "ForeignUrl"
    assert elsewhere.heard == []
