"""The log: one line per event, `key=value` in the text itself, the restore's id always there.

Fields given as `extra` do not reach Application Insights, so they stand in the text.
"""

import logging
import platform
import traceback
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from restore_core.contract.request import RestoreRequest
from restore_core.engine.columns import result_row
from restore_core.engine.ports import Outstanding, RefusedMessage
from restore_core.engine.set_columns import set_columns
from restore_core.errors import Problem, RestoreError
from restore_core.lifecycle.reasons import WITHDRAWN
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Ending, Enrolling, Gathering, Outcome
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.turn import Turn
from restore_core.text import MAX_ADVICE, one_line

log = logging.getLogger("restore")

_WELL: Final = frozenset({Status.COMPLETED, Status.VALIDATED})
_MAX_REASON: Final = 300
"""Characters of a reason in a log line; the row holds the whole."""
_FIGURES: Final = (
    "backupInstanceId",
    "origin",
    "durationSeconds",
    "recoveryPointAgeSeconds",
    "queuedSeconds",
    "validatingSeconds",
    "jobSeconds",
)
"""What the line of an ending shows of the result, under the names of its columns, for charts; and
of a restore without a plan, the target that was asked for, for the alert."""
_SUMS: Final = ("disks", "members", "alreadyBack", "slowestSeconds", "counts")
"""What the line of a set's end shows of how its disks came out."""


def log_accepted(restore: Restore) -> None:
    """Tell that a request is recorded."""
    source = _source(restore.request)
    log.info("restore.accepted requestId=%s %s origin=%s", restore.id, source, restore.origin)


def _source(request: RestoreRequest) -> str:
    if request.backup_instance_id is not None:
        return f"backupInstanceId={request.backup_instance_id}"
    if request.source_virtual_machine_id is not None:
        return f"sourceVirtualMachineId={request.source_virtual_machine_id}"
    if request.source_resource_group_id is not None:
        return f"sourceResourceGroupId={request.source_resource_group_id}"
    if request.source_disk_ids is not None:
        return f"sourceDiskIds={len(request.source_disk_ids)}"
    return f"sourceDiskId={request.source_disk_id}"


def log_moved(old: Restore, new: Restore) -> None:
    """Tell of a transition, or of what a restore that stays where it is was answered."""
    fields = f"requestId={new.id} from={_state(old)} to={_state(new)}{_details(new)}"
    if isinstance(new.state, Ending) and not isinstance(old.state, Ending):
        outcome = new.state.outcome
        level = logging.INFO if _is_well(outcome) else logging.WARNING
        told = (outcome.status, _figures(new, outcome), _why(outcome.problem))
        log.log(level, "restore.ending %s status=%s%s%s", fields, *told)
    elif isinstance(old.state, Ending) and not isinstance(new.state, Ending):
        _log_ended(old, old.state, fields)
    elif type(old.state) is not type(new.state):
        log.info("restore.moved %s", fields)
    elif _withdrawn(new) and not _withdrawn(old):
        log.info("set.withdrawn requestId=%s in=%s%s", new.id, _state(new), _why(_withdrawn(new)))
    elif new.problem is not None and new.problem != old.problem:
        log.info("restore.waiting requestId=%s in=%s%s", new.id, _state(new), _why(new.problem))


def _withdrawn(restore: Restore) -> Problem | None:
    """Return why a set is taken back that goes on all the same, with what Azure has of it."""
    state = restore.state
    return state.withdrawn if isinstance(state, Enrolling | Gathering) else None


def _is_well(outcome: Outcome) -> bool:
    """Tell whether nobody need act: what was withdrawn, all that is not back of a set, is meant."""
    codes = {outcome.problem.code} if outcome.problem else set()
    reasons = {reason.name for reason in outcome.tally.reasons} if outcome.tally else codes
    return outcome.status in _WELL or reasons == {WITHDRAWN}


