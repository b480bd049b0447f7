"""What must hold in every world, by the names of DESIGN's invariants; and that a world ends clean.

I1 to I6 are DESIGN's. Beside them: E1, what is told is all, in order and true (`telling`); Q1, no
more run than may, Q2, turns are given in order and shared, C1, no source is restored twice within
its cooldown, N1, nothing is triggered that is too late, S3, members of sets come after singles and
within ARM's quota (`turns`); F1, who follows another restore of its disk is served (`following`);
S1 and S2, sets are planned once and summed up truly, W1, what was withdrawn in time is never
triggered (`ledger`).

`watch` looks at each write and each log line as it comes; `check` at what stands in the end.
"""

import json
import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from restore_core.azure.tables.outstanding import OUTSTANDING
from restore_core.azure.tables.restores import RESTORES
from restore_core.azure.tables.results import RESULTS
from restore_core.azure.tables.targets import LOCKS
from restore_core.contract.queue_names import POISON, REQUESTS, STEPS
from simulator.world import Job
from tests.simulation.dress import digest
from tests.simulation.ground import Ground
from tests.simulation.ledger import WITHDRAWN, is_set, set_of
from tests.simulation.plan import Sent
from tests.simulation.senders import EXISTS, IN_USE, MANY, RESTORED_ALREADY
from tests.simulation.turns import LEAST_LEFT
from tests.simulation.watch import Watch

NAMES: Final = (
    "I1",
    "I2",
    "I3",
    "I4",
    "I5",
    "I6",
    "E1",
    "Q1",
    "Q2",
    "C1",
    "F1",
    "N1",
    "S1",
    "S2",
    "S3",
    "W1",
    "clean",
)
MOST_JOBS: Final = 2
"""Of one request: the first, and another where that one was seen to fail for the moment."""
_MENDS_ITSELF: Final = (
    "cloudinternalerror",
    "cloudserviceretryableerror",
    "internalservererror",
    "gatewaytimeout",
    "usererrormaxconcurrentoperationlimitreached",
)
"""Beginnings of the codes, lower-cased, after which a job is started anew."""

BUDGET: Final = 300
"""Calls of ARM after which a restore asks less often (design.md, "What a restore may cost")."""

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
_BY_A_JOB: Final = ("Completed", "CompletedWithWarnings", "Cancelled")
_NO_REQUEST: Final = ("malformed", "ignored")
_REFUSED: Final = {
    "malformed": ("Rejected", "MalformedRequest"),
    "ignored": ("Ignored", "NothingAsked"),
}
_NO_DISK: Final = {"NoVault", "DiskNotProtected", "ResourceNotFound"}
_EXPIRED: Final = {"NoRecoveryPoint", "RecoveryPointNotUsable", "UserErrorDiskSnapshotNotFound"}
_EARLIER: Final = re.compile(r"(?:restore|by the) request ([\w.:-]+?),? ")
_NO_CALL_OF_OURS: Final = ("Retry-After", "a second restore", "api-version", "one restore more")
"""What is no fault of the app. The last: a free turn asks, be its vault full or not."""


def check(watch: Watch) -> None:
    """Look at what stands when nothing is left to do, in the world that was watched."""
    world = watch.world
    results = {row["RowKey"]: row for row in world.rows(RESULTS)}
    world.wants.members = watch.ledger.members()
    _check_clean(watch)
    _check_messages(watch, results)
    _check_targets(world)
    _check_manners(world)
    watch.telling.check(watch.ledger.obeyed)
    watch.following.check(results)
    watch.ledger.check(results)
    for row in world.rows(RESTORES):
        _check_restore(watch, row, results.get(row["PartitionKey"]))
    count = Counter(row["RowKey"] for row in world.rows(RESULTS))
    for request_id, times in count.items():
        if times > 1:
            world.breach("I1", f"{times} result rows", request_id)


def _check_clean(watch: Watch) -> None:
    world = watch.world
    world.checks["clean"] += 1
    for row in world.rows(OUTSTANDING):
        world.breach("clean", "a restore is outstanding for ever", row["RowKey"])
    for row in world.rows(LOCKS):
        # Who has ended holds a lock no more: it is taken over, where the target is wanted again.
        if row["requestId"] not in watch.left:
            world.breach("clean", f"{row['targetDiskId']} is locked for ever", row["requestId"])
    for name in (REQUESTS, STEPS):
        for message in world.queue(name).messages:
            world.breach("clean", f"a message stays on {name}: {message.content[:80]}")
        for message in world.queue(name + POISON).messages:
            world.breach("I6", f"a message stays on {name}-poison: {message.content[:80]}")
    world.checks["I5"] += 1
    if world.idle_calls > IDLE_TICK and not world.breaches:
        world.breach("I5", f"a tick with nothing to do makes {world.idle_calls} calls")


