"""Looks at each write and each log line as it comes; what must hold is named in `invariants`."""

import json
import logging
from datetime import datetime, timedelta
from typing import Any, Final

from azure.data.tables import UpdateMode

from restore_core.azure.tables.outstanding import OUTSTANDING
from restore_core.azure.tables.restores import RESTORES
from restore_core.azure.tables.results import RESULTS
from restore_core.azure.tables.sets import SETS
from restore_core.azure.tables.sources import SOURCES
from restore_core.azure.tables.targets import LOCKS
from restore_core.contract.queue_names import EVENTS
from simulator.world import Job, Operation
from tests.simulation.following import Following
from tests.simulation.ground import Ground, Writer
from tests.simulation.ledger import Ledger
from tests.simulation.telling import Telling
from tests.simulation.turns import Turns

_DECIDED: Final = ("Ending", "Ended", "Guarding")


class Watch:
    """Looks at every write while a world runs."""

    def __init__(self, world: Ground) -> None:
        self.world = world
        self.claims: dict[str, str] = {}
        """Whose claim: restores by the request id that their POST carries."""
        self._requests: dict[str, Any] = {}
        self._results: dict[tuple[str, str], dict[str, Any]] = {}
        self.documents: dict[str, dict[str, Any]] = {}
        self.telling = Telling(world, self.documents)
        self.turns = Turns(world)
        self.following = Following(world, self.turns.documents)
        self.ledger = Ledger(world, self.turns.documents)
        self.left: set[str] = set()
        """Who took a target when it had ended: with a call that came late."""

    def written(self, name: str, method: str, args: Any, process: Writer) -> None:
        """Look at a write that storage has obeyed."""
        match args:
            case (list() as operations, *_):
                for _, row, _ in operations:
                    self._hides_secrets(name, row)
                    self.ledger.written(row, merges=False)
            case (dict() as row, UpdateMode.MERGE, *_):
                self._hides_secrets(name, row)
                if name == SETS:
                    self.ledger.written(row, merges=True)
            case (dict() as row, *_):
                self._hides_secrets(name, row)
                self._row_written(name, row, process)
            case (str() as text, *_) if method == "send_message":
                self._hides_secrets(name, {"message": text, "RowKey": name})
                if name == EVENTS:
                    self.telling.sent(text)
            case (str() as key, str() as request_id) if name == OUTSTANDING:
                self.turns.gone(key, request_id)

    def _row_written(self, name: str, row: dict[str, Any], process: Writer) -> None:
        match name:
            case _ if name == RESTORES:
                self._restore_written(row, process)
            case _ if name == RESULTS:
                self._result_written(row, process)
            case _ if name == OUTSTANDING:
                self.turns.announced(row)
            case _ if name == SOURCES:
                self.turns.noted(row)
            case _ if name == SETS:
                self.ledger.written(row, merges=False)
            case _ if name == LOCKS:
                state = self.documents[row["requestId"]]["state"]["is"]
                (self.left.add if state == "Ended" else self.left.discard)(row["requestId"])

    def logged(self, record: logging.LogRecord) -> None:
        """Look at a log line."""
        line = record.getMessage()
        self.world.checks["I4"] += 1
        self.world.note(f"log: {line}")
        if "\n" in line or "\r" in line:
            self.world.breach("I4", "a log entry has two lines")
        if self._tells_a_secret(line):
            self.world.breach("I4", f"a secret stands in the log: {line[:80]}")
        if line.startswith("step.failed") and (" at=" in line or "ImpossibleEvent" in line):
            self.world.breach("I6", f"the app failed by itself: {line}", _id_in(line))

    def job_begun(self, job: Job, claim: str) -> None:
        """Look at what stood ready when Azure began to write a disk."""
        world, request_id = self.world, self.world.causes[job.name]
        world.checks["I2"] += 1
        if claim not in self.claims:
            world.breach("I2", "a restore was asked for without a saved claim", request_id)
        holders = [
            row["requestId"]
            for row in world.rows(LOCKS)
            if row["targetDiskId"].lower() == job.target_id.lower()
        ]
        if holders != [request_id]:
            world.breach("I2", f"its target is locked by {holders or 'nobody'}", request_id)
        earlier = [
            one
            for one in world.simulator.world.jobs.values()
            if one is not job and world.causes.get(one.name) == request_id
        ]
        last = max((one.ended or one.started for one in earlier), default=None)
        validations = world.validations[job.target_id.lower()]
        if not any(_is_good(one) for one in validations if last is None or one.started >= last):
            world.breach("I3", "a restore was asked for that Azure never found valid", request_id)
        self._begun_anew(request_id, earlier)
        self.ledger.job_begun(job, request_id)

    def _begun_anew(self, request_id: str, earlier: list[Job]) -> None:
        """Another job of one request was begun when the app had seen the earlier fail."""
        plan = self.documents[request_id]["state"].get("plan") or {}
        seen = (plan.get("first_failure") or {}).get("job")
        for one in earlier:
            if one.name != seen:
                self.world.breach("I2", f"the job {one.name} was not seen to fail", request_id)

    def _starts_anew(self, request_id: str, document: dict[str, Any]) -> None:
        """A job is started anew once, and only where no other claim's job might run beside it."""
        before = self.documents.get(request_id, document)["state"]
        if before["is"] != "Running" or document["state"]["is"] != "Retrying":
            return
        self.world.checks["I2"] += 1
        plan = before["plan"]
        if len(plan["claims"]) != 1 or plan["first_failure"] is not None:
            told = f"{len(plan['claims'])} claims, {plan['first_failure']}"
            self.world.breach("I2", f"it is started anew after {told}", request_id)
        if document["state"]["plan"]["claims"]:
            self.world.breach("I2", "it keeps the claim of a job that has ended", request_id)

    def _let_go(self, request_id: str, document: dict[str, Any]) -> None:
        """A restore that has ended has released its target: nobody may write it any more."""
        world = self.world
        guarded_until = (
            datetime.fromisoformat(document["deadline"]) + timedelta(days=7) - timedelta(minutes=6)
        )
        for job in world.simulator.world.jobs.values():
            running = job.ended is None and world.causes.get(job.name) == request_id
            if running and world.azure_clock() < guarded_until:
                world.breach("I2", "its target is free while its job may write it", request_id)

    def _restore_written(self, row: dict[str, Any], process: Writer) -> None:
        world, request_id = self.world, row["PartitionKey"]
        document = json.loads(row["document"])
        self._starts_anew(request_id, document)
        self.documents[request_id] = document
        for claim in (document["state"].get("plan") or {}).get("claims", ()):
            self.claims[claim["request_id"]] = request_id
        if document["state"]["is"] == "Ended":
            self._let_go(request_id, document)
        world.checks["I3"] += 1
        if self._requests.setdefault(request_id, document["request"]) != document["request"]:
            world.breach("I3", "a request has changed after it was recorded", request_id)
        self.telling.saved(request_id, document, process)
        self.ledger.saved(request_id, document, process)
        self.following.saved(request_id, document)
        self.turns.saved(request_id, document, process)

    def _result_written(self, row: dict[str, Any], process: Writer) -> None:
        world, key = self.world, (row["PartitionKey"], row["RowKey"])
        world.checks["I1"] += 1
        if "~" in key[1]:
            self.telling.refused(row, process)
            self.ledger.refused(row)
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
        self.world.checks["I4"] += 1
        for column, value in row.items():
            allowed = name == RESTORES and column == "operationUrl"
            if isinstance(value, str) and not allowed and self._tells_a_secret(value):
                self.world.breach("I4", f"a secret stands in {name}.{column}", str(row["RowKey"]))

    def _tells_a_secret(self, text: str) -> bool:
        return "&s=" in text or any(secret in text for secret in self.world.token_heads)


def _is_good(validation: Operation) -> bool:
    outcome = validation.outcome
    return bool(validation.ended) and not outcome.code and outcome.status in (None, "Succeeded")


def _id_in(line: str) -> str:
    return line.partition("requestId=")[2].partition(" ")[0]
