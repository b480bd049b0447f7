"""A job of the vault, as single answers and lists describe it. Pure; never trusts a type.

Words for the end, lower-cased, from recordings, the swagger and the sister service's documents;
every other word means that the job runs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from restore_core.azure.arm_errors import problem_of_job, warnings_of_job
from restore_core.contract.resource_ids import BackupInstanceId, InvalidId, JobId, job_id
from restore_core.errors import Problem
from restore_core.lifecycle.pace import CLOCK_SKEW, JOB_WINDOW
from restore_core.lifecycle.states import Claim, Plan
from restore_core.lifecycle.status import Status
from restore_core.loose_json import object_of, text_of
from restore_core.text import one_line

_ENDS: Final = {
    "completed": Status.COMPLETED,
    "success": Status.COMPLETED,
    "succeeded": Status.COMPLETED,
    "completedwithwarnings": Status.COMPLETED_WITH_WARNINGS,
    "completedwithwarning": Status.COMPLETED_WITH_WARNINGS,
    "successwithwarning": Status.COMPLETED_WITH_WARNINGS,
    "succeededwithwarnings": Status.COMPLETED_WITH_WARNINGS,
    "failed": Status.FAILED,
    "timedout": Status.FAILED,
    "cancelled": Status.CANCELLED,
    "canceled": Status.CANCELLED,
}
_OLDEST: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Job:
    """What the app reads of a job."""

    id: JobId
    status: str
    started: datetime | None
    ended: datetime | None
    instance: str
    activity: str
    """`activityID`: in all 39 recordings the mark of the client's request id."""
    restores: bool
    destination: str
    """The disk it writes; only a single GET tells it."""
    point: str
    problem: Problem | None

    @classmethod
    def of(cls, body: dict[str, Any]) -> Self | None:
        """Return the job of an answer or of a list's item; None where it is no job."""
        properties = object_of(body.get("properties"))
        extended = object_of(properties.get("extendedInfo"))
        try:
            name = job_id(text_of(body.get("name")) or text_of(body.get("id")))
        except InvalidId:
            return None
        warned = warnings_of_job(extended.get("warningDetails"))
        return cls(
            id=name,
            status=one_line(text_of(properties.get("status")), 64),
            started=moment(properties.get("startTime")),
            ended=moment(properties.get("endTime")),
            instance=text_of(properties.get("backupInstanceId")).lower(),
            activity=text_of(properties.get("activityID")).lower(),
            restores="restore" in text_of(properties.get("operationCategory")).lower(),
            destination=text_of(extended.get("recoveryDestination")).lower(),
            point=text_of(object_of(extended.get("sourceRecoverPoint")).get("recoveryPointID")),
            problem=problem_of_job(properties.get("errorDetails")) or warned,
        )

    @property
    def end(self) -> Status | None:
        """Return how it ended, or None while it runs or says an unknown word."""
        return _ENDS.get(self.status.lower())

    def bears_mark_of(self, claims: tuple[Claim, ...]) -> bool:
        """Tell whether its activity id begins with the request id of one of `claims`.

        A prefix: one documented job shows a suffix behind the UUID.
        """
        return any(self.activity.startswith(claim.request_id.lower()) for claim in claims)

    def may_be_of(self, claims: tuple[Claim, ...], instance: BackupInstanceId) -> bool:
        """Tell whether it is worth a GET: a restore of `instance` begun around one of `claims`."""
        return (
            self.restores
            and self.instance == instance.key
            and self.started is not None
            and any(self._fits(claim, self.started) for claim in claims)
        )

    def writes(self, plan: Plan) -> bool:
        """Tell whether it writes the plan's target from the plan's recovery point."""
        same_point = not self.point or self.point.lower() == plan.point.lower()
        return self.destination == plan.target.key and same_point

    def _fits(self, claim: Claim, started: datetime) -> bool:
        """Tell whether it may be the claim's; in doubt it is not.

        To pass over our own job costs a refusal at the most, for the disk exists; to adopt an
        earlier request's would report that one's end and free the target under our own job.
        """
        over = self.ended is not None and self.ended <= claim.at
        return claim.at - CLOCK_SKEW <= started <= claim.at + JOB_WINDOW and not over


def moment(value: Any) -> datetime | None:
    """Return the time that the service wrote, in UTC, or None.

    Fractions have seven digits; a missing zone (2021) means UTC; `0001-01-01T00:00:00` means that
    it has not happened. Nor has anything else in an age before Azure, which no table could hold.
    """
    try:
        parsed = datetime.fromisoformat(text_of(value))
        zoned = parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return zoned if zoned >= _OLDEST else None