def _check_messages(watch: Watch, results: dict[str, dict[str, Any]]) -> None:
    """Every message is recorded, obeyed, or has a row of its own."""
    world = watch.world
    recorded = {row["PartitionKey"]: row for row in world.rows(RESTORES)}
    for sent in _sent(world):
        world.checks["I1"] += 1
        own = results.get(f"{sent.request_id or 'unreadable'}~{digest(sent.body)}")
        found = recorded.get(sent.request_id)
        same = found is not None and _asks_the_same(found, sent)
        if sent.withdraws:
            _check_withdrawal(watch, sent, own)
            continue
        if not same and own is None:
            world.breach("I1", f"a message ({sent.kind}) left no trace", sent.request_id)
        if own is not None:
            _check_reason(world, own, sent.request_id)
            told = own["status"], own["errorCode"]
            if told != _REFUSED.get(sent.kind, ("Rejected", "RequestIdReused")):
                world.breach("I3", f"a message ({sent.kind}) is {told}", sent.request_id)
            if same and sent.kind == "good":
                world.breach("I3", "a good message is refused", sent.request_id)


def _check_withdrawal(watch: Watch, sent: Sent, own: dict[str, Any] | None) -> None:
    """It was obeyed, or a row says why there was nothing to do."""
    if own is None:
        if sent.withdraws not in watch.ledger.obeyed:
            watch.world.breach("I1", "a withdrawal left no trace", sent.withdraws)
        return
    _check_reason(watch.world, own, sent.withdraws)
    if (own["status"], own["errorCode"]) not in _NOTHING_DONE:
        watch.world.breach("W1", f"a withdrawal is {own['errorCode']}", sent.withdraws)


_NOTHING_DONE: Final = {("Rejected", "NothingToWithdraw"), ("Ignored", "NothingAsked")}


def _asks_the_same(row: dict[str, Any], sent: Sent) -> bool:
    document = json.loads(row["document"])
    if sent.kind in _NO_REQUEST or bool(set_of(document)) != (sent.kind == "member"):
        return False
    return bool(document["request"].get("reason") == sent.reason)


def _check_reason(world: Ground, row: dict[str, Any], request_id: str) -> None:
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


def _check_restore(watch: Watch, row: dict[str, Any], result: dict[str, Any] | None) -> None:
    world, request_id = watch.world, row["PartitionKey"]
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
    if is_set(json.loads(row["document"])):
        _check_fate_of_set(watch, row, result)
        return
    _check_truth(world, row, result)
    _check_fate(watch, row, result)


def _check_truth(world: Ground, row: dict[str, Any], result: dict[str, Any]) -> None:
    """The result says what Azure did."""
    request_id, status = row["PartitionKey"], result["status"]
    jobs = [job for job in world.simulator.world.jobs.values() if _of(world, job, request_id)]
    jobs.sort(key=lambda job: job.started)
    _check_begun_anew(world, jobs, request_id)
    job = jobs[-1] if jobs else None
    if status in ("Rejected", "Validated") and job is not None:
        world.breach("I1", f"{status}, but the job {job.name} was started", request_id)
    withdrawn = result.get("errorCode") == WITHDRAWN
    if status in _BY_A_JOB and job is None and not withdrawn:
        world.breach("I1", f"{status}, but it started no job", request_id)
    if job is None:
        if result.get("jobId"):
            world.breach("I2", f"{status} by a job that is not its own", request_id)
        return
    if result.get("jobId") not in (job.name, None):
        world.breach("I2", f"{status} by a job that is not its own", request_id)
    _check_end_of_job(world, job, row, status)


def _check_begun_anew(world: Ground, jobs: list[Job], request_id: str) -> None:
    """No two jobs of one request may run at once; another only after the earlier had failed."""
    world.checks["I2"] += 1
    if len(jobs) > MOST_JOBS:
        world.breach("I2", f"{len(jobs)} jobs for one request", request_id)
    for first, second in pairwise(jobs):
        if first.ended is None or first.ended > second.started:
            world.breach("I2", "two jobs of one request may run at once", request_id)
        elif not _mends_itself(first):
            told = f"{first.status} {first.error_code}"
            world.breach("I2", f"started anew after {told}", request_id)


