"""Whether what is told of restores is all, in order, and true (E1).

Each saved transition is compared with the settings of the process that saved it: so it is known
which events there must be, whatever the settings were before and after.
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from restore_core.azure.tables.restores import RESTORES
from restore_core.azure.tables.results import RESULTS
from restore_core.contract.queue_names import EVENTS
from tests.simulation.ground import Ground, Writer

_REQUIRED: Final = ("specversion", "id", "source", "type")
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_TYPE: Final = re.compile(r"azure-disk-restore\.restore\.(\w+)\.v1")
_MOST: Final = 64 * 1024
"""Bytes that a queue message holds."""
_RANKS: Final = {
    "Accepted": ("accepted", 0),
    "Planned": ("accepted", 0),
    "Queued": ("queued", 1),
    "Following": ("queued", 1),
    "Enrolled": ("queued", 1),
    "Enrolling": ("accepted", 0),
    "Ready": ("validating", 2),
    "Validating": ("validating", 2),
    "Validated": ("validating", 2),
    "Triggering": ("validating", 2),
    "Restoring": ("restoring", 3),
    "Running": ("restoring", 3),
    "Confirming": ("validating", 2),
    "Retrying": ("validating", 2),
}
_END: Final = 4
_WAITING: Final = "waiting"
_UNDER_WAY: Final = ("accepted", "queued", "validating", "restoring", _WAITING)
_WORTH_TELLING: Final = timedelta(minutes=15)
_MOST_CODES: Final = 8
_CLOCKS: Final = timedelta(minutes=5)
"""By how much two workers' clocks differ at the most."""


class Telling:
    """What must be told, as transitions are saved; and each event as it is sent."""

    def __init__(self, world: Ground, documents: dict[str, dict[str, Any]]) -> None:
        self._world = world
        self._documents = documents
        """Each restore as it was saved last."""
        self._rank: dict[str, int] = {}
        self._too_early: set[str] = set()
        """Row keys of withdrawals of what was not recorded yet."""
        self._new: set[str] = set()
        """Members of sets as they were recorded."""
        self._must: dict[str, list[str]] = defaultdict(list)
        """By restore: the stages of which an event must come, in order."""
        self._heard: dict[str, dict[str, datetime]] = defaultdict(dict)
        """By restore: when it was first answered each code."""
        self._named: dict[str, list[str]] = defaultdict(list)
        """By restore: the codes that a notice of waiting has named."""
        self._refused: set[str] = set()
        """Row keys of refused messages, each written by a process that tells of them."""

    def saved(self, request_id: str, document: dict[str, Any], process: Writer) -> None:
        """Look at a restore that was saved."""
        self._still_new(request_id, document["state"]["is"])
        stage, rank = _stage(document["state"], is_new=request_id in self._new)
        if rank > self._rank.get(request_id, -1):
            self._rank[request_id] = rank
            if stage in process.settings.notices:
                self._must[request_id].append(stage)
        self._waits(request_id, document, process)
        self._world.checks["E1"] += 1
        numbered = document["outbox"]["sequence"]
        if numbered != len(self._must[request_id]):
            told = f"{numbered} events are noted of {self._must[request_id]}"
            self._breach(f"in {document['state']['is']}, {told}", request_id)

    def _still_new(self, request_id: str, state: str) -> None:
        """Note who has been enrolled and no more: nothing has happened to it that is told."""
        if state == "Enrolled" and request_id not in self._rank:
            self._new.add(request_id)
        elif state != "Enrolled":
            self._new.discard(request_id)

    def _waits(self, request_id: str, document: dict[str, Any], process: Writer) -> None:
        """Look at what it was answered: after a quarter of an hour that is told, once a code."""
        heard, named = self._heard[request_id], self._named[request_id]
        problem = (document["state"].get("wait") or {}).get("problem")
        if problem is not None:
            heard.setdefault(problem["code"], process.clock())
        outbox = document["outbox"]
        told = list(outbox.get("complained") or ())
        for code in told[len(named) :]:
            self._must[request_id].append(_WAITING)
            long = process.clock() - heard.get(code, process.clock()) + _CLOCKS
            if code in named or long < _WORTH_TELLING:
                self._breach(f"waiting is told of {code}, again or too soon", request_id)
        named[:] = told
        is_told = _WAITING in process.settings.notices and len(told) < _MOST_CODES
        complaint = outbox.get("complaint") or {"code": None}
        just_heard = problem is not None and problem["code"] == complaint["code"]
        if is_told and just_heard and complaint["code"] not in told:
            begin, last = (datetime.fromisoformat(complaint[name]) for name in ("since", "last"))
            changed = self._world.faults.counts["settings-change"]
            if last - begin >= _WORTH_TELLING and not changed:
                self._breach(f"{problem['code']} keeps it waiting and is not told", request_id)

    def refused(self, row: dict[str, Any], process: Writer) -> None:
        """Look at the row of a message that became no restore."""
        if row["errorCode"] == "NothingToWithdraw":
            self._too_early.add(row["RowKey"])
        if row["status"] == "Rejected" and "rejected" in process.settings.notices:
            self._refused.add(row["RowKey"])

    def sent(self, text: str) -> None:
        """Look at an event that comes onto the queue."""
        world = self._world
        world.checks["E1"] += 1
        event = _parsed(text)
        if event is None:
            self._breach(f"no CloudEvent: {text[:80]}")
            return
        subject, number, stage = event["subject"], int(event["sequence"]), _stage_of(event)
        if stage not in _UNDER_WAY and subject not in _keys(world, RESULTS, "RowKey"):
            self._breach(f"{stage} is told before its result can be read", subject)
        saved = self._documents.get(subject)
        if "~" not in subject and (saved is None or saved["outbox"]["sequence"] < number):
            self._breach(f"{stage} is told before it is saved", subject)

    def check(self, withdrawn: Collection[str]) -> None:
        """Look at all that was told, when nothing is left to do.

        `withdrawn`: of whom a withdrawal was obeyed. One that came too early, and whose worker died
        before it told so, comes again, and may be obeyed or ignored then.
        """
        world = self._world
        told: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for message in world.queue(EVENTS).messages:
            event = _parsed(message.content)
            if event is not None:
                told[event["subject"]].append(event)
        results = {row["RowKey"]: row for row in _rows(world, RESULTS)}
        for subject, events in told.items():
            self._check_one(subject, events, results.get(subject))
        for subject in {*_keys(world, RESTORES, "PartitionKey"), *self._must} - set(told):
            if self._must[subject]:
                self._breach(f"nothing is told of {self._must[subject]}", subject)
        changes = world.faults.counts["settings-change"]
        untold = self._refused - set(told) if not changes else set()
        refused = (key for key in untold if results[key]["status"] == "Rejected")
        for key in (one for one in refused if one.partition("~")[0] not in withdrawn):
            self._breach("a refused message is not told of", key)

    def _check_one(
        self, subject: str, events: list[dict[str, Any]], result: dict[str, Any] | None
    ) -> None:
        self._world.checks["E1"] += 1
        if "~" in subject:
            if subject not in self._too_early:  # It may have come again, with nothing left to do.
                self._check_refused(subject, events, result)
            return
        stages: dict[int, set[str]] = defaultdict(set)
        for event in events:
            stages[int(event["sequence"])].add(_stage_of(event))
        must = {number: {stage} for number, stage in enumerate(self._must[subject], 1)}
        if stages != must:
            self._breach(f"told are {dict(stages)}, not {must}", subject)
        finals = (event for event in events if _stage_of(event) not in _UNDER_WAY)
        for event in finals:
            if result is None or not _agree(event["data"], result):
                self._breach("the last event is not as the result", subject)

    def _check_refused(
        self, subject: str, events: list[dict[str, Any]], result: dict[str, Any] | None
    ) -> None:
        if result is None or result["status"] != "Rejected":
            status = result["status"] if result else "nothing"
            self._breach(f"a message that was {status} is told of", subject)
        if {event["id"] for event in events} != {f"{subject}/1"}:
            self._breach("a refused message has other events than its first", subject)
        if any("messageText" in event["data"] for event in events):
            self._breach("an event tells the text of a refused message", subject)

    def _breach(self, text: str, restore: str = "") -> None:
        self._world.breach("E1", text, restore)


