"""A night on the tables: restores in every state and with every end, at fixed moments, as rows.

They are written as the app writes its rows, into storage in memory; the board reads them through
the same code as in life.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

from azure.data.tables import UpdateMode

from restore_core.azure.tables.account import AccountTables
from restore_core.azure.tables.row_codec import restore_row
from restore_core.lifecycle.states import Status, Waiting
from restore_core.reading.reading import Reading
from tests.builders import a_restore
from tests.fakes import Io, ManualClock, MemoryTables
from tests.sets import a_machine, send
from tests.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

NIGHT = datetime(2026, 11, 26, 3, 12, 7, tzinfo=UTC)
SUBSCRIPTION = "/subscriptions/00000000-1111-2222-3333-444444444444"
VAULTS = ("vault-west", "vault-north", "vault-dr")
OPEN = [state.__name__ for state in get_args(Waiting)]
ENDED = [status.value for status in Status]

_HOW = (
    "Give the vault's identity the role Disk Restore Operator on the group, then send the message "
    "again with a new requestId. The command: az role assignment create "
    "--assignee-object-id 5f0c0f6e-0000-4000-8000-00000000beef --assignee-principal-type "
    "ServicePrincipal --role 'Disk Restore Operator' --scope "
    f"'{SUBSCRIPTION}/resourceGroups/rg-restored'"
)
ROLE = (
    "UserErrorNotEnoughPermissionOnTargetRG",
    "The vault's identity may not create disks in the target resource group rg-restored.",
    _HOW,
)
TAKEN = (
    "TargetDiskExists",
    "A disk named disk-web-02-restored is there already, and no job of this request made it.",
    "Send the message again with another targetDiskName and a new requestId.",
)
LOCKED = (
    "UserErrorResourceGroupLocked",
    "The group rg-restored has a lock, and Azure may write nothing into it.",
    "Take the lock away, or name another group, and send the message again with a new requestId.",
)
TOLD = (
    "TooManyRequests",
    "Azure takes no more calls for this subscription at present.",
    "Nothing is to do: the app tries again by itself.",
)


@dataclass(frozen=True)
class Night:
    """An account in memory, a clock that stands still, and the board's way to both."""

    tables: MemoryTables
    clock: ManualClock
    account: str = "stdiskrestore01"

    @classmethod
    def empty(cls) -> Night:
        night = cls(MemoryTables(Io()), ManualClock(NIGHT))
        night.service.create_missing()
        return night

    @property
    def service(self) -> AccountTables:
        return AccountTables(self.tables)  # type: ignore[arg-type]

    @property
    def reading(self) -> Reading:
        return Reading(lambda: self.service)

    def put(self, *rows: dict[str, Any]) -> None:
        """Write rows as they stand while a restore is under way, or after its end."""
        for row in rows:
            table = "RestoreResults" if "completedAt" in row else "OutstandingRestores"
            self.write(table, row)
            if "acceptedAt" not in row:
                continue
            keys = {"PartitionKey": row["requestId"], "RowKey": "restore"}
            self.write("Restores", {**row, **keys, "document": _document(row)})

    def end(self, row: dict[str, Any], **changes: Any) -> None:
        """Let a restore that was under way end."""
        held = self.tables.get_table_client("OutstandingRestores")
        held.delete_entity(row["PartitionKey"], row["RowKey"])
        self.put(ended(row, **changes))

    def write(self, table: str, row: dict[str, Any]) -> None:
        self.tables.get_table_client(table).upsert_entity(row, UpdateMode.REPLACE)


def under_way(key: str, status: str, minutes: float, **changes: Any) -> dict[str, Any]:
    """Return the row of a restore that was accepted so many minutes ago."""
    accepted = NIGHT - timedelta(minutes=minutes)
    point = (accepted - timedelta(hours=3)).replace(hour=2, minute=0, second=0, microsecond=0)
    vault = changes.pop("vault", VAULTS[0])
    disk = changes.pop("disk", f"disk-{key}")
    row = {
        "PartitionKey": "00",
        "RowKey": key,
        "requestId": key,
        "status": status,
        "origin": "native",
        "backupInstanceId": f"{SUBSCRIPTION}/resourceGroups/rg-backup/providers"
        f"/Microsoft.DataProtection/backupVaults/{vault}/backupInstances/{disk}",
        "sourceDiskId": _disk("rg-prod", disk),
        "targetDiskId": _disk("rg-restored", f"{disk}-restored"),
        "recoveryPointTime": point,
        "recoveryPointAgeSeconds": int((accepted - point).total_seconds()),
        "requestedAt": accepted - timedelta(seconds=2),
        "acceptedAt": accepted,
        "requestedBy": "alert:disk-lost",
        **changes,
    }
    return {name: value for name, value in row.items() if value is not None}


