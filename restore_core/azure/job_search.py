"""Looks for the job of a restore whose answer was lost: in Resource Graph, then in the list.

What the graph shows is a candidate, judged by the same rules as an item of the list and confirmed
by a GET. The list has no filter and runs oldest first, 98 jobs to a page: it is read until a job
bears the mark of a claim's request id; of other likely jobs only a GET shows which disk they write.

That there is none is said of one whole, uninterrupted pass through the list, and when it began. A
search that is cut, by its pages, its time or a failure, is unfinished: it tells where to read on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from restore_core.azure.advice import for_app
from restore_core.azure.jobs import Job
from restore_core.azure.resource_graph import JOBS, ResourceGraph, Row, begins, between, same
from restore_core.azure.vault_calls import ENDLESS, GONE, ODD, Page, VaultCalls
from restore_core.contract.resource_ids import BackupVaultId, JobId
from restore_core.errors import NotNow, Rejected, Unavailable
from restore_core.lifecycle.events import Event, JobNamed, JobNotFound, SearchUnfinished
from restore_core.lifecycle.pace import CLOCK_SKEW, JOB_WINDOW
from restore_core.lifecycle.states import Plan, Search
from restore_core.loose_json import text_of

MAX_LIKELY: Final = 100
"""Jobs that one search looks at one by one, 300 ms each, before its invocation must end."""
MAX_TIME: Final = timedelta(minutes=2)
"""How long one search reads: an invocation lives for five minutes, and may be at work already."""
MAX_LINK: Final = 2_048
"""Characters of a link that a row keeps; behind a longer one the next search begins anew."""
PAGES_BESIDE: Final = 3
"""Pages of the list that are read beside a graph that sees: it will show the job soon."""

_NO_LINKS: Final = frozenset({"ForeignUrl", ENDLESS.code})
"""Codes of links that lead to another host, or in a circle."""


@dataclass
class _Pass:
    """A pass through the list, or a part of one."""

    begun: datetime
    is_whole: bool
    last: Page | None = None
    likely: list[JobId] = field(default_factory=list)
    failure: Unavailable | Rejected | None = None

    @property
    def search(self) -> Search | None:
        """Return where to read on: behind the last page, or there where the list ended."""
        if self.last is None:
            return None
        at_end = not self.last.next_link
        link = self.last.link if at_end else self.last.next_link
        kept = len(link) <= MAX_LINK and bool(link)
        return Search(link, self.begun, at_end=at_end) if kept else None


class JobSearch:
    """Finds jobs by the claims that a plan holds. Safe for threads."""

    def __init__(
        self, calls: VaultCalls, graph: ResourceGraph, clock: Callable[[], datetime]
    ) -> None:
        self._calls = calls
        self._graph = graph
        self._clock = clock

    def find_job(self, plan: Plan, pages: int) -> Event:
        """Return what the search for the job of a claim brought; raise Unavailable."""
        try:
            candidates = self._candidates(plan)
            found = self._confirmed(candidates or [], plan)
            if found is not None:
                return JobNamed(found, self._clock())
            early = self._clock() < plan.claims[-1].believed_after
            beside = candidates is not None and early
            return self._in_list(plan, min(pages, PAGES_BESIDE) if beside else pages)
        except Rejected as error:
            return self._calls.unanswered(error, plan)

    # -------------------------------------------------------------------------- in the graph

    def _candidates(self, plan: Plan) -> list[JobId] | None:
        """Return the jobs to look at, those with a mark first; None where the graph is no help."""
        vault = plan.instance.vault
        try:
            rows = self._graph.find(JOBS, [vault], _condition(plan))
        except Unavailable:
            return []  # For now: it is asked again, and the list is not read for its sake.
        if rows is None:
            return None
        jobs = [job for job in (_job_of(row, vault) for row in rows) if job is not None]
        ours = [job for job in jobs if _is_ours(job, plan)]
        return [job.id for job in sorted(ours, key=lambda job: not job.bears_mark_of(plan.claims))]

    def _confirmed(self, candidates: list[JobId], plan: Plan) -> JobId | None:
        """Return the first of these jobs that is ours by its own word."""
        read = (self._job(plan.instance.vault, job) for job in candidates)
        return next((job.id for job in read if job is not None and _is_ours(job, plan)), None)

    # --------------------------------------------------------------------------- in the list

    def _in_list(self, plan: Plan, pages: int) -> Event:
        now = self._clock()
        start = _start(plan, now)
        done = _Pass(start.begun if start else now, is_whole=start is None)
        marked = self._marked(plan, start.link if start else "", pages, done)
        found = marked or self._written(plan, done.likely)
        at = self._clock()
        if found is not None:
            return JobNamed(found, at)
        if done.failure is not None:
            return _failed(done.failure, done.search, start, at)
        ended = done.last is not None and not done.last.next_link
        if ended and done.is_whole:
            return JobNotFound(at, done.begun, done.search)
        too_long = not ended and now >= plan.claims[-1].believed_after
        return SearchUnfinished(at, done.search, ENDLESS if too_long else None)

    def _marked(self, plan: Plan, link: str, pages: int, done: _Pass) -> JobId | None:
        """Read on to the first job with a mark of a claim, and note in `done` what was read."""
        vault, began = plan.instance.vault, self._clock()
        pages_of_list = self._calls.pages(f"{vault}/backupJobs", vault, begin=link)
        try:
            for count, page in enumerate(pages_of_list, 1):
                jobs = [job for job in map(Job.of, page.items) if job is not None]
                for job in jobs:
                    if job.bears_mark_of(plan.claims):
                        return job.id
                done.likely += [j.id for j in jobs if j.may_be_of(plan.claims, plan.instance)]
                done.last = page
                if count >= pages or self._clock() - began >= MAX_TIME:
                    break
        except (Unavailable, Rejected) as error:
            if done.last is None and (not link or isinstance(error, NotNow)):
                raise
            done.failure = error
        return None

    def _written(self, plan: Plan, likely: list[JobId]) -> JobId | None:
        """Return the job among `likely` that writes our disk; the newest is looked at first."""
        if len(likely) > MAX_LIKELY:
            raise Unavailable(ENDLESS)
        read = (self._job(plan.instance.vault, job) for job in reversed(likely))
        return next((job.id for job in read if job is not None and job.writes(plan)), None)

    def _job(self, vault: BackupVaultId, job: JobId) -> Job | None:
        """Return a job as it tells itself; None where the vault knows it no more."""
        try:
            return Job.of(self._calls.arm.get(f"{vault}/backupJobs/{job}").body)
        except Rejected as error:
            if error.status in GONE:
                return None
            raise


def _start(plan: Plan, now: datetime) -> Search | None:
    """Return where to read on, or None: what may be believed must begin at the first page.

    A pass that was cut, and began when it might have been believed, is read to its end all the
    same: the job may stand there.
    """
    search, believed_after = plan.search, plan.claims[-1].believed_after
    if search is None or now < believed_after:
        return search
    return search if search.begun >= believed_after and not search.at_end else None


def _failed(
    failure: Unavailable | Rejected, reached: Search | None, start: Search | None, at: datetime
) -> Event:
    """Return the event of a pass that failed on its way, which keeps its place all the same.

    Dropped is only the link that this search began with, where that leads nowhere (of one that it
    met on its way, the next search will tell); and a link that no search follows.
    """
    dropped = failure.problem.code in _NO_LINKS or (reached is None and _leads_nowhere(failure))
    retry_after = failure.retry_after if isinstance(failure, Unavailable) else None
    kept = None if dropped else reached or start
    return SearchUnfinished(at, kept, failure.problem, retry_after)


def _leads_nowhere(failure: Unavailable | Rejected) -> bool:
    """Tell whether a link would bring that again; not so, where a right is missing for a while."""
    if isinstance(failure, Rejected):
        return not for_app.concerns(failure)
    return failure.problem.code == ODD


def _is_ours(job: Job, plan: Plan) -> bool:
    """Tell whether a job that tells its disk is of one of the plan's claims."""
    marked = job.bears_mark_of(plan.claims)
    return marked or (job.may_be_of(plan.claims, plan.instance) and job.writes(plan))


def _job_of(row: Row, vault: BackupVaultId) -> Job | None:
    """Return the job of a row that lies in this vault."""
    inside = text_of(row.get("id")).lower().startswith(f"{vault.key}/backupjobs/")
    return Job.of(row) if inside else None


def _condition(plan: Plan) -> str:
    """Return which rows to ask for: by the mark of a claim, or by target and time."""
    marks = [begins("properties.activityID", claim.request_id) for claim in plan.claims]
    begin = min(claim.at for claim in plan.claims) - CLOCK_SKEW
    end = max(claim.at for claim in plan.claims) + JOB_WINDOW
    target = same("properties.extendedInfo.recoveryDestination", plan.target)
    return " or ".join([*marks, f"({target} and {between('properties.startTime', begin, end)})"])
