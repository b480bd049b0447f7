"""Whether those who wait for the restore of another are served, and ask nothing meanwhile (F1).

When a restore begins to follow, goes ahead or is refused is looked at as it is saved; how each has
ended, in the end.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.simulation.ground import Ground
from tests.simulation.ledger import WITHDRAWN

RESTORED: Final = ("Completed", "CompletedWithWarnings")
RESTORED_ALREADY: Final = "RestoredAlready"
_ITS_OWN_LIMIT: Final = ("TooLate", "TimedOut", "Withdrawn")
_OF_THE_REQUEST: Final = {
    "DeletedDisksNotRestored",
    "DiskNotProtected",
    "NoRecoveryPoint",
    "NotAllowed",
    "RecoveryPointNotUsable",
    "TargetInUse",
    "UnexpectedDisks",
    "UserErrorDiskBackupRestoreRGOrMSIPermissionsNotPresent",
    "UserErrorNotEnoughPermissionOnTargetRG",
    "UserErrorRestoreTargetRGNotFound",
    "UserErrorSameNameDiskAlreadyExists",
}
"""Codes of refusals that are about the leader's own request: another may do better."""


class Following:
    """Who follows whom, since when, and who has gone ahead."""

    def __init__(self, world: Ground, documents: Mapping[str, dict[str, Any]]) -> None:
        self._world = world
        self._documents = documents
        """Each restore as it was saved last, this save not yet among them."""
        self.leaders: dict[str, str] = {}
        """Whom a restore has followed last."""
        self._since: dict[str, float] = {}
        self._ahead: set[tuple[str, object, float]] = set()
        self._second_tries: set[str] = set()
        """Who went ahead after a restore of the disk had failed."""

    def saved(self, request_id: str, document: dict[str, Any]) -> None:
        """Look at a restore that is saved."""
        state, before = document["state"], self._documents.get(request_id, document)["state"]
        self._refused_too_soon(request_id, before, state)
        if state["is"] == "Following":
            self.leaders[request_id] = state["leader"]
            self._since.setdefault(request_id, self._world.scheduler.now)
            if document["request"].get("force") or document["request"].get("validateOnly"):
                self._breach("it insists, or only validates, and follows", request_id)
        else:
            self._since.pop(request_id, None)
        if before["is"] == "Following" and state["is"] == "Accepted":
            self._goes_ahead(request_id, before["leader"])

    def asked(self, request_id: str) -> None:
        """Look at a call of ARM: whoever began it has found the restore as it stands."""
        since = self._since.get(request_id)
        if since is not None and since < self._world.begun_of_current():
            self._breach("it asks ARM while it follows", request_id)

    def check(self, results: Mapping[str, dict[str, Any]]) -> None:
        """Look how all who have followed ended."""
        for request_id, leader in self.leaders.items():
            self._world.checks["F1"] += 1
            document, result = self._documents[request_id], results.get(request_id)
            was_following = document["state"].get("plan") is None
            if result is None or document.get("standsIn") or not was_following:
                continue
            code = result.get("errorCode")
            by_another = code == WITHDRAWN and result["status"] != "Cancelled"
            if code not in self._fates(leader, results) or by_another:
                told = f"{result['status']} ({result.get('errorCode')})"
                self._breach(f"{told} is no end of who follows {leader}", request_id)

    def may_be_told(self, request_id: str, results: Mapping[str, dict[str, Any]]) -> set[str]:
        """Return the codes with which one may end that has followed another."""
        leader = self.leaders.get(request_id)
        return self._fates(leader, results) if leader else set()

    def _fates(self, leader: str, results: Mapping[str, dict[str, Any]]) -> set[str]:
        result, document = results.get(leader), self._documents.get(leader)
        if result is None or document is None:
            return set(_ITS_OWN_LIMIT)
        if result["status"] in RESTORED:
            return {RESTORED_ALREADY, *_ITS_OWN_LIMIT}
        code = result.get("errorCode") or result["status"]
        if _says_nothing(result["status"], code, result.get("reasons")):
            return set(_ITS_OWN_LIMIT)
        codes = _names(result.get("reasons")) or {code}
        its_own = codes & {"TooLate", WITHDRAWN, *_OF_THE_REQUEST}
        rest_end = (
            result["status"] == "Cancelled"
            or (result["status"] == "Rejected" and not its_own)
            or leader in self._second_tries
        )
        return {code, *_ITS_OWN_LIMIT} if rest_end else set(_ITS_OWN_LIMIT)

    def _refused_too_soon(self, request_id: str, before: Any, state: dict[str, Any]) -> None:
        outcome = state.get("outcome") or {}
        problem = outcome.get("problem") or {}
        if before["is"] not in ("Accepted", "Following") or state["is"] != "Ending":
            return
        self._world.checks["F1"] += 1
        if before["is"] == "Following":
            leader = before["leader"]
        elif problem.get("code") == RESTORED_ALREADY:
            leader = problem["message"].partition("by the request ")[2].partition(",")[0]
        else:
            return
        found = self._documents.get(leader)
        runs = found is not None and found["state"].get("outcome") is None
        if runs and problem.get("code") not in _ITS_OWN_LIMIT:
            self._breach(f"it is refused while {leader} may still fail", request_id)

    def _goes_ahead(self, request_id: str, leader: str) -> None:
        world = self._world
        world.checks["F1"] += 1
        found = self._documents.get(leader)
        if found is not None and found["state"].get("outcome") is None:
            self._breach(f"it goes ahead, and {leader} has not ended", request_id)
        task = world.scheduler.current
        tick = (leader, task.owner if task else None, world.begun_of_current())
        if tick in self._ahead:
            self._breach(f"it is the second that one tick lets go ahead of {leader}", request_id)
        self._ahead.add(tick)
        if self._was_tried(leader, found):
            self._second_tries.add(request_id)

    def _was_tried(self, leader: str, document: Mapping[str, Any] | None) -> bool:
        outcome = (document or {"state": {}})["state"].get("outcome")
        if outcome is None or leader in self._second_tries:
            return True
        code, tally = (outcome.get("problem") or {}).get("code"), outcome.get("tally") or {}
        return not _says_nothing(outcome["status"], code, tally.get("reasons"))

    def _breach(self, text: str, restore: str) -> None:
        self._world.breach("F1", text, restore)


def _says_nothing(status: str, code: str | None, reasons: object) -> bool:
    """Tell whether its sender wanted it no more, or wanted it sooner: nobody else has said so."""
    codes = _names(reasons) or {str(code)}
    if status == "Cancelled":
        return WITHDRAWN in codes
    return status == "Rejected" and codes <= {"TooLate", WITHDRAWN}


def _names(reasons: object) -> set[str]:
    """Return the codes of a set's reasons, as its row or its document tells them."""
    if isinstance(reasons, str):
        return set(json.loads(reasons))
    return {one["name"] for one in reasons} if isinstance(reasons, list) else set()