def _mends_itself(job: Job) -> bool:
    return job.status == "Failed" and (job.error_code or "").lower().startswith(_MENDS_ITSELF)


def _check_end_of_job(world: Ground, job: Job, row: dict[str, Any], status: str) -> None:
    document = json.loads(row["document"])
    request_id, truth = row["PartitionKey"], _WORDS.get(job.status)
    deadline = datetime.fromisoformat(document["deadline"])
    if status == "TimedOut":
        on_time = job.ended is not None and job.ended < deadline - timedelta(hours=1)
        # Where the list is longer than a search reads, a lost job may stay unknown so long.
        unknown = world.faults.counts["long-job-list"] or _is_spent(world, row)
        # What is to be done anew waits for room, and a vault may be full to the end.
        anew = world.faults.counts["vault-full"] and _mends_itself(job)
        if truth is not None and on_time and not unknown and not anew:
            world.breach("I1", f"TimedOut, but its job ended as {job.status}", request_id)
    elif status != truth:
        world.breach("I1", f"{status}, but its job is {job.status}", request_id)


def _check_fate_of_set(watch: Watch, row: dict[str, Any], result: dict[str, Any]) -> None:
    """A set ended by its members (`ledger`), or in one of the ways in which it could before."""
    world, set_id = watch.world, row["PartitionKey"]
    asked = (s for s in _sent(world) if s.request_id == set_id)
    sent = next((s for s in asked if _asks_the_same(row, s)), None)
    status, code = result["status"], result.get("errorCode", "")
    world.checks["I6"] += 1
    if sent is None:
        world.breach("I3", f"{status}, and nobody has asked for it", set_id)
        return
    if set_id in watch.ledger.headers and result.get("counts"):
        return
    if status == "TimedOut":
        _check_age(watch, row, result, "")
    elif status == "Cancelled":
        if code != WITHDRAWN or not _is_withdrawn(world, set_id):
            world.breach("W1", f"Cancelled ({code}), and nobody has withdrawn it", set_id)
    elif status != "Rejected":
        world.breach("S1", f"{status}, and it has no plan", set_id)
    else:
        _check_reason(world, result, set_id)
        results = {row["RowKey"]: row for row in world.rows(RESULTS)}
        may = _refusals_of_set(world, sent) | watch.following.may_be_told(set_id, results)
        if code not in may:
            world.breach("I3", f"a set is Rejected ({code}) without a cause", set_id)


def _refusals_of_set(world: Ground, sent: Sent) -> set[str]:
    """Return the codes with which a set may be refused before it has a plan."""
    may = {"NoVault"} if not (sent.fields.get("vaultId") or world.settings.default_vault) else set()
    may |= _if(world, "settings-change", "NotAllowed")
    may |= {"TooLate"} if sent.not_after else set()
    may |= {"UnexpectedDisks"} if "expectedDisks" in sent.fields else set()
    may |= {"SetTooLarge"} if any(one.max_set < MANY for one in world.settings_used) else set()
    others = (one for one in _sent(world) if one.whole == sent.whole != "" and one is not sent)
    if any(other.request_id != sent.request_id for other in others):
        may.add(RESTORED_ALREADY)
    may |= set() if sent.fields.get("vaultId") else {"ResourceNotFound"}  # No default vault.
    may |= {"DiskNotProtected"}  # `ledger` looks whether what is protected was told so.
    if "sourceVirtualMachineId" in sent.fields:
        gone = [state for state in world.wants.meant[sent.whole] if not state]
        may |= {"MachineGone", "NothingFound"} if gone else set()
        may |= _if(world, "graph-forbidden", "GraphNeeded") | _if(world, "graph-403", "GraphNeeded")
        may |= {"NothingFound"} if world.faults.counts["machine-forbidden"] else set()
        may |= _if(world, "arm-404-on-poll", "MachineGone")
    if "sourceResourceGroupId" in sent.fields:
        may.add("NothingFound")
    return may


