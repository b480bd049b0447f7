"""`points`: the recovery points of a disk, by the app's own rule of which qualify."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.table import Column
from rich.text import Text

from restore_core.contract.resource_ids import BackupInstanceId, BackupVaultId, DiskId, InvalidId
from restore_core.engine.column import seconds_of
from restore_core.errors import Rejected
from restore_core.lifecycle.recovery_points import newest
from restore_core.reading.wanted import moment_of, until_now
from restore_core.text import quoted, utc_text
from restorectl import options, screen
from restorectl.exits import Exit, Trouble
from restorectl.id_table import IdTable
from restorectl.screen import Format
from restorectl.session import explained, opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from restore_core.lifecycle.recovery_points import RecoveryPoint
    from restorectl.session import Session

REMEMBERED = timedelta(days=30)
"""How far back the restores are looked through for the vaults they were made from."""
_LISTS_VAULTS = "az dataprotection backup-vault list --query '[].id'"
_Id = TypeVar("_Id")
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
            metavar="VAULT",
            help="The vault to look in: ARM id, or name where restores tell it. Else the config "
            "file's, or those of the last restores.",
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
    if instance:
        return _parsed(BackupInstanceId.parse, instance, "--instance", "restorectl show")
    if not disk:
        raise Trouble("Nothing says which disk.", "Name it: --disk ID.", Exit.USAGE)
    source = _parsed(DiskId.parse, disk, "--disk", "az disk show --query id")
    vaults = _vaults(session, vault or session.account.vault)
    return session.vault.instance_of(source, vaults, session.clock()).id


def _parsed(parse: Callable[[str], _Id], text: str, option: str, shown_by: str) -> _Id:
    try:
        return parse(text)
    except InvalidId as error:
        remedy = f"{option} takes an ARM id, as {shown_by} prints it."
        raise Trouble(f"{option}: {error}.", remedy, Exit.USAGE) from None


def _vaults(session: Session, named: str) -> list[BackupVaultId]:
    """Return the vaults to look in: the operator need not have an ARM id at hand."""
    if "/" in named:
        return [_parsed(BackupVaultId.parse, named, "--vault", _LISTS_VAULTS)]
    vaults = [one for one in _remembered(session) if named.lower() in ("", one.name.lower())]
    if vaults:
        return vaults
    which = f"a vault of the name {quoted(named)}" if named else "a vault"
    raise Trouble(
        f"No restore that runs, or was accepted in the last 30 days, names {which}.",
        f"Give its ARM id with --vault, as {_LISTS_VAULTS} prints it, or as vault = '…' in the "
        "config file.",
        Exit.USAGE,
    )


def _remembered(session: Session) -> list[BackupVaultId]:
    """Return the vaults of what runs and of the last restores, the newest first."""
    now = session.clock()
    items = session.reading.restores(until_now(now - REMEMBERED, now), now).items
    ids = (BackupVaultId.parse(item["vaultId"]) for item in items if "vaultId" in item)
    return list(dict.fromkeys(ids))


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
        "ageSeconds": seconds_of(point.time, now),
        "qualifies": why is None,
        **({"why": why} if why else {}),
    }


def _print(told: dict[str, Any]) -> None:
    table = IdTable(
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
