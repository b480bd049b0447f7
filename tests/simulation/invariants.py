"""What must hold in every world, by the names of DESIGN's invariants; and that a world ends clean.

I1 to I6 are DESIGN's. Beside them: E1, what is told is all, in order and true (`telling`); Q1, no
more run than may, Q2, turns are given in order, C1, no source is restored twice within its
cooldown, N1, nothing is triggered that is too late (`turns`).

`Watch` looks at each write and each log line as it comes; `check` looks at what stands in the end.
"""

import json
import logging
import re
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from restore_core.azure.step_queue import EVENTS, POISON, REQUESTS, STEPS
from restore_core.azure.table_store import LOCKS, OUTSTANDING, RESTORES, RESULTS, SOURCES
from tests.fakes import NOON
from tests.simulation.dress import digest
from tests.simulation.senders import EXISTS, IN_USE, RESTORED_ALREADY, Sent
from tests.simulation.telling import Telling
from tests.simulation.turns import Turns

if TYPE_CHECKING:
    from simulator.world import Job, Operation
    from tests.simulation.process import Process
    from tests.simulation.world import World

NAMES: Final = ("I1", "I2", "I3", "I4", "I5", "I6", "E1", "Q1", "Q2", "C1", "N1", "clean")
IDLE_TICK: Final = 3
"""Calls of a tick that finds nothing: one look at each poison queue, one query."""

SLOWEST_REFUSAL: Final = timedelta(minutes=10)
"""Between looking at an earlier restore and the refusal, others of its source are looked at."""

_WORDS: Final = {
    "Completed": "Completed",
    "Success": "Completed",
    "Succeeded": "Completed",
    "SuccessWithWarning": "CompletedWithWarnings",
    "CompletedWithWarnings": "CompletedWithWarnings",
    "Failed": "Failed",
    "TimedOut": "Failed",
    "Cancelled": "Cancelled",
    "Canceled": "Cancelled",
}
_NO_REQUEST: Final = ("malformed", "ignored")
_REFUSED: Final = {
    "malformed": ("Rejected", "MalformedRequest"),
    "ignored": ("Ignored", "NothingAsked"),
}
_NO_DISK: Final = {"NoVault", "DiskNotProtected", "ResourceNotFound"}
_EXPIRED: Final = {"NoRecoveryPoint", "RecoveryPointNotUsable", "UserErrorDiskSnapshotNotFound"}
_EARLIER: Final = re.compile(r"(?:restore|by the) request ([\w.:-]+?),? ")
_NO_CALL_OF_OURS: Final = ("Retry-After", "a second restore", "api-version")
_DECIDED: Final = ("Ending", "Ended", "Guarding")


