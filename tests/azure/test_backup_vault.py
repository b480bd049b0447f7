"""The Data Protection calls: every method, and all that the service can answer."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restore_core.azure.job_search import MAX_LIKELY
from restore_core.azure.jobs import Job
from restore_core.azure.vault_calls import MAX_PAGES
from restore_core.contract.resource_ids import JobId, recovery_point_id
from restore_core.errors import Rejected, Unavailable
from restore_core.lifecycle.budget import GLANCE
from restore_core.lifecycle.events import (
    Event,
    JobEnded,
    JobNamed,
    JobNotFound,
    JobNotSeen,
    OperationFailed,
    OperationStarted,
    Refused,
    SearchUnfinished,
    StillRunning,
    TriggerNotTaken,
    TriggerUnanswered,
    Unanswered,
    ValidationFailed,
    ValidationSucceeded,
)
from restore_core.lifecycle.states import Claim, Operation, Plan
from restore_core.lifecycle.status import Status
from simulator import AT_ONCE, NEVER, Pace, Point, faults, outcomes
from simulator.exchange import Answer
from simulator.faults import Altered, Fault
from tests import builders
from tests.azure.bench import Bench, a_bench
from tests.azure.listener import Listener
from tests.fakes import NOON

RIGHT = "Microsoft.DataProtection/backupVaults/"
EXISTS = "UserErrorSameNameDiskAlreadyExists"
NO_RIGHT = "UserErrorNotEnoughPermissionOnTargetRG"


def a_claim(bench: Bench, request_id: str = "claim-1") -> Claim:
    return Claim(request_id, bench.clock(), bench.clock() + timedelta(minutes=20))


def altered(change: Callable[[dict[str, Any]], Any]) -> Fault:
    """Let the service answer as it would, its body changed in place by `change`."""

    def alter(answer: Answer) -> Answer:
        body = json.loads(answer.body)
        change(body)
        return replace(answer, body=json.dumps(body).encode())

    return Altered(alter)


def answered(body: Any, status: int = 200) -> Fault:
    return faults.status(status, body=body)


def started(bench: Bench, event: Event) -> Operation:
    """Return the operation of what was just taken, a minute later."""
    assert isinstance(event, OperationStarted)
    bench.clock.advance(minutes=1)
    return event.operation


# ---------------------------------------------------------------------------- the instance


def test_an_instance_tells_source_region_and_where_its_snapshots_lie(bench: Bench) -> None:
    found = bench.vault.instance(bench.instance)

    assert str(found.source) == bench.simulator.source_disk(bench.id)
    assert found.region == "westeurope"
    assert found.snapshot_group is not None
    assert found.snapshot_group.name == "rg-prod-snapshots"


@pytest.mark.parametrize("spelt", ["resourceID", "resourceId", "RESOURCEID"])
@pytest.mark.parametrize("info", ["dataSourceInfo", "datasourceInfo"])
def test_an_instance_is_read_in_every_spelling_of_its_keys(
    bench: Bench, info: str, spelt: str
) -> None:
    def respell(body: dict[str, Any]) -> None:
        held = body["properties"].pop("dataSourceInfo")
        held[spelt] = held.pop("resourceID")
        body["properties"][info] = held

    bench.next(altered(respell))

    assert bench.vault.instance(bench.instance).source.name == "disk-1"


def test_an_instance_that_does_not_exist_is_refused_in_the_services_words(bench: Bench) -> None:
    bench.simulator.protect("another", subscription=builders.SUBSCRIPTION)
    bench.simulator.remove_instance(bench.id)

    with pytest.raises(Rejected) as raised:
        bench.vault.instance(bench.instance)

    assert raised.value.problem.code == "UserErrorGenericResourceNotFound"


def test_an_instance_that_cannot_be_asked_for_keeps_the_services_own_reason(bench: Bench) -> None:
    bench.next(faults.service_error(400, "BMSUserErrorInvalidInput"))

    with pytest.raises(Rejected) as raised:
        bench.vault.instance(bench.instance)

    assert raised.value.problem.code == "BMSUserErrorInvalidInput"
    assert "role" not in raised.value.problem.action


def test_an_instance_that_may_not_be_read_is_refused_with_the_role_the_app_lacks(
    bench: Bench,
) -> None:
    bench.simulator.deny(RIGHT + "backupInstances/read")

    with pytest.raises(Rejected) as raised:
        bench.vault.instance(bench.instance)

    problem = raised.value.problem
    assert problem.code == "AuthorizationFailed"
    assert f"It lacks {RIGHT}backupInstances/read." in problem.action
    assert f"--role 'Azure Disk Restore' --scope '{bench.instance.vault}'" in problem.action


@pytest.mark.parametrize("kind", ["Microsoft.Storage/storageAccounts/blobServices", None, 7])
def test_an_instance_that_is_no_disk_is_refused(bench: Bench, kind: Any) -> None:
    def rename(body: dict[str, Any]) -> None:
        body["properties"]["dataSourceInfo"] |= {"datasourceType": kind, "resourceType": None}

    bench.next(altered(rename))

    with pytest.raises(Rejected) as raised:
        bench.vault.instance(bench.instance)

    assert raised.value.problem.code == "NotADisk"
    assert "not a disk" in raised.value.problem.message


def test_an_instance_whose_source_is_no_disk_is_refused(bench: Bench) -> None:
    bench.next(altered(lambda b: b["properties"]["dataSourceInfo"].update(resourceID="/x")))

    with pytest.raises(Rejected) as raised:
        bench.vault.instance(bench.instance)

    assert "names no source disk" in raised.value.problem.message


def test_an_instance_without_a_region_cannot_be_understood_yet(bench: Bench) -> None:
    bench.next(altered(lambda b: b["properties"]["dataSourceInfo"].update(resourceLocation="")))

    with pytest.raises(Unavailable) as raised:
        bench.vault.instance(bench.instance)

    assert "region" in raised.value.problem.message


@pytest.mark.parametrize(
    "parameters",
    [None, {}, {"dataStoreParametersList": None}, {"dataStoreParametersList": [None, {}, 7]}],
)
def test_an_instance_need_not_tell_where_its_snapshots_lie(bench: Bench, parameters: Any) -> None:
    bench.next(altered(lambda b: b["properties"]["policyInfo"].update(policyParameters=parameters)))

    assert bench.vault.instance(bench.instance).snapshot_group is None


# ------------------------------------------------------------------------------- points


def test_all_points_are_read_with_what_decides_about_them(bench: Bench) -> None:
    expiry = NOON + timedelta(days=3)
    added = bench.simulator.add_point(
        bench.id, time=NOON, expiry=expiry, state="Creating", visible=False, point_state="Partial"
    )

    points = bench.vault.points(bench.instance)

    newest = next(point for point in points if point.id == added.id)
    assert len(points) == 8
    assert (newest.time, newest.expiry) == (NOON, expiry)
    assert (newest.stores, newest.state) == (("OperationalStore",), "Creating")
    assert (newest.visible, newest.completeness) == (False, "Partial")


def test_a_store_is_known_in_any_casing(bench: Bench) -> None:
    bench.simulator.add_point(bench.id, id="p1", store_type="operationalstore")

    point = bench.vault.point(bench.instance, recovery_point_id("p1"))

    assert point.unfit(NOON) is None


@pytest.mark.parametrize("count", [0, 1, 3, 7])
def test_points_of_every_page_are_read(count: int) -> None:
    with a_bench(page_size=3) as bench:
        points = [Point(time=NOON - timedelta(hours=n)) for n in range(count)]
        bench.simulator.protect("disk-1", subscription=builders.SUBSCRIPTION, points=points)

        found = bench.vault.points(bench.instance)

    assert {point.id for point in found} == {point.id for point in points}
    assert bench.simulator.accusations == []


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"properties": None},
        {"properties": {"recoveryPointTime": "2026-11-21T00:00:00Z"}},
        {"name": "a b", "properties": {"recoveryPointTime": "2026-11-21T00:00:00Z"}},
        {"name": "p1", "properties": {"recoveryPointTime": "soon"}},
        {"name": "p1"},
        "text",
        None,
    ],
)
def test_a_point_of_an_unknown_kind_is_passed_over_and_the_others_are_read(
    bench: Bench, item: Any
) -> None:
    bench.next(altered(lambda body: body["value"].append(item)))

    assert len(bench.vault.points(bench.instance)) == 7


@pytest.mark.parametrize("odd", [None, 7, "x", {}, [None], [7], [{"type": 7, "state": None}]])
def test_a_point_with_stores_of_any_odd_form_is_in_no_operational_store(
    bench: Bench, odd: Any
) -> None:
    bench.next(
        altered(lambda body: body["value"][0]["properties"].update(_stores(odd), expiryTime=odd))
    )

    first = bench.vault.points(bench.instance)[0]

    assert first.unfit(NOON) is not None


def _stores(odd: Any) -> dict[str, Any]:
    return {"recoveryPointDataStoresDetails": odd}


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": {}}, {"value": "x"}])
def test_a_list_that_is_none_is_not_taken_for_an_empty_one(bench: Bench, body: Any) -> None:
    bench.next(answered(body))

    with pytest.raises(Unavailable) as raised:
        bench.vault.points(bench.instance)

    assert raised.value.problem.code == "OddAnswer"


def test_a_list_whose_next_page_fails_is_not_passed_off_as_whole() -> None:
    with a_bench(page_size=3) as bench:
        bench.next(faults.with_headers({}))  # The first page is as it is.
        bench.next(faults.status(503))

        with pytest.raises(Unavailable):
            bench.vault.points(bench.instance)


def test_a_list_that_leads_elsewhere_is_not_followed(bench: Bench, elsewhere: Listener) -> None:
    bench.next(altered(lambda body: body.update(nextLink=f"{elsewhere.url}/next?s=x")))

    with pytest.raises(Unavailable) as raised:
        bench.vault.points(bench.instance)

    assert raised.value.problem.code == "ForeignUrl"
    assert elsewhere.heard == []


def test_a_list_that_leads_back_to_itself_ends() -> None:
    with a_bench(page_size=3) as bench:
        links: list[str] = []

        def back(body: dict[str, Any]) -> None:
            links.append(body["nextLink"])
            body["nextLink"] = links[0]

        bench.next(altered(back), times=3)

        with pytest.raises(Unavailable) as raised:
            bench.vault.points(bench.instance)

    assert raised.value.problem.code == "EndlessList"
    assert len(bench.simulator.calls) == 2


def test_a_list_that_always_has_another_page_ends(bench: Bench) -> None:
    base = f"{bench.server.url}{bench.id}/recoveryPoints?api-version=2025-07-01&page="
    pages = iter(range(10_000))
    bench.next(altered(lambda body: body.update(nextLink=base + str(next(pages)))), times=None)

    with pytest.raises(Unavailable) as raised:
        bench.vault.points(bench.instance)

    assert raised.value.problem.code == "EndlessList"
    assert len(bench.simulator.calls) == MAX_PAGES + 1


@pytest.mark.parametrize("link", [None, "", 7, [], {}])
def test_a_next_link_that_is_none_ends_the_list(bench: Bench, link: Any) -> None:
    bench.next(altered(lambda body: body.update(nextLink=link)))

    assert len(bench.vault.points(bench.instance)) == 7


def test_a_named_point_is_read(bench: Bench) -> None:
    newest = bench.simulator.points(bench.id)[0]

    assert bench.vault.point(bench.instance, recovery_point_id(newest.id)).time == newest.time


def test_a_named_point_that_does_not_exist_is_refused(bench: Bench) -> None:
    with pytest.raises(Rejected) as raised:
        bench.vault.point(bench.instance, recovery_point_id("nobody"))

    assert raised.value.status == 404


def test_a_named_point_that_cannot_be_understood_is_asked_for_again(bench: Bench) -> None:
    newest = bench.simulator.points(bench.id)[0]
    bench.next(answered({"properties": {}}))

    with pytest.raises(Unavailable) as raised:
        bench.vault.point(bench.instance, recovery_point_id(newest.id))

    assert raised.value.problem.code == "OddAnswer"


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


def polled_validation(bench: Bench, plan: Plan | None = None) -> Event:
    plan = plan or bench.plan()
    operation = started(bench, bench.vault.validate(plan))
    return bench.vault.poll_validation(operation, plan)


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


def poll_of(bench: Bench, kind: str) -> Callable[[], Event]:
    """Return the poll of an operation of `kind` that was just begun."""
    plan = bench.plan()
    if kind == "validation":
        operation = started(bench, bench.vault.validate(plan))
        return lambda: bench.vault.poll_validation(operation, plan)
    if kind == "restore":
        operation = started(bench, bench.vault.trigger(plan, a_claim(bench)))
        return lambda: bench.vault.poll_restore(operation, plan)
    bench.vault.trigger(plan, a_claim(bench))
    bench.clock.advance(minutes=1)
    job = JobId(bench.simulator.jobs()[0].name)
    return lambda: bench.vault.poll_job(job, plan)


every_operation = pytest.mark.parametrize("kind", ["validation", "restore"])
every_poll = pytest.mark.parametrize("kind", ["validation", "restore", "job"])


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


# -------------------------------------------------------------------------- the search


def searching(**habits: Any) -> Any:
    """Return a bench whose Resource Graph shows nothing: the vault's list is what there is."""
    return a_bench(Pace(job=NEVER), **{"graph": "empty", **habits})


