"""How a validation, a restore operation or a job is told to end. Data, and nothing that acts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from simulator.pace import NEVER, AfterReads, Duration


@dataclass(frozen=True)
class Outcome:
    """An ending. `status` None means the one that is usual for what ends."""

    status: str | None = None
    code: str | None = None
    message: str | None = None
    advice: str | None = None
    detail: str | None = None
    with_job: bool = True
    lasts: Duration | None = None
    gone_after: timedelta | None = None


def succeeds(*, lasts: Duration | None = None) -> Outcome:
    """End well, perhaps after another time than the pace says."""
    return Outcome(lasts=lasts)


def fails(
    code: str,
    message: str | None = None,
    advice: str | None = None,
    *,
    detail: str | None = None,
    with_job: bool = False,
) -> Outcome:
    """End as `Failed`; of a restore operation, without a job unless it is said."""
    return Outcome(
        "Failed", code=code, message=message, advice=advice, detail=detail, with_job=with_job
    )


def succeeds_with_error(code: str) -> Outcome:
    """End as `Succeeded` and carry an error all the same: recorded once."""
    return Outcome("Succeeded", code=code)


def completes_with_warnings(code: str = "DiskRestoredWithWarnings") -> Outcome:
    """End a job as `CompletedWithWarnings`."""
    return Outcome("CompletedWithWarnings", code=code)


def cancelled(*, with_job: bool = False) -> Outcome:
    """End an operation as `Canceled`, a job as `Cancelled`: they spell it differently."""
    return Outcome("Cancelled", with_job=with_job)


def ends_as(status: str, code: str | None = None) -> Outcome:
    """End with any status, also one nobody has seen."""
    return Outcome(status, code=code)


def never() -> Outcome:
    """Run for ever."""
    return Outcome(lasts=NEVER)


def after_reads(count: int) -> Outcome:
    """End well once it was read so many times."""
    return Outcome(lasts=AfterReads(count))


def gone(after: timedelta = timedelta(0), outcome: Outcome | None = None) -> Outcome:
    """Let the operation's record be gone so long after it began."""
    return replace(outcome or Outcome(), gone_after=after)


_BY_NAME: Mapping[str, Callable[..., Outcome]] = {
    made.__name__: made
    for made in (
        succeeds,
        fails,
        succeeds_with_error,
        completes_with_warnings,
        cancelled,
        ends_as,
        never,
        after_reads,
    )
}


def from_json(value: Mapping[str, Any]) -> Outcome:
    """Return the outcome that `{"outcome": "fails", "code": ...}` names."""
    words = dict(value)
    lasts = words.pop("seconds", None)
    gone_after = words.pop("gone_after", None)
    made = _BY_NAME[words.pop("outcome", "succeeds")](**words)
    if lasts is not None:
        made = replace(made, lasts=timedelta(seconds=lasts))
    return made if gone_after is None else gone(timedelta(seconds=gone_after), made)
