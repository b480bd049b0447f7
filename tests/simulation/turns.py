"""Whether restores begin in their turn, in order, in time, and not one after the other.

Q1: never more hold a turn than may, and who waits to try again holds none. Q2: the timer alone
gives turns, in the order of acceptance, but no vault more than its share while another waits. C1: a
source is not restored again while or shortly after it was. N1: nothing is triggered that is too
late. S3: members of sets come after whoever asked for one disk, and no faster than ARM takes their
calls. All of them are looked at when the restore is saved that begins.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

from tests.simulation.faults import DEATH, STORAGE
from tests.simulation.ground import Ground, Writer
from tests.simulation.ledger import set_of

HOLDING: Final = frozenset(
    {
        "Ready",
        "Validating",
        "Validated",
        "Triggering",
        "Restoring",
        "Running",
        "Confirming",
        "Ending",
    }
)
OVERLAP: Final = 1
"""How many more than may run at the most, where two ticks overlap; where none do, none.

The host lets ticks overlap only when it has lost the timer's lease. Then one that stalls between
looking and saving gives its turn all the same, while the other has given as many to those who were
accepted earlier and began to wait in between. In 16,000 turns of worlds made for it (ticks in
pairs, slow storage, clocks apart) it happened once, by one.
"""
WRITES: Final = 2
"""Calls of a restore that write."""
QUOTA_AHEAD: Final = 30
"""Seconds for which a tick gives turns beforehand."""
LEAST_LEFT: Final = timedelta(seconds=400)
"""A job takes up to 368 s: with less to the deadline nothing is triggered."""
_UNTOLD: Final = (
    "timer-twice-at-once",
    *STORAGE,
    *DEATH,
    "storage-outage",
    "storage-gone-and-the-host",
    "settings-change",
    "function-timeout",
)
"""Where these strike, who was given a turn may wait on, as its row says: the worker could not tell.