def triggered(bench: Bench, request_id: str = "claim-1") -> Plan:
    """Return the plan whose restore was obeyed and whose answer was lost, a minute ago."""
    claim = a_claim(bench, request_id)
    bench.simulator.next("POST", "/restore", faults.lose_answer())
    lost = bench.vault.trigger(bench.plan(), claim)
    assert isinstance(lost, TriggerUnanswered)
    bench.clock.advance(minutes=1)
    return bench.plan(claims=(claim,))


def gets_of_jobs(bench: Bench) -> int:
    return sum(bool(re.search("/backupJobs/.", call.path)) for call in bench.simulator.calls)


@pytest.mark.parametrize("habit", ["client", "suffixed"])
def test_a_job_is_found_by_the_mark_of_its_claim_without_another_call(habit: Any) -> None:
    with searching(activity_ids=habit) as bench:
        plan = triggered(bench)

        event = bench.find_job(plan)

        assert event == JobNamed(JobId(bench.simulator.jobs()[0].name), bench.clock())
        assert gets_of_jobs(bench) == 0


def test_a_job_of_an_earlier_claim_is_found_too() -> None:
    with searching() as bench:
        plan = triggered(bench, "claim-1")
        later = a_claim(bench, "claim-2")

        event = bench.find_job(replace(plan, claims=(*plan.claims, later)))

        assert isinstance(event, JobNamed)


