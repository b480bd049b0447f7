"""Looking for a job in the vault's list."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restore_core.azure.job_search import MAX_LIKELY
from restore_core.azure.jobs import Job
from restore_core.contract.resource_ids import JobId, recovery_point_id
from restore_core.errors import Unavailable
from restore_core.lifecycle.events import (
    JobNamed,
    JobNotFound,
    SearchUnfinished,
    TriggerUnanswered,
    Unanswered,
)
from restore_core.lifecycle.states import Plan
from simulator import AT_ONCE, NEVER, Pace, faults
from tests import builders
from tests.azure.answers import RIGHT, a_claim, altered, answered
from tests.azure.bench import Bench, a_bench
from tests.azure.listener import Listener
from tests.fakes import NOON


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