def ended(row: dict[str, Any], status: str = "Completed", **changes: Any) -> dict[str, Any]:
    """Return the result of a restore: accepted as `row` says, ended after `took` seconds."""
    took = changes.pop("took", 288)
    accepted = row["acceptedAt"]
    spent = {
        "queuedSeconds": took // 8,
        "validatingSeconds": took // 7,
        "jobSeconds": took * 2 // 3,
    }
    if status not in {"Completed", "CompletedWithWarnings", "Failed"}:
        spent = {}
    return {
        **row,
        "PartitionKey": f"{accepted:%Y-%m-%d}",
        "status": status,
        "completedAt": accepted + timedelta(seconds=took),
        "durationSeconds": took,
        **spent,
        **changes,
    }


def problem(code: str, message: str, action: str) -> dict[str, str]:
    return {"errorCode": code, "errorMessage": message, "recommendedAction": action}


def a_night() -> Night:
    """Return a night as the pictures show it: three under way, two reasons, a day of history."""
    night = Night.empty()
    night.put(*_history())
    night.put(
        under_way("sql-data", "Running", 3.1, readyAt=NIGHT - timedelta(minutes=3)),
        under_way("sql-log", "Validating", 0.6, readyAt=NIGHT - timedelta(minutes=0.6)),
        under_way("erp-04", "Running", 31, vault=VAULTS[1], readyAt=NIGHT - timedelta(minutes=30)),
        under_way("crm-01", "Retrying", 2.2, vault=VAULTS[2], **problem(*TOLD)),
    )
    bad = [under_way(f"mail-0{n}", "Failed", 20 + n) for n in range(1, 5)]
    night.put(*(ended(row, "Rejected", took=9, **problem(*ROLE)) for row in bad))
    night.put(ended(under_way("web-02", "", 12), "Failed", took=71, **problem(*TAKEN)))
    return night


def _history() -> Iterator[dict[str, Any]]:
    for n in range(46):
        minutes = 45 + 29 * n + 7 * (n % 3)
        row = under_way(f"app-{n:02}", "", minutes, vault=VAULTS[n % 3])
        yield ended(row, took=270 + 37 * (n % 7) + (400 if n == 17 else 0))


def a_refused_message(key: str = "INC7~0123456789abcdef") -> dict[str, Any]:
    """Return the row of a message that never became a restore."""
    at = NIGHT - timedelta(minutes=50)
    wrong = problem(
        "MalformedRequest",
        "The message is no restore request. 'pointInTme' is no field of a restore request.",
        "Correct the message and send it again. Nothing was restored.",
    )
    row = {"PartitionKey": f"{at:%Y-%m-%d}", "RowKey": key, "status": "Rejected", **wrong}
    return {**row, "requestedAt": at, "completedAt": at, "messageText": "{}", "messageLength": 2}


def every_kind(count: int = 500) -> Night:
    """Return as many restores as asked for, in every state and with every end."""
    night = Night.empty()
    kinds = [*OPEN, *ENDED]
    for n in range(count):
        kind, is_open = kinds[n % len(kinds)], n % len(kinds) < len(OPEN)
        row = under_way(f"r{n:03}", kind, 2 + n, vault=VAULTS[n % 3])
        bad = problem(*(ROLE, TAKEN)[n % 2]) if kind in {"Failed", "Rejected", "TimedOut"} else {}
        night.put(row if is_open else ended(row, kind, took=60 + n, **bad))
    return night


def _document(row: dict[str, Any]) -> str:
    """Return what the app keeps of a restore beside its columns: here, its states' moments."""
    accepted, end = row["acceptedAt"], row.get("completedAt", NIGHT)
    passed = ["Planned", "Ready", "Validating", "Validated", "Triggering", "Running"]
    passed = passed[:3] if row["status"] == "Rejected" else passed
    step = (end - accepted) / (len(passed) + 2)
    moments = {name: accepted + n * step for n, name in enumerate(passed, 1)}
    restore = replace(a_restore(requestId=row["requestId"]), moments=moments)
    return str(restore_row(restore)["document"])


def _disk(group: str, name: str) -> str:
    return f"{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/disks/{name}"


def a_set(night: Night) -> str:
    """Add a machine's set as the app brings it back, three minutes on; return its id."""
    with World(start=NIGHT - timedelta(minutes=3)) as world:
        machine = a_machine(world, "sql-data", "sql-log", unprotected=["scratch"], name="vm-sql-1")
        send(world, requestId="INC0012345-vm-sql-1", sourceVirtualMachineId=machine)
        world.run(minutes=3)
    for name, table in world.tables.tables.items():
        for row in table.list_entities():
            night.write(name, row)
    return "INC0012345-vm-sql-1"
