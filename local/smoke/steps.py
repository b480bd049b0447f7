"""The steps of a smoke test, one after the other: none is taken after one that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from local.smoke.disks import NotDeletedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.live.app import App
    from local.live.requests_queue import RequestsQueue
    from local.live.waiting import Waiting
    from local.smoke.disks import Disks
    from local.smoke.transcript import Transcript
    from restore_core.contract.resource_ids import BackupInstanceId, DiskId

RESTORED = ("Completed", "CompletedWithWarnings")


class Wish(NamedTuple):
    """What is restored, and to which disk: the name is this run's own."""

    run: str
    instance: BackupInstanceId
    disk: DiskId

    def request(self, step: str, **more: Any) -> dict[str, Any]:
        """Return a request of this run."""
        return {
            "requestId": f"{self.run}-{step}",
            "backupInstanceId": str(self.instance),
            "targetDiskId": str(self.disk),
            "requestedBy": "smoke test",
            **more,
        }


class Smoke:
    """One run."""

    def __init__(
        self, app: App, queue: RequestsQueue, waiting: Waiting, transcript: Transcript
    ) -> None:
        self._app = app
        self._queue = queue
        self._waiting = waiting
        self._transcript = transcript

    def run(self, wish: Wish, disks: Callable[[], Disks] | None) -> bool:
        """Do all of it; tell whether every step ended as it should."""
        self._say(f"1. The app at {self._app.url} answers: version {self._app.version()}")
        self._say(f"2. Validate only: {wish.instance}")
        if not self._ends(wish.request("validate", validateOnly=True), ("Validated",)):
            return False
        self._say(f"3. Restore to a disk that this run names: {wish.disk}")
        if not self._ends(wish.request("restore", force=True), RESTORED):
            self._say(f"Is there a disk all the same? az disk show --ids '{wish.disk}'")
            return False
        self._say(
            "For RESTORE_COOLDOWN_MINUTES another request for this source disk must say force."
        )
        return self._taken_away(wish.disk, disks)

    def _ends(self, request: dict[str, Any], wanted: tuple[str, ...]) -> bool:
        """Send a request and follow it to its end; tell whether that is one that is wanted."""
        self._transcript.tell("Sent to restore-requests:", request)
        self._queue.put(request)
        for seen in self._waiting.for_all([request["requestId"]]):
            if not seen.ended:
                self._say(f"{seen.request_id}: {seen.row.get('status')}")
                continue
            self._transcript.tell(f"{seen.request_id} has ended:", seen.row)
            return seen.row.get("status") in wanted
        self._say(
            f"{request['requestId']} has not ended in the time that --wait leaves; it "
            "goes on by itself."
        )
        return False

    def _taken_away(self, disk: DiskId, disks: Callable[[], Disks] | None) -> bool:
        command = f"az disk delete --yes --ids '{disk}'"
        if disks is None:
            self._say("4. The disk stays. When nobody needs it any more:")
            self._say(command)
            return True
        self._say(f"4. Delete the disk that this run made: {disk}")
        try:
            self._say(f"ARM answered {disks().delete(disk)}")
        except NotDeletedError as error:
            self._say(f"It was not deleted: {error}")
            self._say(f"Delete it by hand: {command}")
            return False
        return True

    def _say(self, text: str) -> None:
        self._transcript.say(text)
