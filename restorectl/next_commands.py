"""The commands that a person copies after having seen one restore. Pure."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restore_core.reading.items import Item

COMMAND: Final = " The command: "
"""What stands before the command at the end of an advice."""


def next_commands(item: Item) -> Iterator[str]:
    """Yield the commands that a person copies now, ids in them quoted for the shell."""
    request_id, target = quote(str(item.get("requestId"))), item.get("targetDiskId")
    advice = str(item.get("recommendedAction", ""))
    if COMMAND in advice:
        yield advice.partition(COMMAND)[2]
    if "members" in item:
        yield f"restorectl ls --part-of {request_id}"
    if not item["ended"]:
        yield f"restorectl watch {request_id}"
        if "jobId" not in item:
            yield f"restorectl withdraw {request_id}"
    if "jobId" in item and "vaultId" in item and item.get("status") != "Completed":
        job = quote(f"{item['vaultId']}/backupJobs/{item['jobId']}")
        yield f"az dataprotection job show --ids {job}"
    if item.get("status") in ("Completed", "CompletedWithWarnings") and target:
        yield f"az disk show --ids {quote(str(target))} --output table"
        if "followUp" in item:
            yield str(item["followUp"])
    elif item["ended"] and "sourceDiskId" in item:
        yield f"restorectl points --disk {quote(str(item['sourceDiskId']))}"
