"""A restore, its operation and its job: all that the service can answer."""

from datetime import timedelta
from typing import Any

import pytest

from restore_core.contract.resource_ids import JobId
from restore_core.lifecycle.events import (
    Event,
    JobEnded,
    JobNamed,
    OperationFailed,
    OperationStarted,
    Refused,
    StillRunning,
    TriggerNotTaken,
    TriggerUnanswered,
    Unanswered,
)
from restore_core.lifecycle.status import Status
from simulator import faults, outcomes
from simulator.faults import Fault
from tests.azure.answers import EXISTS, RIGHT, a_claim, altered, answered, poll_of
from tests.azure.bench import Bench

# --------------------------------------------------------------------------- the restore


def test_a_restore_that_is_taken_names_its_operation_and_bears_the_claims_id(bench: Bench) -> None:
    event = bench.vault.trigger(bench.plan(), a_claim(bench, "claim-7"))

    assert isinstance(event, OperationStarted)
    assert event.retry_after == timedelta(seconds=30)
    assert event.operation.correlation_id
    assert bench.simulator.calls[-1].client_request_id == "claim-7"


@pytest.mark.parametrize(
    ("fault", "event"),
    [
        (faults.throttle(retry_after=9), TriggerNotTaken),
        (faults.cloud_dos(), TriggerNotTaken),
        (faults.service_error(400, EXISTS), Refused),
        (faults.status(403, "AuthorizationFailed", "No."), Refused),
        (faults.lose_answer(), TriggerUnanswered),
        (faults.reset(), TriggerUnanswered),
        (faults.status(500, "X", "No."), TriggerUnanswered),
        (faults.status(503, "X", "No."), TriggerUnanswered),
        (faults.status(404, "X", "No."), TriggerUnanswered),
        (faults.status(408, "X", "No."), TriggerUnanswered),
        (faults.status(409, "X", "No."), TriggerUnanswered),
        (faults.no_operation(), TriggerUnanswered),
        (faults.foreign_operation("https://evil.example"), TriggerUnanswered),
        (answered({"jobId": "job-7"}, 200), JobNamed),
        (answered({"jobId": None}, 200), TriggerUnanswered),
        (answered({"jobId": "a b"}, 202), TriggerUnanswered),
        (faults.garbage("html"), TriggerUnanswered),
        (faults.garbage("list"), OperationStarted),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_every_answer_to_post_restore_is_one_of_five_events(
    bench: Bench, fault: Fault, event: type
) -> None:
    bench.next(fault)

    assert type(bench.vault.trigger(bench.plan(), a_claim(bench))) is event


def test_a_restore_that_was_not_taken_hands_on_when_to_come_again(bench: Bench) -> None:
    bench.next(faults.throttle(retry_after=9))

    event = bench.vault.trigger(bench.plan(), a_claim(bench))

    assert isinstance(event, TriggerNotTaken)
    assert event.retry_after == timedelta(seconds=9)


def test_a_restore_that_the_app_may_not_ask_for_tells_its_role(bench: Bench) -> None:
    bench.simulator.deny(RIGHT + "backupInstances/restore/action")

    event = bench.vault.trigger(bench.plan(), a_claim(bench))

    assert isinstance(event, Refused)
    assert f"It lacks {RIGHT}backupInstances/restore/action." in event.problem.action


def polled_restore(bench: Bench) -> Event:
    return poll_of(bench, "restore")()


def test_a_restore_operation_that_succeeded_names_its_job(bench: Bench) -> None:
    event = polled_restore(bench)

    assert event == JobNamed(JobId(bench.simulator.jobs()[0].name), bench.clock())


@pytest.mark.parametrize("word", ["Failed", "Canceled", "Cancelled"])
def test_a_restore_operation_that_ended_badly_but_names_a_job_has_that_job(
    bench: Bench, word: str
) -> None:
    poll = poll_of(bench, "restore")
    bench.next(answered({"status": word, "properties": {"jobId": "/x/backupJobs/job-7"}}))

    assert poll() == JobNamed(JobId("job-7"), bench.clock())


@pytest.mark.parametrize(
    "properties", [None, {}, {"jobId": None}, {"jobId": ""}, {"jobId": "a b"}, 7]
)
def test_a_restore_operation_that_succeeded_without_a_job_leads_to_the_search(
    bench: Bench, properties: Any
) -> None:
    poll = poll_of(bench, "restore")
    bench.next(answered({"status": "Succeeded", "properties": properties}))

    event = poll()

    assert isinstance(event, TriggerUnanswered)
    assert "named no job" in event.problem.message


def test_a_restore_operation_that_failed_tells_why_and_what_to_do(bench: Bench) -> None:
    bench.simulator.script("disk-1-restored", operation=outcomes.fails(EXISTS))

    event = polled_restore(bench)

    assert isinstance(event, OperationFailed)
    assert event.problem.code == EXISTS
    assert "Azure restores over no existing disk" in event.problem.action
    assert event.problem.correlation_id


def test_a_restore_operation_that_was_cancelled_without_a_reason_says_so(bench: Bench) -> None:
    bench.simulator.script("disk-1-restored", operation=outcomes.cancelled())

    event = polled_restore(bench)

    assert isinstance(event, OperationFailed)
    assert event.problem.code == "OperationCanceled"


# ------------------------------------------------------------------------------- the job


def test_a_job_runs_until_it_ends(bench: Bench) -> None:
    poll = poll_of(bench, "job")

    assert poll() == StillRunning(bench.clock())

    bench.clock.advance(minutes=5)
    event = poll()
    assert isinstance(event, JobEnded)
    assert (event.status, event.job_status, event.problem) == (Status.COMPLETED, "Completed", None)
    assert event.ended == bench.simulator.jobs()[0].ended


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        (outcomes.completes_with_warnings("Slow"), Status.COMPLETED_WITH_WARNINGS, "Slow"),
        (outcomes.fails("UserErrorBroken", "It is broken."), Status.FAILED, "UserErrorBroken"),
        (outcomes.cancelled(), Status.CANCELLED, None),
        (outcomes.ends_as("TimedOut", "MOSJobTimedOutError"), Status.FAILED, "MOSJobTimedOutError"),
    ],
)
def test_a_job_ends_in_each_of_its_ways(
    bench: Bench, outcome: Any, status: Status, code: str | None
) -> None:
    bench.simulator.script("disk-1-restored", job=outcome)
    poll = poll_of(bench, "job")
    bench.clock.advance(minutes=5)

    event = poll()

    assert isinstance(event, JobEnded)
    assert event.status is status
    assert (event.problem and event.problem.code) == code


@pytest.mark.parametrize("ended", [None, "soon", "0001-01-01T00:00:00Z", "2099-01-01T00:00:00Z"])
def test_a_job_that_tells_no_possible_end_ended_when_it_was_seen(bench: Bench, ended: Any) -> None:
    poll = poll_of(bench, "job")
    bench.clock.advance(minutes=5)
    bench.next(altered(lambda body: body["properties"].update(endTime=ended)))

    event = poll()

    assert isinstance(event, JobEnded)
    assert event.ended == bench.clock()


@pytest.mark.parametrize(
    "body", [{}, {"name": "a b"}, {"name": "j"}, {"name": "j", "properties": {"status": None}}]
)
def test_a_job_that_cannot_be_understood_is_no_answer(bench: Bench, body: Any) -> None:
    poll = poll_of(bench, "job")
    bench.next(answered(body))

    event = poll()

    assert isinstance(event, Unanswered)
    assert event.problem.code == "OddAnswer"


def test_a_running_job_may_say_when_to_look_again(bench: Bench) -> None:
    poll = poll_of(bench, "job")
    bench.next(faults.with_headers({"Retry-After": "99"}))

    assert poll() == StillRunning(bench.clock(), timedelta(seconds=99))
