"""Looking for a job: candidates of Resource Graph, and passes through the list that are cut."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restore_core.azure import job_search
from restore_core.azure.job_search import MAX_LINK, PAGES_BESIDE
from restore_core.contract.resource_ids import JobId
from restore_core.errors import NotNow, Rejected, Unavailable
from restore_core.lifecycle.events import JobNamed, JobNotFound, SearchUnfinished, Unanswered
from restore_core.lifecycle.quota import Bucket
from restore_core.lifecycle.states import Claim, Plan, Search
from simulator import NEVER, Pace, faults
from simulator.exchange import Answer
from tests import builders
from tests.azure.bench import Bench, a_bench

PAGE = 2


@pytest.fixture
def seeing() -> Iterator[Bench]:
    with a_bench(Pace(job=NEVER), page_size=PAGE) as bench:
        yield bench


@pytest.fixture
def blind() -> Iterator[Bench]:
    with a_bench(Pace(job=NEVER), page_size=PAGE, graph="forbidden") as bench:
        yield bench


def claimed(bench: Bench, *, jobs: int = 0, begun: bool = True) -> Plan:
    """Return a plan with a claim whose job has begun, or not, behind so many others."""
    bench.simulator.add_history(bench.id, jobs)
    claim = Claim("claim-1", bench.clock(), bench.clock() + timedelta(minutes=20))
    plan = bench.plan(claims=(claim,))
    if begun:
        target = str(plan.target)
        bench.simulator.start_restore(bench.id, target, activity_id="claim-1")
    bench.clock.advance(minutes=1)
    return plan


def asked(bench: Bench, end: str) -> int:
    return sum(call.path.endswith(end) for call in bench.simulator.calls)


def lists_read(bench: Bench) -> int:
    return asked(bench, "/backupJobs")


def later(bench: Bench) -> None:
    bench.clock.advance(minutes=20)


# ------------------------------------------------------------------------------ in the graph


@pytest.mark.parametrize("habit", ["client", "unrelated"])
def test_a_job_is_found_by_a_query_and_confirmed_by_a_get(seeing: Bench, habit: Any) -> None:
    plan = claimed(seeing, jobs=50, begun=False)
    marked = "claim-1" if habit == "client" else None
    job = seeing.simulator.start_restore(seeing.id, str(plan.target), activity_id=marked)

    event = seeing.find_job(plan)

    assert event == JobNamed(JobId(job.name), seeing.clock())
    assert (asked(seeing, "/resources"), asked(seeing, job.name)) == (1, 1)
    assert lists_read(seeing) == 0


def row_of(seeing: Bench, name: str, **changes: Any) -> dict[str, Any]:
    """Return the row of a job as if it were ours."""
    properties = {"activityID": "claim-1", **changes}
    return {"id": f"{seeing.instance.vault}/backupJobs/{name}", "name": name} | {
        "properties": properties
    }


def test_a_row_is_believed_of_nobody_that_its_job_does_not_bear_out(seeing: Bench) -> None:
    plan = claimed(seeing, begun=False)
    other = seeing.simulator.start_restore(seeing.id, builders.disk("another"))
    elsewhere = {**row_of(seeing, other.name), "id": f"{seeing.instance.vault}-2/backupJobs/x"}
    rows = [row_of(seeing, other.name), row_of(seeing, "gone"), elsewhere, {"id": 7}]
    later(seeing)
    seeing.simulator.next("POST", "/resources", faults.Instead(Answer.of({"data": rows})))

    event = seeing.find_job(plan)

    assert isinstance(event, JobNotFound)
    assert asked(seeing, "/x") == 0


def test_a_row_that_is_not_ours_costs_no_look(seeing: Bench) -> None:
    plan = claimed(seeing, begun=False)
    other = seeing.simulator.start_restore(seeing.id, builders.disk("another"))

    assert isinstance(seeing.find_job(plan), JobNotFound)
    assert asked(seeing, other.name) == 1  # In the list, where a look alone shows the disk.


def test_a_candidate_that_may_not_be_looked_at_is_told(seeing: Bench) -> None:
    plan = claimed(seeing)
    seeing.simulator.next("GET", "/backupJobs/*", faults.status(403, "AuthorizationFailed", "No."))

    assert isinstance(seeing.find_job(plan), Unanswered)


def test_beside_a_graph_that_sees_little_of_the_list_is_read_before_it_could_be_believed(
    seeing: Bench,
) -> None:
    plan = claimed(seeing, jobs=20, begun=False)

    early = seeing.find_job(plan)
    assert lists_read(seeing) == PAGES_BESIDE
    later(seeing)
    late = seeing.find_job(plan)

    assert isinstance(early, SearchUnfinished)
    assert early.problem is None
    assert isinstance(late, JobNotFound)
    assert late.begun == seeing.clock()


def test_a_graph_that_fails_for_now_lets_no_long_list_be_read(seeing: Bench) -> None:
    plan = claimed(seeing, jobs=20)
    seeing.simulator.next("POST", "/resources", faults.status(503))

    assert isinstance(seeing.find_job(plan), SearchUnfinished)
    assert lists_read(seeing) == PAGES_BESIDE


# ------------------------------------------------------------------------------ in the list


def test_the_list_is_read_no_further_than_to_the_job(blind: Bench) -> None:
    plan = claimed(blind, jobs=4)
    blind.simulator.start_restore(blind.id, builders.disk("x"))
    for number in range(6):
        blind.clock.advance(seconds=1)
        blind.simulator.start_restore(blind.id, builders.disk(f"x{number}"))

    assert isinstance(blind.find_job(plan), JobNamed)
    assert lists_read(blind) == 3


def test_a_search_that_is_cut_is_read_on_by_the_next(blind: Bench) -> None:
    plan = claimed(blind, jobs=8)

    first = blind.find_job(plan, pages=2)
    assert isinstance(first, SearchUnfinished)
    assert first.search is not None
    assert not first.search.at_end
    second = blind.find_job(replace(plan, search=first.search), pages=3)

    assert isinstance(second, JobNamed)
    assert lists_read(blind) == 5


def test_a_list_that_ended_is_read_on_from_its_last_page(blind: Bench) -> None:
    plan = claimed(blind, jobs=5, begun=False)

    whole = blind.find_job(plan)
    assert isinstance(whole, JobNotFound)
    assert whole.search is not None
    assert whole.search.at_end
    job = blind.simulator.start_restore(blind.id, str(plan.target), activity_id="claim-1")
    found = blind.find_job(replace(plan, search=whole.search))

    assert found == JobNamed(JobId(job.name), blind.clock())
    assert lists_read(blind) == 3 + 1


def test_absence_is_said_of_a_whole_pass_alone(blind: Bench) -> None:
    plan = claimed(blind, jobs=7, begun=False)
    cut = blind.find_job(plan, pages=2)
    assert isinstance(cut, SearchUnfinished)

    rest = blind.find_job(replace(plan, search=cut.search))

    assert isinstance(rest, SearchUnfinished)
    assert rest.search is not None
    assert rest.search.at_end


def test_when_absence_may_be_believed_the_pass_begins_at_the_first_page(blind: Bench) -> None:
    plan = claimed(blind, jobs=7, begun=False)
    before = blind.find_job(plan)
    assert isinstance(before, JobNotFound)
    later(blind)

    event = blind.find_job(replace(plan, search=before.search))

    assert event == JobNotFound(blind.clock(), blind.clock(), event_search(event))
    assert lists_read(blind) == 8


def event_search(event: Any) -> Search | None:
    found: Search | None = event.search
    return found


def test_a_pass_that_might_have_been_believed_and_was_cut_is_read_to_its_end(
    blind: Bench,
) -> None:
    plan = claimed(blind, jobs=7, begun=False)
    later(blind)
    cut = blind.find_job(plan, pages=3)
    assert isinstance(cut, SearchUnfinished)
    assert cut.problem is not None
    assert cut.problem.code == "EndlessList"

    rest = blind.find_job(replace(plan, search=cut.search))
    assert isinstance(rest, SearchUnfinished)
    anew = blind.find_job(replace(plan, search=rest.search))

    assert isinstance(anew, JobNotFound)
    assert lists_read(blind) == 3 + 1 + 4


def test_a_search_ends_by_time_too(blind: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = claimed(blind, jobs=8)
    monkeypatch.setattr(job_search, "MAX_TIME", timedelta())

    assert isinstance(blind.find_job(plan), SearchUnfinished)
    assert lists_read(blind) == 1


def test_a_pass_that_fails_on_its_way_is_unfinished_and_read_on(blind: Bench) -> None:
    plan = claimed(blind, jobs=6)
    page = faults.with_headers({})  # As it is.
    blind.simulator.next("GET", "/backupJobs", page, times=2)
    blind.simulator.next("GET", "/backupJobs", faults.throttle(47))

    cut = blind.find_job(plan)
    assert isinstance(cut, SearchUnfinished)
    assert cut.problem is not None
    assert cut.problem.code == "SubscriptionRequestsThrottled"
    assert cut.retry_after == timedelta(seconds=47)
    blind.clock.advance(seconds=48)
    found = blind.find_job(replace(plan, search=cut.search))

    assert isinstance(found, JobNamed)
    assert lists_read(blind) == 3 + 2


def test_a_search_that_may_read_no_more_now_is_cut_and_keeps_its_place(blind: Bench) -> None:
    blind.allow(reads=Bucket(2, 1))
    plan = claimed(blind, jobs=6)

    cut = blind.find_job(plan)

    assert isinstance(cut, SearchUnfinished)
    assert cut.search is not None
    with pytest.raises(NotNow):
        blind.find_job(replace(plan, search=cut.search))
    blind.clock.advance(minutes=1)
    while isinstance(cut, SearchUnfinished):
        cut = blind.find_job(replace(plan, search=cut.search))
        blind.clock.advance(minutes=1)
    assert isinstance(cut, JobNamed)


def test_a_search_that_cannot_go_on_for_now_keeps_its_place(blind: Bench) -> None:
    plan = claimed(blind, jobs=6)
    cut = blind.find_job(plan, pages=1)
    assert isinstance(cut, SearchUnfinished)
    blind.simulator.next("GET", "/backupJobs", faults.status(503))

    event = blind.find_job(replace(plan, search=cut.search))

    assert isinstance(event, SearchUnfinished)
    assert event.search == cut.search


nowhere = pytest.mark.parametrize(
    "fault",
    [
        faults.status(400, "InvalidSkipToken", "The token has expired."),
        faults.Instead(Answer.of({"value": None})),
    ],
)


@nowhere
def test_a_page_that_is_spoilt_on_the_way_is_asked_for_once_more(blind: Bench, fault: Any) -> None:
    plan = claimed(blind, jobs=6)
    blind.simulator.next("GET", "/backupJobs", faults.with_headers({}), times=2)
    blind.simulator.next("GET", "/backupJobs", fault)

    cut = blind.find_job(plan)
    assert isinstance(cut, SearchUnfinished)
    assert cut.problem is not None
    found = blind.find_job(replace(plan, search=cut.search))

    assert isinstance(found, JobNamed)
    assert lists_read(blind) == 3 + 2


def test_a_right_that_is_missing_for_a_while_costs_no_place(blind: Bench) -> None:
    plan = claimed(blind, jobs=6)
    cut = blind.find_job(plan, pages=1)
    assert isinstance(cut, SearchUnfinished)
    blind.simulator.next("GET", "/backupJobs", faults.status(403, "AuthorizationFailed", "No."))

    event = blind.find_job(replace(plan, search=cut.search))

    assert isinstance(event, SearchUnfinished)
    assert event.search == cut.search


def test_a_list_that_leads_in_a_circle_is_begun_anew(blind: Bench) -> None:
    plan = claimed(blind, jobs=6)
    links: list[bytes] = []

    def first_again(answer: Answer) -> Answer:
        links.extend(re.findall(rb'"nextLink": ?"([^"]+)"', answer.body))
        return replace(answer, body=answer.body.replace(links[-1], links[0]))

    blind.simulator.next("GET", "/backupJobs", faults.Altered(first_again), times=3)

    event = blind.find_job(plan)

    assert isinstance(event, SearchUnfinished)
    assert event.problem is not None
    assert (event.problem.code, event.search) == ("EndlessList", None)


@nowhere
def test_a_link_that_leads_nowhere_is_dropped(blind: Bench, fault: Any) -> None:
    plan = claimed(blind, jobs=6)
    cut = blind.find_job(plan, pages=1)
    assert isinstance(cut, SearchUnfinished)
    blind.simulator.next("GET", "/backupJobs", fault)

    event = blind.find_job(replace(plan, search=cut.search))

    assert isinstance(event, SearchUnfinished)
    assert event.search is None
    assert event.problem is not None


def test_a_link_longer_than_a_row_should_hold_is_dropped(blind: Bench) -> None:
    plan = claimed(blind, jobs=6)

    def longer(answer: Answer) -> Answer:
        body = answer.body.replace(b"$skipToken=", b"x=" + b"y" * MAX_LINK + b"&$skipToken=")
        return replace(answer, body=body)

    blind.simulator.next("GET", "/backupJobs", faults.Altered(longer))

    event = blind.find_job(plan, pages=1)

    assert isinstance(event, SearchUnfinished)
    assert event.search is None


@pytest.mark.parametrize(("status", "raised"), [(503, Unavailable), (404, Rejected)])
def test_a_list_whose_first_page_fails_is_no_search(
    blind: Bench, status: int, raised: type[Exception]
) -> None:
    plan = claimed(blind)
    blind.simulator.next("GET", "/backupJobs", faults.status(status, "X", "y"))

    if raised is Unavailable:
        with pytest.raises(Unavailable):
            blind.find_job(plan)
    else:
        assert isinstance(blind.find_job(plan), Unanswered)
