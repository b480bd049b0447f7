"""Whether sets are planned once, recorded, taken back and summed up truly: S1, S2 and W1.

S1: a set ends once, when all its members have or an hour after its deadline, and what it tells
agrees with its rows. S2: members are those that the plan names, each once, and no plan changes once
its header stands. W1: what was withdrawn before it had a claim is never triggered, and what had one
goes on. Each write of `RestoreSets` is looked at, each save of a set or a member, and all of it in
the end.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from simulator.world import Job
from tests.simulation import incidents
from tests.simulation.ground import Ground, Writer
from tests.simulation.plan import Sent

WITHDRAWN: Final = "Withdrawn"
ALREADY_BACK: Final = "AlreadyBack"
NOT_PROTECTED: Final = "NotProtected"
GRACE: Final = timedelta(hours=1)
_HEADER: Final = "header"
_OF_MANY: Final = ("sourceVirtualMachineId", "sourceResourceGroupId", "sourceDiskIds")
_OVER: Final = ("Ending", "Ended", "Guarding")
_BACK: Final = {"Completed", "CompletedWithWarnings", ALREADY_BACK}
_WORST_FIRST: Final = ("Failed", "TimedOut", "Rejected", "Cancelled")
_OF_AN_END: Final = (
    "status",
    "completedAt",
    "errorCode",
    "errorMessage",
    "backAs",
    "pointTime",
    "durationSeconds",
)
_CLOCKS: Final = timedelta(minutes=5)
"""By how much two workers' clocks differ at the most."""

_LATEST: Final = 60.0
"""Seconds after which storage does at the latest what it was asked for."""

Row = dict[str, Any]


def is_set(document: Mapping[str, Any]) -> bool:
    """Tell whether a restore is a set."""
    return any(name in document["request"] for name in _OF_MANY)


def set_of(document: Mapping[str, Any]) -> str:
    """Return the id of the set that a restore is a member of, or ""."""
    member = document.get("member")
    return member["set_id"] if member else ""


