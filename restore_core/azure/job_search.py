"""Looks in the vault for the job of a restore whose answer was lost.

First by the mark of the claim's request id, which the list shows; else among the restore jobs begun
around a claim, by the disk they write, which only a single GET shows.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from restore_core.azure.jobs import Job
from restore_core.azure.vault_calls import ENDLESS, GONE, VaultCalls
from restore_core.contract.resource_ids import BackupVaultId, JobId
from restore_core.errors import Rejected, Unavailable
from restore_core.lifecycle.events import Event, JobNamed, JobNotFound
from restore_core.lifecycle.states import Plan

MAX_LIKELY: Final = 100
"""Jobs that one search looks at one by one, 300 ms each, before its invocation must end."""


class JobSearch:
    """Finds jobs by the claims that a plan holds. Safe for threads."""

    def __init__(self, calls: VaultCalls, clock: Callable[[], datetime]) -> None:
        self._calls = calls
        self._clock = clock

    def find_job(self, plan: Plan) -> Event:
        """Return what the search for the job of a claim brought; raise Unavailable."""
        try:
            found = self._job_of_claims(plan)
        except Rejected as error:
            return self._calls.unanswered(error, plan)
        now = self._clock()
        return JobNamed(found.id, now) if found else JobNotFound(now)

    def _job_of_claims(self, plan: Plan) -> Job | None:
        vault = plan.instance.vault
        items = self._calls.items(f"{vault}/backupJobs", vault)
        jobs = [job for job in map(Job.of, items) if job is not None]
        marked = (job for job in jobs if job.bears_mark_of(plan.claims))
        if found := next(marked, None):
            return found
        likely = [job.id for job in jobs if job.may_be_of(plan.claims, plan.instance)]
        if len(likely) > MAX_LIKELY:
            raise Unavailable(ENDLESS)
        read = (self._job(vault, job) for job in likely)
        return next((job for job in read if job and job.writes(plan)), None)

    def _job(self, vault: BackupVaultId, job: JobId) -> Job | None:
        """Return a job of the list as it tells itself; None where the vault knows it no more."""
        try:
            return Job.of(self._calls.arm.get(f"{vault}/backupJobs/{job}").body)
        except Rejected as error:
            if error.status in GONE:
                return None
            raise