def test_a_job_without_a_mark_is_found_by_the_disk_it_writes() -> None:
    with searching(activity_ids="unrelated") as bench:
        plan = triggered(bench)
        bench.simulator.start_restore(bench.id, builders.disk("another"))

        event = bench.find_job(plan)

        assert event == JobNamed(JobId(bench.simulator.jobs()[0].name), bench.clock())
        assert gets_of_jobs(bench) >= 1


def test_a_job_that_writes_another_disk_is_not_ours() -> None:
    with searching() as bench:
        bench.simulator.start_restore(bench.id, builders.disk("another"))
        plan = bench.plan(claims=(a_claim(bench),))

        assert bench.find_job(plan) == JobNotFound(NOON, NOON)


def test_a_job_from_another_point_is_not_ours() -> None:
    with searching() as bench:
        target = builders.disk("disk-1-restored")
        bench.simulator.start_restore(bench.id, target)
        plan = bench.plan(claims=(a_claim(bench),), point=recovery_point_id("older"))

        assert bench.find_job(plan) == JobNotFound(NOON, NOON)


def test_a_job_of_another_instance_is_not_ours() -> None:
    with searching() as bench:
        other = bench.simulator.protect("disk-2", subscription=builders.SUBSCRIPTION)
        bench.simulator.start_restore(other, builders.disk("disk-1-restored"))
        plan = bench.plan(claims=(a_claim(bench),))

        assert bench.find_job(plan) == JobNotFound(NOON, NOON)
        assert gets_of_jobs(bench) == 0


