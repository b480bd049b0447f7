"""`points`: the recovery points of a disk, by the app's own rule of which qualify."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Column
from rich.text import Text

from restore_core.contract.resource_ids import BackupInstanceId, BackupVaultId, DiskId, InvalidId
from restore_core.errors import Rejected
from restore_core.lifecycle.recovery_points import newest
from restore_core.reading.wanted import moment_of
from restore_core.text import quoted, utc_text
from restorectl import options, screen
from restorectl.exits import Exit, Trouble
from restorectl.rows import Rows
from restorectl.screen import Format
from restorectl.session import explained, opened

if TYPE_CHECKING:
    from datetime import datetime

    from restore_core.lifecycle.recovery_points import RecoveryPoint
    from restorectl.session import Session

REMEMBERED = timedelta(days=30)
"""How far back the restores are looked through for the vaults they were made from."""
_NAMES = ("recoveryPointId", "time", "ageSeconds", "qualifies", "why")


def points(
    account: options.Account = "",
    *,
    disk: Annotated[str, typer.Option("--disk", metavar="ID", help="The disk's ARM id.")] = "",
    instance: Annotated[
        str, typer.Option("--instance", metavar="ID", help="Or its backup instance's.")
    ] = "",
    vault: Annotated[
        str,
        typer.Option(
            "--vault",
            metavar="ID",
            help="The vault to look in. Else the config file's, and those of the last restores.",
        ),
    ] = "",
    at: Annotated[
        str, typer.Option("--at", metavar="WHEN", help="Which would be chosen for this time.")
    ] = "",
    output: options.Output = Format.TABLE,
) -> None:
    """Show the recovery points of a disk: which qualify, and which the app would choose."""
    session = opened(account)
    now = session.clock()
    with explained():
        found = _instance(session, disk, instance, vault)
        until = moment_of(at, now, "--at") if at else now
        told = _told(session.vault.points(found), until, now)
    told = {
        "sourceDiskId": disk,
        "backupInstanceId": str(found),
        "vaultId": str(found.vault),
    } | told
    match output:
        case Format.JSON:
            screen.print_json({k: v for k, v in told.items() if v != ""})
        case Format.TSV:
            screen.print_tsv(_NAMES, told["points"])
        case _:
            _print(told)


def _instance(session: Session, disk: str, instance: str, vault: str) -> BackupInstanceId:
    try:
        if instance:
            return BackupInstanceId.parse(instance)
        source = DiskId.parse(disk)
        named = vault or session.account.vault
        vaults = [BackupVaultId.parse(named)] if named else []
    except InvalidId as error:
        remedy = "Give the ARM id of the disk, as az disk show --query id prints it."
        raise Trouble(f"{error}.", remedy, Exit.USAGE) from None
    vaults = vaults or _remembered(session)
    return session.vault.instance_of(source, vaults, session.clock()).id


def _remembered(session: Session) -> list[BackupVaultId]:
    """Return the vaults of the last restores: the operator need not have one at hand."""
    now = session.clock()
    told = session.reading.summary(now - REMEMBERED, now, now)["vaults"]
    if not told:
        raise Trouble(
            "No vault is named, and no restore of the last 30 days names one.",
            "Name it with --vault, or as vault = '…' in the config file.",
            Exit.USAGE,
        )
    return [BackupVaultId.parse(one["vaultId"]) for one in told]


def _told(known: list[RecoveryPoint], until: datetime, now: datetime) -> dict[str, Any]:
    try:
        chosen = str(newest(known, not_after=until, now=now).id)
    except Rejected:
        chosen = ""
    newest_first = sorted(known, key=lambda point: point.time, reverse=True)
    return {"chosen": chosen, "points": [_point(point, now) for point in newest_first]}


def _point(point: RecoveryPoint, now: datetime) -> dict[str, Any]:
    why = point.unfit(now)
    return {
        "recoveryPointId": str(point.id),
        "time": utc_text(point.time),
        "ageSeconds": max(0, round((now - point.time).total_seconds())),
        "qualifies": why is None,
        **({"why": why} if why else {}),
    }


def _print(told: dict[str, Any]) -> None:
    table = Rows(
        Column("", no_wrap=True),
        Column("time (UTC)", no_wrap=True),
        Column("age", no_wrap=True, justify="right"),
        Column("recovery point"),
        Column("qualifies", no_wrap=True),
        id_at=3,
        share=0.5,
    )
    for point in told["points"]:
        table.add(
            "→" if point["recoveryPointId"] == told["chosen"] else "",
            str(point["time"]).replace("T", " ").removesuffix("Z"),
            screen.age(point["ageSeconds"]),
            point["recoveryPointId"],
            Text("yes", "green") if point["qualifies"] else Text("no", "red"),
            below=[point["why"]] if "why" in point else [],
        )
    to = screen.console()
    to.print(table, soft_wrap=True)
    if not told["chosen"]:
        raise Trouble(
            f"No point of {quoted(screen.name_of(told['backupInstanceId']))} qualifies.",
            "Take a later time, wait for the next backup, or take one now.",
            Exit.NOT_FOUND,
        )
    to.print("→ is the one that a request for this time takes.")