Who was accepted earlier, and comes back to the queue just then, is called before that row is read
again: one more runs than may, for each row that tells so.
"""
_RESTORED: Final = ("Completed", "CompletedWithWarnings")


class Turns:
    """Who holds a turn, who waits for one, and who has taken which source before whom."""

    def __init__(self, world: Ground) -> None:
        self._world = world
        self.documents: dict[str, dict[str, Any]] = {}
        self.waited: set[str] = set()
        """Who has ever waited for a turn."""
        self._holding: set[str] = set()
        self._flagged: dict[str, float] = {}
        """Since when the outstanding row of a restore says that it waits."""
        self._noted: dict[str, int] = {}
        """In which order restores have taken their sources."""
        self._rows: dict[str, tuple[str, str]] = {}
        """By restore: the vault and the turn that its outstanding row tells."""
        self._held_last: dict[str, float] = {}
        """By vault: when a turn of it was last taken or given back."""
        self._turns_of_members: list[float] = []
        """When members of sets were given their turns."""
        self._saved_by: dict[str, tuple[object, str]] = {}
        """By restore: which task saved it last, and in what state."""
        self._has_asked: set[str] = set()
        """Who has asked ARM since it was saved last."""

    def saved(self, request_id: str, document: dict[str, Any], process: Writer) -> None:
        """Look at a restore that was saved."""
        before = self.documents.get(request_id, document)["state"]["is"]
        self.documents[request_id] = document
        state = document["state"]
        self._was_taken(request_id, before, state)
        self._has_asked.discard(request_id)
        self._saved_by[request_id] = self._world.scheduler.current, state["is"]
        if state["is"] == "Queued":
            self.waited.add(request_id)
        plan, member = state.get("plan") or {}, set_of(document)
        if plan.get("validate_only") and not member:
            return
        had_it = request_id in self._holding
        holds = state["is"] in HOLDING and (state["is"] != "Ending" or had_it)
        holds = holds or bool(member and state.get("has_turn"))
        (self._holding.add if holds else self._holding.discard)(request_id)
        if member:
            self._member_saved(request_id, before, document, process, had_it=had_it)
            return
        if before == "Planned" and state["is"] in ("Ready", "Queued"):
            self._source_taken(request_id, document)
        if before in ("Planned", "Queued", "Retrying") and state["is"] in ("Ready", "Validated"):
            self._turn_given(request_id, process)
            self._in_order(request_id, before, process)
            self._shared(request_id, before, process)
        if before == "Validated" and state["is"] == "Triggering":
            self._triggers(request_id, document)

    def asked(self, request_id: str) -> None:
        """Look at a call of ARM."""
        self._has_asked.add(request_id)

    def _was_taken(self, request_id: str, before: str, state: dict[str, Any]) -> None:
        """Nothing is claimed that is not sent because ARM would not take it.

        But once: a token that ARM has refused is got anew, and then there may be no room.
        """
        problem = (state.get("wait") or {}).get("problem") or {}
        if before == "Triggering" and state["is"] == "Retrying":
            self._world.checks["S3"] += 1
            if problem.get("code") == "NotNow" and request_id not in self._has_asked:
                self._world.breach("S3", "it was claimed, and ARM has no room for it", request_id)

    def _member_saved(
        self,
        request_id: str,
        before: str,
        document: dict[str, Any],
        process: Writer,
        *,
        had_it: bool,
    ) -> None:
        """Look at a member of a set: the timer alone gives it its turn, and only when it may."""
        is_now, has_it = document["state"]["is"], request_id in self._holding
        if is_now == "Enrolled":
            self.waited.add(request_id)
        if has_it and not had_it and is_now != "Ending":
            self._turn_given(request_id, process)
            self._after_the_singles(request_id, process)
            self._within_quota(process)
        plan = document["state"].get("plan") or {}
        if before == "Planned" and is_now in ("Ready", "Queued") and not plan.get("validate_only"):
            self._source_taken(request_id, document)
        if before == "Validated" and is_now == "Triggering":
            self._triggers(request_id, document)

    def _after_the_singles(self, request_id: str, process: Writer) -> None:
        """Nobody who asked for one disk waits, nor a member of its vault that came earlier."""
        world, task = self._world, self._world.scheduler.current
        if task is None:
            return
        world.checks["S3"] += 1
        if not task.name.startswith("timer"):
            world.breach("S3", f"{task.name} gives a turn, and only the timer may", request_id)
        mine = _key(request_id, self.documents[request_id])
        full = world.faults.counts["vault-full"]  # Who waits for its vault keeps no other waiting.
        for other, since in self._flagged.items():
            document = self.documents.get(other)
            if (
                document is not None
                and since < world.begun_of_current()
                and (not full or self._vault(other) == self._vault(request_id))
                and document["state"]["is"] in ("Queued", "Enrolled")
                and (not set_of(document) or self._goes_before(other, request_id, mine))
                and process.clock() < _last_moment(document)
            ):
                world.breach("S3", f"it has its turn before {other}", request_id)

    def _within_quota(self, process: Writer) -> None:
        """Of members no more have had a turn, since any of them had, than ARM takes calls for."""
        world = self._world
        self._turns_of_members.append(world.scheduler.now)
        if any(world.faults.counts[kind] for kind in (*_UNTOLD, "clock-skew")):
            return
        world.checks["S3"] += 1
        writes, given = process.settings.quota.writes, self._turns_of_members
        for number, begin in enumerate(given):
            refilled = (given[-1] - begin + QUOTA_AHEAD) * writes.per_second
            count = len(given) - number
            if count * WRITES > writes.size + refilled + WRITES:
                world.breach("S3", f"{count} turns in {given[-1] - begin:.0f} s", "")
                return

    def announced(self, row: dict[str, Any]) -> None:
        """Look at an outstanding row that was written."""
        task, state = self._saved_by.get(row["RowKey"], (None, ""))
        if state == "Retrying" and row["turn"] == "taken" and task is self._world.scheduler.current:
            self._world.breach("Q1", "it waits to try again and keeps its turn", row["RowKey"])
        self._noted_row(row["RowKey"], (str(row.get("vault", "")), row["turn"]))
        if row["turn"] in ("awaited", "enrolled"):
            self._flagged.setdefault(row["RowKey"], self._world.scheduler.now)
        else:
            self.forgotten(row["RowKey"])

    def forgotten(self, request_id: str) -> None:
        """Look at an outstanding row that says that it does not wait."""
        self._flagged.pop(request_id, None)

    def gone(self, key: str, request_id: str) -> None:
        """Look at an outstanding row that was removed; under an earlier version's key it is none.

        Who has waited under such a key waits on in the row that stands in its place.
        """
        if len(key) > len("ff"):
            return
        self._noted_row(request_id, None)
        self.forgotten(request_id)

    def _noted_row(self, request_id: str, row: tuple[str, str] | None) -> None:
        before = self._rows.pop(request_id, None)
        if row is not None:
            self._rows[request_id] = row
        for told in {before, row} - {None}:
            if told is not None and told[1] == "taken":
                self._held_last[told[0]] = self._world.scheduler.now

    def noted(self, row: dict[str, Any]) -> None:
        """Look at a row of restored sources that was written."""
        for request_id in row["requestIds"].split(","):
            self._noted.setdefault(request_id, len(self._noted))

    # ------------------------------------------------------------------------------- each promise

    def _turn_given(self, request_id: str, process: Writer) -> None:
        world = self._world
        world.checks["Q1"] += 1
        most = max(world.most_active(), process.settings.max_active)
        holding = len(self._holding)
        may = most + self._overshoot() * max(1, self._unseen(request_id))
        if holding > may:
            world.breach("Q1", f"{holding} run, and {most} may", request_id)

    def _unseen(self, request_id: str) -> int:
        """Return how many others hold a turn while their rows say that they wait for one."""
        told = [self._rows.get(one, ("", "")) for one in self._holding - {request_id}]
        return sum(turn == "awaited" for _, turn in told)

    def _overshoot(self) -> int:
        counts = self._world.faults.counts
        return OVERLAP if any(counts[kind] for kind in _UNTOLD) else 0

    def _in_order(self, request_id: str, before: str, process: Writer) -> None:
        world, task = self._world, self._world.scheduler.current
        if task is None:
            return
        world.checks["Q2"] += 1
        if before != "Planned" and not task.name.startswith("timer"):
            world.breach("Q2", f"{task.name} gives a turn, and only the timer may", request_id)
        mine = _key(request_id, self.documents[request_id])
        for other, since in self._flagged.items():
            document = self.documents.get(other)
            if (
                document is not None
                and since < world.begun_of_current()
                and document["state"]["is"] == "Queued"
                and not set_of(document)
                and (before == "Planned" or self._goes_before(other, request_id, mine))
                and process.clock() < _last_moment(document)
            ):
                world.breach("Q2", f"it has its turn before {other}", request_id)

    def _goes_before(self, other: str, request_id: str, mine: tuple[datetime, str]) -> bool:
        """Tell whether another of the same vault was accepted earlier; of others see `_shared`."""
        same = self._vault(other) == self._vault(request_id)
        return same and _key(other, self.documents[other]) < mine

    def _shared(self, request_id: str, before: str, process: Writer) -> None:
        """No vault has more than half while another waits that has had nothing all the time."""
        world, mine = self._world, self._vault(request_id)
        if before != "Queued" or world.faults.counts["vault-full"]:
            return
        world.checks["Q2"] += 1
        taken = {one for one, row in self._rows.items() if row == (mine, "taken")}
        count = len((taken & self._holding) | {request_id})
        most = max(world.most_active(), process.settings.max_active)
        if count <= ceil(most / 2) + self._overshoot():
            return
        begun = world.begun_of_current()
        holding = {row[0] for row in self._rows.values() if row[1] == "taken"}
        for other, since in self._flagged.items():
            document, vault = self.documents.get(other), self._vault(other)
            if (
                document is not None
                and vault not in holding | {mine}
                and since < begun
                and self._held_last.get(vault, -1.0) < begun
                and document["state"]["is"] == "Queued"
                and not set_of(document)
                and process.clock() < _last_moment(document)
            ):
                world.breach("Q2", f"its vault has {count} of {most}, {other}'s none", request_id)

    def _vault(self, request_id: str) -> str:
        return self._rows.get(request_id, ("", ""))[0]

    def _source_taken(self, request_id: str, document: dict[str, Any]) -> None:
        world = self._world
        world.checks["C1"] += 1
        if request_id not in self._noted:
            world.breach("C1", "its source is not noted", request_id)
            return
        least = min(settings.cooldown for settings in world.settings_used)
        if not least or document["request"].get("force"):
            return
        source = document["state"]["plan"]["source"].lower()
        for other, known in self.documents.items():
            plan = known["state"].get("plan") or {}
            same = plan.get("source", "").lower() == source and not plan["validate_only"]
            earlier = self._noted.get(other, len(self._noted)) < self._noted[request_id]
            if same and earlier and self._blocks(known, least, document):
                world.breach("C1", f"its source is {other}'s", request_id)

    def _blocks(self, earlier: dict[str, Any], least: timedelta, document: dict[str, Any]) -> bool:
        outcome = earlier["state"].get("outcome")
        if outcome is None:
            return True
        now = _moment(document["state"]["wait"]["due"])
        return outcome["status"] in _RESTORED and now < _moment(outcome["at"]) + least

    def _triggers(self, request_id: str, document: dict[str, Any]) -> None:
        claimed = _moment(document["state"]["plan"]["claims"][-1]["at"])
        left = _moment(document["deadline"]) - claimed
        self._world.checks["N1"] += 1
        if left < LEAST_LEFT:
            self._world.breach("N1", f"claimed {left} before its deadline", request_id)
        not_after = document["request"].get("notAfter")
        if not_after is None:
            return
        if claimed >= _moment(not_after):
            self._world.breach("N1", f"claimed at {claimed}, not after {not_after}", request_id)


def _key(request_id: str, document: dict[str, Any]) -> tuple[datetime, str]:
    return _moment(document["acceptedAt"]), request_id


def _last_moment(document: dict[str, Any]) -> datetime:
    deadline, not_after = document["deadline"], document["request"].get("notAfter")
    return min(_moment(deadline), _moment(not_after or deadline))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