def test_a_job_of_long_ago_is_not_ours_and_costs_no_call() -> None:
    with searching() as bench:
        bench.simulator.start_restore(bench.id, builders.disk("disk-1-restored"))
        bench.clock.advance(minutes=11)
        plan = bench.plan(claims=(a_claim(bench),))

        assert bench.find_job(plan) == JobNotFound(bench.clock(), bench.clock())
        assert gets_of_jobs(bench) == 0


def test_a_job_that_had_ended_before_the_claim_is_not_ours() -> None:
    with a_bench(Pace(job=AT_ONCE)) as bench:
        bench.simulator.start_restore(bench.id, builders.disk("disk-1-restored"))
        bench.simulator.jobs()
        bench.clock.advance(minutes=6)
        plan = bench.plan(claims=(a_claim(bench),))

        assert bench.find_job(plan) == JobNotFound(bench.clock(), bench.clock())


def test_a_list_that_lags_shows_the_job_later() -> None:
    with searching(job_list_lag=timedelta(minutes=5)) as bench:
        plan = triggered(bench)

        assert isinstance(bench.find_job(plan), JobNotFound)

        bench.clock.advance(minutes=5)
        assert isinstance(bench.find_job(plan), JobNamed)


def test_a_job_on_a_later_page_is_found() -> None:
    with searching(page_size=1) as bench:
        bench.simulator.start_restore(bench.id, builders.disk("another"))
        plan = triggered(bench)

        assert isinstance(bench.find_job(plan), JobNamed)


