"""A restore as a list shows it: the row's public columns, and what follows from them now. Pure."""

from datetime import datetime
from typing import Any, Final

from restore_core.engine.column import Column, seconds_of
from restore_core.engine.columns import as_json
from restore_core.reading.expectation import Expectation
from restore_core.reading.rows import Row, row_id, vault_id
from restore_core.text import one_line

Item = dict[str, Any]

PORTAL: Final = "https://portal.azure.com"
_PORTALS: Final = {
    "management.usgovcloudapi.net": "https://portal.azure.us",
    "management.chinacloudapi.cn": "https://portal.azure.cn",
}
ADDED: Final = {
    "rowId": Column(str, "What to ask for it by: requestId, or the row of a refused message."),
    "elapsedSeconds": Column(int, "From acceptance to the end, or until now."),
    "underWay": Column(int, "Of a set under way: its disks that have no end yet. One set alone."),
    "backAs": Column(str, "Of a set's disk: the new disk, also where another restore made it."),
    "vaultId": Column(str, "The ARM id of the backup vault."),
    "jobLink": Column(str, "The vault in the portal, where its jobs are."),
    "expectedEnd": Column(
        datetime,
        "When it should end, while it is under way; perhaps past. Of one that follows another, "
        "when that one should.",
    ),
    "lateFrom": Column(
        datetime,
        "From when on it is late: slower than 95 % of what expectedEnd goes by or, where fewer "
        "than five are known, twice as slow as the median.",
    ),
    "expectedSeconds": Column(int, "How long it should take until then, from its turn on."),
    "expectedBy": Column(str, "What that goes by: this vault's last restores, or recorded ones."),
}
"""What an item has beside the public columns."""


def portal_of(arm_endpoint: str) -> str:
    """Return the portal of the cloud that ARM's endpoint belongs to."""
    host = arm_endpoint.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return _PORTALS.get(host, PORTAL)


def item(row: Row, now: datetime, expectation: Expectation, *, portal: str = PORTAL) -> Item:
    """Return what is told of a row; absent is what does not apply."""
    shown: Item = {k: v for k, v in as_json(row).items() if v != "" and k != "messageText"}
    if row.get("backAs"):
        shown["backAs"] = one_line(str(row["backAs"]))
    vault = vault_id(row)
    shown["rowId"] = row_id(row)
    if vault:
        shown["vaultId"] = vault
    if "jobId" in shown and vault:
        shown["jobLink"] = f"{portal}/#resource{vault}/overview"
    accepted = row.get("acceptedAt")
    if isinstance(accepted, datetime):
        end = row.get("completedAt")
        shown["elapsedSeconds"] = seconds_of(accepted, end if isinstance(end, datetime) else now)
    return shown if shown["ended"] else {**shown, **expectation.of(row, now)}