def _log_ended(restore: Restore, ending: Ending, fields: str) -> None:
    """Tell that the result row stands: once, though a restore that was given up ends twice."""
    outcome = ending.outcome
    claimed = restore.plan is not None and bool(restore.plan.claims)
    if outcome.status is Status.TIMED_OUT and claimed and ending.guard_until is None:
        log.info("restore.moved %s", fields)  # Its row has stood since it was given up.
        return
    if restore.request.is_set:  # Its disks have their own lines: in charts they count once.
        log.info("set.ended %s status=%s%s", fields, outcome.status, _sum(restore))
        return
    figures = _figures(restore, outcome)
    log.info("restore.ended %s status=%s%s", fields, outcome.status, figures)


def log_started(version: str) -> None:
    """Tell which version a worker runs: its first line."""
    log.info("worker.started version=%s python=%s", version, platform.python_version())


def log_tick(outstanding: Sequence[Outstanding], begun: datetime, *, left_over: int) -> None:
    """Tell what a tick found, before it was looked at, and how many it had no time for."""
    turns = Counter(one.turn for one in outstanding)
    oldest = min((one.accepted_at for one in outstanding), default=begun)
    log.info(
        "tick.ended outstanding=%d running=%d queued=%d following=%d oldestSeconds=%d leftOver=%d",
        len(outstanding),
        turns[Turn.TAKEN],
        turns[Turn.AWAITED] + turns[Turn.ENROLLED],
        turns[Turn.FOLLOWS],
        max(0, (begun - oldest).total_seconds()),
        left_over,
    )


def log_message_refused(message: RefusedMessage) -> None:
    """Tell of a message that never becomes a restore."""
    fields = (message.request_id or "-", _why(message.problem))
    if message.status is Status.IGNORED:
        log.info("message.ignored requestId=%s%s", *fields)
    else:
        log.warning("message.rejected requestId=%s%s", *fields)


def log_unsent(restore: Restore, error: Exception, *, given_up: bool) -> None:
    """Tell of notices that could not be sent."""
    level = logging.ERROR if given_up else logging.WARNING
    log.log(
        level, "restore.untold requestId=%s givenUp=%s %s", restore.id, given_up, _described(error)
    )


def log_superseded(restore: Restore) -> None:
    """Tell that another worker was faster, which is no fault."""
    log.info("restore.superseded requestId=%s", restore.id)


def log_failure(request_id: str, error: Exception) -> None:
    """Tell of a step that failed; of an error that is not ours, also where it arose."""
    log.error("step.failed requestId=%s %s", request_id, _described(error))


def _described(error: Exception) -> str:
    where = ""
    if not isinstance(error, RestoreError):
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f" at={frame.name}:{frame.lineno}"
    return "error=" + one_line(f"{type(error).__name__}: {error}", _MAX_REASON) + where


def _state(restore: Restore) -> str:
    return type(restore.state).__name__


def _details(restore: Restore) -> str:
    plan = restore.plan
    target = f" targetDiskId={plan.target} recoveryPointId={plan.point}" if plan else ""
    return target + (f" jobId={restore.job}" if restore.job else "")


def _figures(restore: Restore, outcome: Outcome) -> str:
    row = result_row(restore, outcome)
    names = _FIGURES if restore.plan else ("targetDiskId", *_FIGURES)
    return "".join(f" {name}={row[name]}" for name in names if name in row)


def _sum(restore: Restore) -> str:
    row = set_columns(restore)
    return "".join(f" {name}={row[name]}" for name in _SUMS if name in row)


def _why(problem: Problem | None) -> str:
    """Tell code, advice and reason; the reason last: a sender's own words may stand in it."""
    if problem is None:
        return ""
    advice = f" advice={one_line(problem.action, MAX_ADVICE)}" if problem.action else ""
    return f" code={problem.code}{advice} reason={one_line(problem.message, _MAX_REASON)}"
