"""The commands that a person copies after having seen one restore. Pure."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Final

from restore_core.contract.commands import HERE
from restorectl.anew import TAKEN, points_of, sent_anew

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restore_core.reading.items import Item

COMMAND: Final = f" {HERE}"
"""What stands before the command at the end of an advice."""
_BACK: Final = ("Completed", "CompletedWithWarnings")


def next_commands(item: Item) -> Iterator[str]:
    """Yield the commands that a person copies now, ids in them quoted for the shell."""
    advice = str(item.get("recommendedAction", ""))
    if COMMAND in advice:
        yield advice.partition(COMMAND)[2]
    if "members" in item:
        yield f"restorectl ls --part-of {quote(str(item.get('requestId')))}"
    if not item["ended"]:
        yield from _under_way(item)
    if "jobId" in item and "vaultId" in item and item.get("status") != "Completed":
        job = quote(f"{item['vaultId']}/backupJobs/{item['jobId']}")
        yield f"az dataprotection job show --ids {job}"
    if item.get("status") in _BACK:
        yield from _once_back(item)
    elif item["ended"]:
        yield from _remedies(item)


def _under_way(item: Item) -> Iterator[str]:
    """Yield how to go on with it; of one that waits for another or for later, how to be sooner."""
    request_id, waits = quote(str(item.get("requestId"))), item.get("status")
    yield f"restorectl watch {request_id}"
    if "follows" in item:
        yield f"restorectl show {quote(str(item['follows']))}"
    if waits in TAKEN:
        return
    withdraw = f"restorectl withdraw {request_id}"
    if waits in ("Following", "Retrying") and (sent := sent_anew(item, force="follows" in item)):
        yield f"{withdraw} && {sent}"  # Both, or there would be two restores.
    else:
        yield withdraw


def _once_back(item: Item) -> Iterator[str]:
    if target := item.get("targetDiskId"):
        yield f"az disk show --ids {quote(str(target))} --output table"
    if "followUp" in item:
        yield str(item["followUp"])


def _remedies(item: Item) -> Iterator[str]:
    """Yield what brings the disk after all, once what ended it is mended."""
    if "backAs" in item:
        yield f"az disk show --ids {quote(str(item['backAs']))} --output table"
    if item.get("status") != "Validated" and (points := points_of(item)):
        yield points
    if item.get("status") != "Ignored" and (sent := sent_anew(item)):
        yield sent