def _parsed(text: str) -> dict[str, Any] | None:
    """Return the event, if it is a CloudEvent as the app promises it."""
    try:
        event: dict[str, Any] = json.loads(text)
        is_one = (
            all(isinstance(event[name], str) and event[name] for name in _REQUIRED)
            and event["specversion"] == "1.0"
            and event["datacontenttype"] == "application/json"
            and event["id"] == f"{event['subject']}/{int(event['sequence'])}"
            and _TYPE.fullmatch(event["type"]) is not None
            and _TIME.fullmatch(event["time"]) is not None
            and isinstance(event["data"], dict)
            and event["data"]["status"].lower() == _stage_of(event).lower()
            and event["data"]["ended"] == (_stage_of(event) not in _UNDER_WAY)
        )
    except (ValueError, LookupError, TypeError):
        return None
    return event if is_one and len(text.encode()) <= _MOST else None


def _stage_of(event: dict[str, Any]) -> str:
    found = _TYPE.fullmatch(event["type"])
    return found[1] if found else ""


def _agree(data: dict[str, Any], result: dict[str, Any]) -> bool:
    """Tell whether the last event says what the result does; of a job seen late, both may."""
    names = ("status", "requestId", "targetDiskId", "jobId", "errorCode")
    if result["status"] == "TimedOut":
        names = ("status", "requestId", "targetDiskId")
    return all(data.get(name) == result.get(name) for name in names)


def _stage(state: dict[str, Any], *, is_new: bool) -> tuple[str, int]:
    if is_new:
        return "accepted", 0
    if state["is"] == "Gathering":
        return ("validating", 2) if state["header"]["validate_only"] else ("restoring", 3)
    if state["is"] in _RANKS:
        return _RANKS[state["is"]]
    status = state["outcome"]["status"]
    return status[0].lower() + status[1:], _END


def _rows(world: Ground, table: str) -> Iterable[dict[str, Any]]:
    return [row for _, row in world.tables.get_table_client(table).rows.values()]


def _keys(world: Ground, table: str, column: str) -> set[str]:
    keys = world.tables.get_table_client(table).rows
    return {partition if column == "PartitionKey" else row for partition, row in keys}