class Watch:
    """Looks at every write while a world runs."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.claims: dict[str, str] = {}
        """Whose claim: restores by the request id that their POST carries."""
        self._requests: dict[str, Any] = {}
        self._results: dict[tuple[str, str], dict[str, Any]] = {}
        self.documents: dict[str, dict[str, Any]] = {}
        self.telling = Telling(world)
        self.turns = Turns(world)
        self.left: set[str] = set()
        """Who took a target when it had ended: with a call that came late."""

    def written(self, name: str, method: str, args: Any, process: "Process") -> None:
        """Look at a write that storage has obeyed."""
        match args:
            case (dict() as row, *_):
                self._hides_secrets(name, row)
                self._row_written(name, row, process)
            case (str() as text, *_) if method == "send_message":
                self._hides_secrets(name, {"message": text, "RowKey": name})
                if name == EVENTS:
                    self.telling.sent(text)
            case (_, str() as request_id) if name == OUTSTANDING:
                self.turns.forgotten(request_id)

    def _row_written(self, name: str, row: dict[str, Any], process: "Process") -> None:
        match name:
            case _ if name == RESTORES:
                self._restore_written(row, process)
            case _ if name == RESULTS:
                self._result_written(row, process)
            case _ if name == OUTSTANDING:
                self.turns.announced(row)
            case _ if name == SOURCES:
                self.turns.noted(row)
            case _ if name == LOCKS:
                state = self.documents[row["requestId"]]["state"]["is"]
                (self.left.add if state == "Ended" else self.left.discard)(row["requestId"])

    def logged(self, record: logging.LogRecord) -> None:
        """Look at a log line."""
        line = record.getMessage()
        self._world.checks["I4"] += 1
        self._world.note(f"log: {line}")
        if "\n" in line or "\r" in line:
            self._world.breach("I4", "a log entry has two lines")
        if self._tells_a_secret(line):
            self._world.breach("I4", f"a secret stands in the log: {line[:80]}")
        if line.startswith("step.failed") and (" at=" in line or "ImpossibleEvent" in line):
            self._world.breach("I6", f"the app failed by itself: {line}", _id_in(line))

    def job_begun(self, job: "Job", claim: str) -> None:
        """Look at what stood ready when Azure began to write a disk."""
        world, request_id = self._world, self._world.causes[job.name]
        world.checks["I2"] += 1
        if claim not in self.claims:
            world.breach("I2", "a restore was asked for without a saved claim", request_id)
        holders = [
            row["requestId"]
            for row in _rows(world, LOCKS)
            if row["targetDiskId"].lower() == job.target_id.lower()
        ]
        if holders != [request_id]:
            world.breach("I2", f"its target is locked by {holders or 'nobody'}", request_id)
        if not any(_is_good(one) for one in world.validations[job.target_id.lower()]):
            world.breach("I3", "a restore was asked for that Azure never found valid", request_id)

    def _let_go(self, request_id: str, document: dict[str, Any]) -> None:
        """A restore that has ended has released its target: nobody may write it any more."""
        world = self._world
        guarded_until = _moment(document["deadline"]) + timedelta(days=7) - timedelta(minutes=6)
        for job in world.simulator.world.jobs.values():
            running = job.ended is None and world.causes.get(job.name) == request_id
            if running and world.azure_clock() < guarded_until:
                world.breach("I2", "its target is free while its job may write it", request_id)

    def _restore_written(self, row: dict[str, Any], process: "Process") -> None:
        world, request_id = self._world, row["PartitionKey"]
        document = json.loads(row["document"])
        self.documents[request_id] = document
        for claim in (document["state"].get("plan") or {}).get("claims", ()):
            self.claims[claim["request_id"]] = request_id
        if document["state"]["is"] == "Ended":
            self._let_go(request_id, document)
        world.checks["I3"] += 1
        if self._requests.setdefault(request_id, document["request"]) != document["request"]:
            world.breach("I3", "a request has changed after it was recorded", request_id)
        self.telling.saved(request_id, document, process)
        self.turns.saved(request_id, document, process)

    def _result_written(self, row: dict[str, Any], process: "Process") -> None:
        world, key = self._world, (row["PartitionKey"], row["RowKey"])
        world.checks["I1"] += 1
        if "~" in key[1]:
            self.telling.refused(row, process)
            return
        old = self._results.get(key, row)
        self._results[key] = row
        told_more = old["status"] == row["status"] == "TimedOut"  # The job's end, seen late.
        if old != row and not told_more:
            told = {k: (old.get(k), row.get(k)) for k in row if old.get(k) != row.get(k)}
            world.breach("I1", f"a result has changed: {told}", key[1])
        state = self.documents[key[1]]["state"]
        saved = (state.get("outcome") or {}).get("status")
        if state["is"] not in _DECIDED or saved != row["status"]:
            world.breach(
                "I1", f"the result {row['status']} is written in {state['is']} {saved}", key[1]
            )

    def _hides_secrets(self, name: str, row: dict[str, Any]) -> None:
        self._world.checks["I4"] += 1
        for column, value in row.items():
            allowed = name == RESTORES and column == "operationUrl"
            if isinstance(value, str) and not allowed and self._tells_a_secret(value):
                self._world.breach("I4", f"a secret stands in {name}.{column}", str(row["RowKey"]))

    def _tells_a_secret(self, text: str) -> bool:
        return "&s=" in text or any(secret in text for secret in self._world.token_heads)


# --------------------------------------------------------------------------------- in the end


def check(world: "World") -> None:
    """Look at what stands when nothing is left to do."""
    results = {row["RowKey"]: row for row in _rows(world, RESULTS)}
    _check_clean(world)
    _check_messages(world, results)
    _check_targets(world)
    _check_manners(world)
    world.watch.telling.check()
    for row in _rows(world, RESTORES):
        _check_restore(world, row, results.get(row["PartitionKey"]))
    count = Counter(row["RowKey"] for row in _rows(world, RESULTS))
    for request_id, times in count.items():
        if times > 1:
            world.breach("I1", f"{times} result rows", request_id)


def _rows(world: "World", table: str) -> list[dict[str, Any]]:
    return world.tables.get_table_client(table).list_entities()


def _check_clean(world: "World") -> None:
    world.checks["clean"] += 1
    for row in _rows(world, OUTSTANDING):
        world.breach("clean", "a restore is outstanding for ever", row["RowKey"])
    for row in _rows(world, LOCKS):
        # Who has ended holds a lock no more: it is taken over, where the target is wanted again.
        if row["requestId"] not in world.watch.left:
            world.breach("clean", f"{row['targetDiskId']} is locked for ever", row["requestId"])
    for name in (REQUESTS, STEPS):
        for message in world.queue(name).messages:
            world.breach("clean", f"a message stays on {name}: {message.content[:80]}")
        for message in world.queue(name + POISON).messages:
            world.breach("I6", f"a message stays on {name}-poison: {message.content[:80]}")
    world.checks["I5"] += 1
    if world.host.processes and world.idle_calls > IDLE_TICK and not world.breaches:
        world.breach("I5", f"a tick with nothing to do makes {world.idle_calls} calls")


def _check_messages(world: "World", results: dict[str, dict[str, Any]]) -> None:
    """Every message is recorded or has a row of its own."""
    recorded = {row["PartitionKey"]: row for row in _rows(world, RESTORES)}
    for sent in _sent(world):
        world.checks["I1"] += 1
        own = results.get(f"{sent.request_id or 'unreadable'}~{digest(sent.body)}")
        found = recorded.get(sent.request_id)
        same = found is not None and _asks_the_same(found, sent)
        if not same and own is None:
            world.breach("I1", f"a message ({sent.kind}) left no trace", sent.request_id)
        if own is not None:
            _check_reason(world, own, sent.request_id)
            told = own["status"], own["errorCode"]
            if told != _REFUSED.get(sent.kind, ("Rejected", "RequestIdReused")):
                world.breach("I3", f"a message ({sent.kind}) is {told}", sent.request_id)
            if same and sent.kind == "good":
                world.breach("I3", "a good message is refused", sent.request_id)


def _asks_the_same(row: dict[str, Any], sent: Sent) -> bool:
    if sent.kind in _NO_REQUEST:
        return False
    request = json.loads(row["document"])["request"]
    return bool(request.get("reason") == sent.reason)


def _check_reason(world: "World", row: dict[str, Any], request_id: str) -> None:
    world.checks["I3"] += 1
    for column in ("errorCode", "errorMessage"):
        if not row.get(column):
            world.breach("I3", f"{row['status']} without {column}", request_id)
    if row["status"] == "Rejected" and not row.get("recommendedAction"):
        told = row.get("errorCode")
        if told not in _SILENT:
            world.breach("I3", f"Rejected ({told}) without advice", request_id)


_SILENT: Final = {"ValidationFailed", "UserErrorGenericResourceNotFound"}
"""Azure says itself what is wrong, and no more."""


def _check_restore(world: "World", row: dict[str, Any], result: dict[str, Any] | None) -> None:
    request_id = row["PartitionKey"]
    state = json.loads(row["document"])["state"]
    world.checks["I1"] += 1
    if state["is"] != "Ended":
        world.breach("I6", f"it stands in {state['is']} for ever", request_id)
        return
    if "operationUrl" in row:
        world.breach("I4", "an operation URL outlives its operation", request_id)
    if result is None:
        world.breach("I1", "it ended and has no result", request_id)
        return
    outcome = state["outcome"]
    if (outcome["status"], outcome["job"]) != (result["status"], result.get("jobId")):
        world.breach("I1", f"the result {result['status']} is not its state's", request_id)
    _check_truth(world, row, result)
    _check_fate(world, row, result)


def _check_truth(world: "World", row: dict[str, Any], result: dict[str, Any]) -> None:
    """The result says what Azure did."""
    request_id, status = row["PartitionKey"], result["status"]
    jobs = [job for job in world.simulator.world.jobs.values() if _of(world, job, request_id)]
    world.checks["I2"] += 1
    if len(jobs) > 1:
        world.breach("I2", f"{len(jobs)} jobs for one request", request_id)
        return
    job = jobs[0] if jobs else None
    if status in ("Rejected", "Validated") and job is not None:
        world.breach("I1", f"{status}, but the job {job.name} was started", request_id)
    if status in ("Completed", "CompletedWithWarnings", "Cancelled") and job is None:
        world.breach("I1", f"{status}, but it started no job", request_id)
    if job is None:
        if result.get("jobId"):
            world.breach("I2", f"{status} by a job that is not its own", request_id)
        return
    if result.get("jobId") not in (job.name, None):
        world.breach("I2", f"{status} by a job that is not its own", request_id)
    _check_end_of_job(world, job, row, status)


def _check_end_of_job(world: "World", job: "Job", row: dict[str, Any], status: str) -> None:
    document = json.loads(row["document"])
    request_id, truth = row["PartitionKey"], _WORDS.get(job.status)
    deadline = _moment(document["deadline"])
    if status == "TimedOut":
        on_time = job.ended is not None and job.ended < deadline - timedelta(hours=1)
        if truth is not None and on_time:
            world.breach("I1", f"TimedOut, but its job ended as {job.status}", request_id)
    elif status != truth:
        world.breach("I1", f"{status}, but its job is {job.status}", request_id)


def _check_fate(world: "World", row: dict[str, Any], result: dict[str, Any]) -> None:
    """It ended in one of the ways in which it could."""
    request_id, status, code = row["PartitionKey"], result["status"], result.get("errorCode", "")
    asked = (s for s in _sent(world) if s.kind not in _NO_REQUEST)
    sent = next((s for s in asked if s.request_id == request_id), None)
    target = _name(result.get("targetDiskId", ""))
    world.checks["I6"] += 1
    if sent is None:
        world.breach("I3", f"{status}, and nobody has asked for it", request_id)
    elif status == "TimedOut":
        _check_age(world, row, result, target)
    elif status == "Rejected":
        _check_refusal(world, result, sent, target)
    elif sent.kind in ("forbidden", "no-instance", "no-disk") or _is_unwanted(world, sent):
        world.breach("I3", f"{sent.kind}, but {status}", request_id)
    elif (status == "Validated") != sent.validates_only:
        world.breach("I1", f"{status}, but validateOnly is {sent.validates_only}", request_id)
    elif status == "Failed":
        scripted = world.simulator.world.scripts.get(target)
        expired = code in _EXPIRED and sent.instance in world.wants.expiring
        if scripted is None and not expired:
            world.breach("I1", f"Failed ({code}) without a cause", request_id)


def _check_refusal(world: "World", result: dict[str, Any], sent: Sent, target: str) -> None:
    code, request_id = result.get("errorCode", ""), sent.request_id
    _check_reason(world, result, request_id)
    if code not in _refusals(world, sent, target):
        world.breach("I3", f"Rejected ({code}) without a cause", request_id)
    elif code == IN_USE:
        _check_names_the_first(world, result, target)
    elif code == RESTORED_ALREADY:
        _check_names_the_earlier(world, result, sent)
    elif code == "TooLate" and result["completedAt"] < sent.not_after:
        world.breach("N1", "too late before its notAfter", request_id)


def _check_age(world: "World", row: dict[str, Any], result: dict[str, Any], target: str) -> None:
    deadline = _moment(json.loads(row["document"])["deadline"])
    if result["completedAt"] < deadline - timedelta(minutes=6):
        world.breach("I6", "TimedOut before its time", row["PartitionKey"])
    waited = row["PartitionKey"] in world.watch.turns.waited and world.wants.endless
    if target not in world.wants.endless and not waited:
        world.breach("I6", "TimedOut, although its world got well in time", row["PartitionKey"])


def _check_names_the_first(world: "World", result: dict[str, Any], target: str) -> None:
    others = {
        row["requestId"]
        for row in _rows(world, RESTORES)
        if _name(row.get("targetDiskId", "")) == target
    } - {result["requestId"]}
    world.checks["I2"] += 1
    if not any(f"request {other} " in result["errorMessage"] for other in others):
        world.breach("I2", "the second is refused, but the first is not named", result["requestId"])


def _check_names_the_earlier(world: "World", result: dict[str, Any], sent: Sent) -> None:
    """It is refused for the sake of a restore of the same source, which counts."""
    known = world.watch.documents
    found = _EARLIER.search(result["errorMessage"])
    earlier = known.get(found[1], {}) if found else {}
    source = ((earlier.get("state") or {}).get("plan") or {}).get("source", "")
    world.checks["C1"] += 1
    if not found or found[1] == sent.request_id or source.lower() != sent.source.lower():
        world.breach("C1", "the earlier restore of its source is not named", sent.request_id)
        return
    if "which ended at" not in result["errorMessage"]:
        return
    longest = max(settings.cooldown for settings in world.host.settings)
    outcome = earlier["state"]["outcome"]
    after = result["completedAt"] - _moment(outcome["at"])
    if after > longest + SLOWEST_REFUSAL or not outcome["status"].startswith("Completed"):
        world.breach("C1", f"refused {after} after {outcome['status']}", sent.request_id)


def _refusals(world: "World", sent: Sent, target: str) -> set[str]:
    """Return the codes with which this request may be refused."""
    may = _if(world, "settings-change", "NotAllowed")
    may |= {"TooLate"} if sent.not_after else set()
    if sent.kind == "forbidden":
        return may | {"NotAllowed", "NoVault"}
    if sent.kind == "no-instance":
        return may | {"UserErrorGenericResourceNotFound"}
    if sent.kind == "no-disk":
        return may | _NO_DISK
    if sent.kind == "deletion":
        may |= set() if world.host.settings[0].default_vault else {"NoVault"}
        may |= {"DeletedDisksNotRestored"} if _is_unwanted(world, sent) else set()
    may |= world.wants.refusals.get(target, set())
    if not sent.validates_only and not sent.forces and _another(world, sent):
        may.add(RESTORED_ALREADY)
    if any(other.target == target for other in _sent(world) if other.request_id != sent.request_id):
        may |= {IN_USE, EXISTS}
    if sent.instance in world.wants.expiring:
        may |= _EXPIRED
    may |= _if(world, "arm-403-on-post", "AuthorizationFailed")
    may |= _if(world, "arm-400-on-post", "BMSUserErrorInvalidInput")
    return may


def _is_unwanted(world: "World", sent: Sent) -> bool:
    """Tell whether a disk was deleted where none is to come back."""
    return sent.kind == "deletion" and not world.host.settings[0].deleted_disks


def _another(world: "World", sent: Sent) -> bool:
    """Tell whether another restore of the same source can keep this one waiting."""
    others = (s for s in _sent(world) if s.request_id != sent.request_id and not s.validates_only)
    some = any(other.source == sent.source for other in others)
    return some and any(settings.cooldown for settings in world.host.settings)


def _if(world: "World", kind: str, code: str) -> set[str]:
    return {code} if world.faults.counts[kind] else set()


def _check_targets(world: "World") -> None:
    """Two requests never run against the same target at once."""
    by_target: dict[str, list[Job]] = defaultdict(list)
    for job in world.simulator.world.jobs.values():
        by_target[job.target_id.lower()].append(job)
    for jobs in by_target.values():
        world.checks["I2"] += 1
        jobs.sort(key=lambda job: job.started)
        for first, second in pairwise(jobs):
            if first.ended is None or second.started < first.ended:
                whose = world.causes.get(second.name, "")
                world.breach("I2", f"two jobs write {_name(second.target_id)} at once", whose)


def _check_manners(world: "World") -> None:
    for accusation in world.simulator.accusations:
        if not any(part in accusation for part in _NO_CALL_OF_OURS):
            world.breach("I4", f"ARM was called wrongly: {accusation}")


def _sent(world: "World") -> list[Sent]:
    return [sent for sent in world.wants.sent if sent.number not in world.leave_out]


def _of(world: "World", job: "Job", request_id: str) -> bool:
    return world.causes.get(job.name) == request_id


def _name(disk_id: str) -> str:
    return disk_id.rsplit("/", 1)[-1].lower()


def _is_good(validation: "Operation") -> bool:
    outcome = validation.outcome
    return bool(validation.ended) and not outcome.code and outcome.status in (None, "Succeeded")


def _id_in(line: str) -> str:
    return line.partition("requestId=")[2].partition(" ")[0]


def _moment(text: str) -> Any:
    return type(NOON).fromisoformat(text)