def test_an_item_that_is_no_job_hides_no_other() -> None:
    with searching() as bench:
        plan = triggered(bench)
        bench.next(altered(lambda body: body["value"].insert(0, {"name": "a b"})))

        assert isinstance(bench.find_job(plan), JobNamed)


def test_a_job_that_reads_odd_when_it_is_looked_at_is_not_taken_for_ours() -> None:
    with searching(activity_ids="unrelated") as bench:
        plan = triggered(bench)
        bench.simulator.next("GET", "/backupJobs/*", answered({}))

        assert isinstance(bench.find_job(plan), JobNotFound)


@pytest.mark.parametrize("status", [404, 410])
def test_a_job_that_is_gone_when_it_is_looked_at_hides_no_other(status: int) -> None:
    with searching(activity_ids="unrelated") as bench:
        plan = triggered(bench)
        bench.simulator.start_restore(bench.id, builders.disk("another"))
        bench.simulator.next("GET", "/backupJobs/*", faults.status(status, "Gone", "No."))

        event = bench.find_job(plan)

        assert event == JobNamed(JobId(bench.simulator.jobs()[0].name), bench.clock())


def test_a_job_that_may_not_be_looked_at_is_told_and_never_taken_for_anothers() -> None:
    with searching(activity_ids="unrelated") as bench:
        plan = triggered(bench)
        bench.simulator.next(
            "GET", "/backupJobs/*", faults.status(403, "AuthorizationFailed", "No.")
        )

        event = bench.find_job(plan)

        assert isinstance(event, Unanswered)
        assert event.problem.code == "AuthorizationFailed"


def test_more_jobs_than_one_search_can_look_at_are_never_taken_for_none() -> None:
    with searching(activity_ids="unrelated") as bench:
        plan = bench.plan(claims=(a_claim(bench),))
        for number in range(MAX_LIKELY + 1):
            bench.simulator.start_restore(bench.id, builders.disk(f"another-{number}"))

        with pytest.raises(Unavailable) as raised:
            bench.find_job(plan)

        assert raised.value.problem.code == "EndlessList"
        assert gets_of_jobs(bench) == 0


@pytest.mark.parametrize("body", [{}, {"value": None}])
def test_a_job_list_that_is_none_is_never_taken_for_an_empty_one(body: Any) -> None:
    with searching() as bench:
        plan = triggered(bench)
        bench.next(answered(body))

        with pytest.raises(Unavailable):
            bench.find_job(plan)


def test_a_job_list_that_leads_elsewhere_is_never_taken_for_whole(elsewhere: Listener) -> None:
    with searching() as bench:
        plan = bench.plan(claims=(a_claim(bench),))
        bench.next(altered(lambda body: body.update(nextLink=f"{elsewhere.url}/x")))

        event = bench.find_job(plan)

    assert isinstance(event, SearchUnfinished)
    assert (event.problem and event.problem.code, event.search) == ("ForeignUrl", None)
    assert elsewhere.heard == []


def test_a_job_list_that_may_not_be_read_is_told_and_never_taken_for_empty() -> None:
    with searching() as bench:
        plan = triggered(bench)
        bench.simulator.deny(RIGHT + "backupJobs/read")

        event = bench.find_job(plan)

        assert isinstance(event, Unanswered)
        assert f"It lacks {RIGHT}backupJobs/read." in event.problem.action


def test_the_simulators_jobs_are_read_whole() -> None:
    with searching() as bench:
        triggered(bench)
        job = bench.simulator.jobs()[0]

        read = Job.of(bench.arm.get(job.id).body)

        assert read is not None
        assert (read.id, read.destination) == (job.name, job.target_id.lower())
        assert (read.point, read.activity) == (job.point_id, "claim-1")