def _is_withdrawn(world: Ground, request_id: str) -> bool:
    """Tell whether somebody has taken back this request, or its set."""
    document = next(
        (row["document"] for row in world.rows(RESTORES) if row["PartitionKey"] == request_id), "{}"
    )
    names = {request_id, set_of(json.loads(document))}
    return any(sent.withdraws in names for sent in _sent(world) if sent.withdraws)


def _check_fate(watch: Watch, row: dict[str, Any], result: dict[str, Any]) -> None:
    """It ended in one of the ways in which it could."""
    world, request_id = watch.world, row["PartitionKey"]
    status, code = result["status"], result.get("errorCode", "")
    asked = (s for s in _everyone(world) if s.request_id == request_id)
    sent = next((s for s in asked if _asks_the_same(row, s)), None)
    target = _name(result.get("targetDiskId", ""))
    world.checks["I6"] += 1
    if sent is None:
        world.breach("I3", f"{status}, and nobody has asked for it", request_id)
    elif code == WITHDRAWN and status == "Cancelled":
        if not _is_withdrawn(world, request_id):
            world.breach("W1", "Cancelled, and nobody has withdrawn it", request_id)
    elif status == "TimedOut":
        _check_age(watch, row, result, target)
    elif status == "Rejected":
        _check_refusal(watch, result, sent, target)
    elif sent.kind in ("forbidden", "no-instance", "no-disk") or _is_unwanted(world, sent):
        world.breach("I3", f"{sent.kind}, but {status}", request_id)
    elif (status == "Validated") != sent.validates_only:
        world.breach("I1", f"{status}, but validateOnly is {sent.validates_only}", request_id)
    elif status == "Failed":
        scripted = world.simulator.world.scripts.get(target)
        expired = code in _EXPIRED and sent.instance in world.wants.expiring
        if scripted is None and not expired:
            world.breach("I1", f"Failed ({code}) without a cause", request_id)


def _check_refusal(watch: Watch, result: dict[str, Any], sent: Sent, target: str) -> None:
    world, code, request_id = watch.world, result.get("errorCode", ""), sent.request_id
    _check_reason(world, result, request_id)
    results = {row["RowKey"]: row for row in world.rows(RESULTS)}
    may = _refusals(world, sent, target) | watch.following.may_be_told(request_id, results)
    if code not in may:
        world.breach("I3", f"Rejected ({code}) without a cause", request_id)
    elif request_id in watch.following.leaders:
        return  # `following` has looked whether that is the end of who follows.
    elif code == IN_USE:
        _check_names_the_first(world, result, target)
    elif code == RESTORED_ALREADY:
        _check_names_the_earlier(watch, result, sent)
    elif code == "TooLate" and result["completedAt"] < sent.not_after:
        world.breach("N1", "too late before its notAfter", request_id)


def _is_spent(world: Ground, row: dict[str, Any]) -> bool:
    """Tell whether it has used up its calls where a page has one row, so each list is a hundred.

    Its pauses grow then until few looks are left, each of which one 429 on the way undoes.
    """
    spent = json.loads(row["document"])["armCalls"] >= BUDGET
    return spent and bool(world.faults.counts["short-pages"])


def _check_age(watch: Watch, row: dict[str, Any], result: dict[str, Any], target: str) -> None:
    world = watch.world
    deadline = datetime.fromisoformat(json.loads(row["document"])["deadline"])
    left = LEAST_LEFT if "nothing was triggered any more" in result["errorMessage"] else timedelta()
    if result["completedAt"] < deadline - left - timedelta(minutes=6):
        world.breach("I6", "TimedOut before its time", row["PartitionKey"])
    others = watch.turns.waited | watch.following.leaders.keys()
    waited = row["PartitionKey"] in others and world.wants.endless
    # Of a list that no search can read nothing is believed: what is not found is never known.
    unknown = bool(world.faults.counts["long-job-list"]) or _is_spent(world, row)
    if target not in world.wants.endless and not waited and not unknown:
        world.breach("I6", "TimedOut, although its world got well in time", row["PartitionKey"])


def _check_names_the_first(world: Ground, result: dict[str, Any], target: str) -> None:
    others = {
        row["requestId"]
        for row in world.rows(RESTORES)
        if _name(row.get("targetDiskId", "")) == target
    } - {result["requestId"]}
    world.checks["I2"] += 1
    if not any(f"request {other} " in result["errorMessage"] for other in others):
        world.breach("I2", "the second is refused, but the first is not named", result["requestId"])