class Ledger:
    """The plans of sets as they stand, and who was withdrawn when."""

    def __init__(self, world: Ground, documents: Mapping[str, Row]) -> None:
        self._world = world
        self._documents = documents
        """Each restore as it was saved last, this save not yet among them."""
        self._rows: defaultdict[str, dict[str, Row]] = defaultdict(dict)
        """By set: all rows that were ever written, by their keys."""
        self.headers: dict[str, Row] = {}
        self.obeyed: dict[str, float] = {}
        """When a withdrawal was last saved, by what it withdraws."""
        self._recalling: dict[str, float] = {}
        """Since when a look recalls the members of a set that is withdrawn."""
        self._ended_so: set[str] = set()
        """Who ended by a withdrawal, their own or their set's."""
        self._claimed: dict[str, float] = {}
        """When each was last seen with a claim."""
        self._known: dict[str, float] = {}
        """When each was recorded."""

    # ---------------------------------------------------------------------------- as it is written

    def written(self, row: Row, *, merges: bool) -> None:
        """Look at a row of `RestoreSets` that was written."""
        set_id, key = row["PartitionKey"], row["RowKey"]
        self._world.checks["S2"] += 1
        if key == _HEADER:
            self._planned(set_id, json.loads(row["header"]))
        elif merges:
            self._ended(set_id, key, row)
        else:
            standing = self._rows[set_id].get(key, row)
            if standing != row and key in self.plan(set_id):
                self._breach("S2", f"the row {key[-5:]} of a plan that stands changes", set_id)
            self._rows[set_id][key] = dict(row)

    def plan(self, set_id: str) -> dict[str, Row]:
        """Return the rows of a set's plan by their keys; nothing before its header stands."""
        header = self.headers.get(set_id)
        if header is None:
            return {}
        rows = self._rows[set_id].items()
        return {key: row for key, row in rows if key.startswith(f"{header['attempt']}~")}

    def _planned(self, set_id: str, header: Row) -> None:
        if set_id in self.headers:
            self._breach("S2", "a second header is written", set_id)
            return
        self.headers[set_id] = header
        self._is_alone(set_id)
        plan = self.plan(set_id)
        if len(plan) != header["disks"]:
            told = f"the header stands, and {len(plan)} of {header['disks']} rows"
            self._breach("S2", told, set_id)
        for column in ("memberId", "sourceDiskId", "targetDiskId"):
            count = Counter(row[column].lower() for row in plan.values())
            for name, times in count.items():
                if times > 1:
                    self._breach("S2", f"{name} stands {times} times as {column}", set_id)

    def _is_alone(self, set_id: str) -> None:
        """No other set of its machine or group is under way, or has brought it back just now."""
        request, known = self._documents[set_id]["request"], self._world.settings_used
        if request.get("force") or request.get("validateOnly"):
            return
        self._world.checks["C1"] += 1
        least = min(settings.cooldown for settings in known)
        for other in self.headers.keys() - {set_id}:
            document = self._documents[other]
            same = _whole(document["request"]) == _whole(request) != ""
            # Who insists goes beside whoever was there before it, and that one goes on.
            insisted = document["request"].get("force") and self._was_there(set_id, before=other)
            if same and not document["request"].get("validateOnly") and least and not insisted:
                outcome = document["state"].get("outcome")
                if outcome is None or self._blocks(outcome, least):
                    self._breach("C1", f"its disks are those of {other}", set_id)

    def _was_there(self, request_id: str, *, before: str) -> bool:
        return self._known[request_id] < self._known[before]

    def _blocks(self, outcome: Row, least: timedelta) -> bool:
        freed = self._world.seconds(_moment(outcome["at"]) + least)
        back = outcome["status"] in ("Completed", "CompletedWithWarnings")
        return back and freed > self._world.scheduler.now + _CLOCKS.total_seconds()

    def _ended(self, set_id: str, key: str, row: Row) -> None:
        plan = self.plan(set_id)
        if key not in plan:
            self._breach("S2", f"{key[-5:]} is no row of the plan, and gets an end", set_id)
            return
        standing = plan[key]
        before = {name: standing[name] for name in _OF_AN_END if name in standing}
        after = {name: value for name, value in row.items() if name in _OF_AN_END}
        told_more = before.get("status") == after.get("status") == "TimedOut"
        again = before.get("errorCode") == after.get("errorCode") == "RequestIdReused"
        if before and before != after and not told_more and not again:
            self._breach(
                "S1", f"the end of {standing['memberId']} changes: {before} {after}", set_id
            )
        if {*row} - {"PartitionKey", "RowKey", *_OF_AN_END}:
            self._breach("S2", f"the row {key[-5:]} of a plan that stands changes", set_id)
        standing |= row

    # ------------------------------------------------------------------------------ as it is saved

    def saved(self, request_id: str, document: Row, process: Writer) -> None:
        """Look at a restore that is saved."""
        now = self._world.scheduler.now
        self._known.setdefault(request_id, now)
        before = self._documents.get(request_id, document)["state"]
        if set_of(document):
            self._is_of_the_plan(request_id, document)
        if is_set(document):
            self._set_saved(request_id, before, document, process)
        self._ends_withdrawn(request_id, before, document["state"])
        if _claims(document["state"]) or _claims(before):
            self._claimed[request_id] = now

    def _is_of_the_plan(self, request_id: str, document: Row) -> None:
        world, member, request = self._world, document["member"], document["request"]
        world.checks["S2"] += 1
        of, row = member["set_id"], self.plan(member["set_id"]).get(member["row"])
        if row is None:
            self._breach("S2", f"the plan of {of} does not name it", request_id)
            return
        asked = request_id, request["targetDiskId"].lower(), self._source(request)
        planned = row["memberId"], row["targetDiskId"].lower(), row["sourceDiskId"].lower()
        if asked != planned:
            self._breach("S2", f"it is {asked}, and the plan of {of} says {planned}", request_id)
        whole = self._documents[of]
        for name in ("acceptedAt", "deadline"):
            if whole[name] != document[name]:
                self._breach("S2", f"its {name} is not that of {of}", request_id)
        for name in ("notAfter", "force", "validateOnly"):
            if whole["request"].get(name) != request.get(name):
                self._breach("S2", f"its {name} is not that of {of}", request_id)

    def _source(self, request: Row) -> str:
        return self._world.simulator.source_disk(request["backupInstanceId"]).lower()

    def _set_saved(self, set_id: str, before: Row, document: Row, process: Writer) -> None:
        state = document["state"]
        if state.get("withdrawn") and before.get("withdrawn") != state["withdrawn"]:
            self.obeyed[set_id] = self._world.scheduler.now
        if state.get("recalled") and not before.get("recalled"):
            self._recalled(set_id)
        if state.get("withdrawn") and not state.get("recalled"):
            self._recalling[set_id] = self._world.scheduler.now
        tally = (state.get("outcome") or {}).get("tally")
        if tally and before["is"] not in _OVER:
            self._world.checks["S1"] += 1
            lacking = [row["memberId"] for row in self.plan(set_id).values() if not _end_of(row)]
            late = process.clock() >= datetime.fromisoformat(document["deadline"]) + GRACE
            if lacking and not late:
                self._breach("S1", f"it ends, and {lacking} have not", set_id)

    def _recalled(self, set_id: str) -> None:
        """Nobody is left who has no claim, but for those who had one when they were looked at."""
        since = self._recalling.get(set_id, 0.0)
        for row in self.plan(set_id).values():
            self._world.checks["W1"] += 1
            name = row["memberId"]
            found = self._documents.get(name)
            if found is None or set_of(found) != set_id or found["state"]["is"] in _OVER:
                continue
            if not _claims(found["state"]) and self._claimed.get(name, -1.0) < since:
                self._breach("W1", f"{set_id} is recalled, and this one goes on", name)

    def _ends_withdrawn(self, request_id: str, before: Row, state: Row) -> None:
        problem = (state.get("outcome") or {}).get("problem") or {}
        by_it = problem.get("code") == WITHDRAWN or "was withdrawn" in problem.get("message", "")
        if before["is"] in _OVER or state["is"] not in _OVER or not by_it:
            return
        if (state.get("outcome") or {}).get("status") == "Rejected":
            return  # It followed one that was withdrawn.
        self._world.checks["W1"] += 1
        self.obeyed[request_id] = self._world.scheduler.now
        self._ended_so.add(request_id)
        if _claims(before):
            self._breach("W1", "it is withdrawn, and it had a claim", request_id)

    def job_begun(self, job: Job, request_id: str) -> None:
        """Look whether a job was begun for what was withdrawn before."""
        self._world.checks["W1"] += 1
        if request_id in self._ended_so:
            self._breach("W1", f"its job {job.name} was begun after it was withdrawn", request_id)

    def refused(self, row: Row) -> None:
        """Look at the row of a withdrawal that had nothing to end."""
        request_id = row["RowKey"].partition("~")[0]
        begun = self._world.begun_of_current() - _LATEST  # It may be done later.
        found = self._documents.get(request_id)
        if row.get("errorCode") == "NothingToWithdraw":
            self._world.checks["W1"] += 1
            if self._known.get(request_id, begun) < begun:
                self._breach("W1", "it is recorded, and its withdrawal is refused", request_id)
        elif "nothing left to withdraw" in row.get("errorMessage", "") and found is not None:
            self._world.checks["W1"] += 1
            waits = found["state"]["is"] not in _OVER and not _claims(found["state"])
            if waits and self._claimed.get(request_id, -1.0) < begun:
                self._breach("W1", "it waits, and its withdrawal does nothing", request_id)

    # --------------------------------------------------------------------------------- in the end

    def check(self, results: Mapping[str, Row]) -> None:
        """Look how all sets and all members came out."""
        for request_id, document in self._documents.items():
            if is_set(document) and request_id in results:
                self._check_set(request_id, document, results)
        for sent in self._world.wants.sent:
            if sent.kind == "set" and sent.number not in self._world.leave_out:
                self._check_meant(sent)

    def members(self) -> list[Sent]:
        """Return what the members of sets were asked for, as if somebody had sent it."""
        found = [(name, one) for name, one in self._documents.items() if set_of(one)]
        return [self._as_sent(name, document) for name, document in found]

    def _as_sent(self, request_id: str, document: Row) -> Sent:
        request = document["request"]
        target = request["targetDiskId"].rsplit("/", 1)[-1].lower()
        sent = Sent(-1, 0.0, request_id, "member", b"", target, request["backupInstanceId"])
        sent.fields, sent.validates_only = request, bool(request.get("validateOnly"))
        sent.source = self._world.simulator.source_disk(sent.instance)
        return sent

    def _check_set(self, set_id: str, document: Row, results: Mapping[str, Row]) -> None:
        result, plan = results[set_id], self.plan(set_id)
        tally = (document["state"].get("outcome") or {}).get("tally")
        if not tally:
            if any(set_of(one) == set_id for one in self._documents.values()):
                self._breach("S1", f"{result['status']} without a sum, and it has members", set_id)
            return
        self._world.checks["S1"] += 1
        late = result["completedAt"] >= _moment(document["deadline"]) + GRACE - _CLOCKS
        if late:  # Its members may have ended after it.
            self._check_given_up(set_id, result, results)
            return
        for row in plan.values():
            self._check_row(set_id, row, results)
        if not all(map(_end_of, plan.values())):
            return  # That was told when it was saved.
        counts = Counter(row["status"] for row in plan.values() if "status" in row)
        for name, value in self._truth(plan, counts).items():
            if result.get(name) != value:
                told = f"{name} is {result.get(name)!r}, and its rows say {value!r}"
                self._breach("S1", told, set_id)
        if json.loads(result["counts"]) != counts:
            self._breach("S1", f"{result['counts']} are told of {dict(counts)}", set_id)

    def _check_given_up(self, set_id: str, result: Row, results: Mapping[str, Row]) -> None:
        """Of a set that waited for nobody any more: whoever had no end had none for so long."""
        for row in self.plan(set_id).values():
            name = row["memberId"]
            found, ended = self._documents.get(name), results.get(name)
            if found is None or set_of(found) != set_id:
                if not _end_of(row):
                    self._breach("S1", f"{set_id} has waited for what is no restore of it", name)
                continue
            long_ago = result["completedAt"] - GRACE - _CLOCKS
            if ended and ended["completedAt"] < long_ago and not _end_of(row):
                self._breach("S1", f"{set_id} was not told its end", name)

    def _truth(self, plan: Mapping[str, Row], counts: Counter[str]) -> Row:
        rows = plan.values()
        good = [row for row in rows if row["status"] in {*_BACK, "Validated"} - {ALREADY_BACK}]
        here = [*good, *(row for row in rows if row["status"] == ALREADY_BACK)]
        points = [row["pointTime"] for row in here if "pointTime" in row]
        back = [row["completedAt"] for row in good if row["status"] != "Validated"]
        return {
            "status": _status(counts),
            "disks": len(plan),
            "members": sum(row["status"] != NOT_PROTECTED for row in rows),
            "alreadyBack": counts[ALREADY_BACK],
            "oldestPointTime": min(points, default=None),
            "newestPointTime": max(points, default=None),
            "lastDiskAt": max(back, default=None),
        }

    def _check_row(self, set_id: str, row: Row, results: Mapping[str, Row]) -> None:
        self._world.checks["S1"] += 1
        name, status = row["memberId"], row.get("status")
        found, result = self._documents.get(name), results.get(name)
        ours = found is not None and set_of(found) == set_id
        if status == NOT_PROTECTED or row.get("errorCode") == "RequestIdReused":
            if ours:
                self._breach("S1", f"{status}, and it is a restore of its set", name)
            if status != NOT_PROTECTED and found is None:
                self._breach("S1", "a stranger is told of, and there is none", name)
            return
        if not ours or result is None:
            self._breach("S1", f"its row says {status}, and it is no restore of {set_id}", name)
            return
        told = result["status"]
        if told == "Rejected" and result["errorCode"] == "RestoredAlready":
            there = [one for one in results.values() if one.get("targetDiskId") == row["backAs"]]
            made = {one["recoveryPointTime"] for one in there if "recoveryPointTime" in one}
            if row.get("pointTime") not in made:
                self._breach("S1", "its disk is back, and its row does not say which", name)
            told = ALREADY_BACK if _serves(found, row["pointTime"]) else told
        if (told, result["completedAt"]) != (status, row.get("completedAt")):
            self._breach("S1", f"its row says {status}, and its result {told}", name)

    def _check_meant(self, sent: Sent) -> None:
        """The plan names what the set meant, and tells truly what is not protected."""
        found, world = self._documents.get(sent.request_id), self._world
        plan = self.plan(sent.request_id)
        if found is None or found["request"].get("reason") != sent.reason or not plan:
            return
        world.checks["S2"] += 1
        protected = self._protected(sent)
        disks = {row["sourceDiskId"].lower() for row in plan.values()}
        if not any(self._may_be(sent, disks, {*state}, protected) for state in self._states(sent)):
            self._breach("S2", f"its plan names {sorted(map(_name, disks))}", sent.request_id)
        for row in plan.values():
            if row["memberId"] != incidents.member_id(sent.request_id, row["sourceDiskId"]):
                self._breach("S2", f"{row['memberId']} is no id of a member", sent.request_id)
            is_protected = row["sourceDiskId"].lower() in protected
            if (json.loads(row["found"])["instance"] is not None) != is_protected:
                told = f"{_name(row['sourceDiskId'])} is told as {row.get('status')}"
                self._breach("S2", f"{told}, protected: {is_protected}", sent.request_id)

    def _states(self, sent: Sent) -> list[frozenset[str]]:
        named = sent.fields.get("sourceDiskIds")
        if named:
            return [frozenset(disk.lower() for disk in named)]
        return self._world.wants.meant[sent.whole]

    def _may_be(self, sent: Sent, disks: set[str], state: set[str], protected: set[str]) -> bool:
        if "sourceResourceGroupId" in sent.fields:
            state = state & protected
        hidden = self._world.wants.hidden if self._world.faults.counts["graph-hides"] else set()
        itself = "sourceVirtualMachineId" in sent.fields and not self._machines_are_hidden()
        if itself or "sourceDiskIds" in sent.fields:
            hidden = set()
        return state - hidden <= disks <= state

    def _machines_are_hidden(self) -> bool:
        counts = self._world.faults.counts
        return bool(counts["machine-forbidden"] or counts["arm-403-on-poll"])

    def _protected(self, sent: Sent) -> set[str]:
        """Return the disks that are protected where the set is looked for."""
        vault = (sent.fields.get("vaultId") or self._world.settings.default_vault).lower()
        instances = self._world.simulator.world.instances.values()
        return {one.disk_id.lower() for one in instances if one.id.lower().startswith(f"{vault}/")}

    def _breach(self, invariant: str, text: str, restore: str) -> None:
        self._world.breach(invariant, text, restore)


def _whole(request: Mapping[str, Any]) -> str:
    """Return the machine or the group that a set asks for, in lower case, or ""."""
    named = request.get("sourceVirtualMachineId") or request.get("sourceResourceGroupId") or ""
    return str(named).lower()


def _status(counts: Counter[str]) -> str:
    """Return how a set ends, by the contract's words."""
    of = {*counts}
    if of in ({"Completed"}, {"Validated"}):
        return next(iter(of))
    if of <= _BACK:
        return "CompletedWithWarnings"
    if of & {*_BACK, "Validated"}:
        return "PartlyCompleted"
    return next((status for status in _WORST_FIRST if status in of), "Rejected")


def _claims(state: Mapping[str, Any]) -> bool:
    return bool((state.get("plan") or {}).get("claims"))


def _end_of(row: Row) -> bool:
    return "completedAt" in row


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _name(disk_id: str) -> str:
    return disk_id.rsplit("/", 1)[-1].lower()


def _serves(document: Row | None, made: datetime) -> bool:
    """Tell whether a disk of that point is what a member wants: one from before its cut-off."""
    wanted = document["request"].get("pointInTime") if document else None
    return wanted in (None, "latest") or made <= _moment(str(wanted))