def _check_names_the_earlier(watch: Watch, result: dict[str, Any], sent: Sent) -> None:
    """It is refused for the sake of a restore of the same source, which counts."""
    world, known = watch.world, watch.documents
    found = _EARLIER.search(result["errorMessage"])
    earlier = known.get(found[1], {}) if found else {}
    source = ((earlier.get("state") or {}).get("plan") or {}).get("source", "")
    world.checks["C1"] += 1
    if not found or found[1] == sent.request_id or source.lower() != sent.source.lower():
        world.breach("C1", "the earlier restore of its source is not named", sent.request_id)
        return
    if "which ended at" not in result["errorMessage"]:
        return
    longest = max(settings.cooldown for settings in world.settings_used)
    outcome = earlier["state"]["outcome"]
    after = result["completedAt"] - datetime.fromisoformat(outcome["at"])
    if after > longest + SLOWEST_REFUSAL or not outcome["status"].startswith("Completed"):
        world.breach("C1", f"refused {after} after {outcome['status']}", sent.request_id)


def _refusals(world: Ground, sent: Sent, target: str) -> set[str]:
    """Return the codes with which this request may be refused."""
    may = _if(world, "settings-change", "NotAllowed")
    may |= {"TooLate"} if sent.not_after else set()
    if sent.kind == "forbidden":
        return may | {"NotAllowed", "NoVault"}
    if sent.kind == "no-instance":
        return may | {"UserErrorGenericResourceNotFound"}
    if not sent.validates_only and not sent.forces and _another(world, sent):
        may.add(RESTORED_ALREADY)  # Known before a vault is asked, where the request names it.
    may |= {IN_USE} if _is_wanted_twice(world, sent, target) else set()
    if sent.kind == "no-disk":
        return may | _NO_DISK
    if sent.kind == "deletion":
        may |= set() if world.settings_used[0].default_vault else {"NoVault"}
        may |= {"DeletedDisksNotRestored"} if _is_unwanted(world, sent) else set()
    may |= world.wants.refusals.get(target, set())
    may |= {EXISTS} if _is_wanted_twice(world, sent, target) else set()
    if sent.instance in world.wants.expiring:
        may |= _EXPIRED
    may |= _if(world, "arm-403-on-post", "AuthorizationFailed")
    may |= _if(world, "arm-400-on-post", "BMSUserErrorInvalidInput")
    may |= _if(world, "arm-unregistered", "MissingSubscriptionRegistration")
    for kind in ("arm-locked-by-the-gateway", "arm-locked-unmarked", "arm-locked-done"):
        may |= _if(world, kind, "ScopeLocked")
    return may


def _is_wanted_twice(world: Ground, sent: Sent, target: str) -> bool:
    others = (other for other in _everyone(world) if other.request_id != sent.request_id)
    return any(other.target == target for other in others)


def _is_unwanted(world: Ground, sent: Sent) -> bool:
    """Tell whether a disk was deleted where none is to come back."""
    return sent.kind == "deletion" and not world.settings_used[0].deleted_disks


def _another(world: Ground, sent: Sent) -> bool:
    """Tell whether another restore of the same source can keep this one waiting."""
    everyone = (s for s in _everyone(world) if s.request_id != sent.request_id)
    others = (other for other in everyone if not other.validates_only)
    some = any(other.source == sent.source for other in others)
    return some and any(settings.cooldown for settings in world.settings_used)


def _if(world: Ground, kind: str, code: str) -> set[str]:
    return {code} if world.faults.counts[kind] else set()


def _check_targets(world: Ground) -> None:
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


def _check_manners(world: Ground) -> None:
    for accusation in world.simulator.accusations:
        if not any(part in accusation for part in _NO_CALL_OF_OURS):
            world.breach("I4", f"ARM was called wrongly: {accusation}")


def _sent(world: Ground) -> list[Sent]:
    return [sent for sent in world.wants.sent if sent.number not in world.leave_out]


def _everyone(world: Ground) -> list[Sent]:
    """Return all requests for one disk, those of members of sets among them."""
    singles = (sent for sent in _sent(world) if sent.kind not in ("set", "withdrawal"))
    return [*singles, *world.wants.members]


def _of(world: Ground, job: Job, request_id: str) -> bool:
    return world.causes.get(job.name) == request_id


def _name(disk_id: str) -> str:
    return disk_id.rsplit("/", 1)[-1].lower()
