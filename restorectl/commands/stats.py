"""`stats`: how long restores take and how much they lose, and where the time goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Column
from rich.text import Text

from restore_core.reading import wanted
from restorectl import options, screen
from restorectl.id_table import IdTable
from restorectl.screen import Format
from restorectl.session import explained, opened
from restorectl.words import counted

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_PHASES = {
    "queued": "waiting for its turn",
    "validating": "Azure's validation",
    "job": "the job",
    "other": "steps between",
}
_BAR = 24
_TSV = ("vaultId", "count", "durationSeconds", "recoveryPointAgeSeconds")


def stats(
    account: options.Account = "",
    *,
    since: options.Since = "30d",
    until: options.Until = "",
    vault: options.InVault = "",
    output: options.Output = Format.TABLE,
) -> None:
    """Tell the RTO and the RPO: median and 95th percentile, by vault, and where the time went."""
    session = opened(account)
    now = session.clock()
    with explained():
        begin = wanted.moment_of(since, now)
        end = wanted.moment_of(until, now, "until") if until else wanted.end(now)
        told = session.reading.summary(begin, end, now, vault=wanted.vault_of(vault))
    match output:
        case Format.JSON:
            screen.print_json(told)
        case Format.TSV:
            screen.print_tsv(_TSV, told["vaults"])
        case _:
            _print(screen.console(), told, since)


def _print(to: Console, told: dict[str, Any], since: str) -> None:
    to.print(Text(f"Since {since}: {told['total']} ended, {told['open']} under way."))
    if not told["total"]:
        return
    many = counted(told["sets"], "set", "sets")
    sets = f"; and {many}, of which each disk is counted" if told["sets"] else ""
    to.print(Text(f"{screen.counts(told['counts'])}{sets}."))
    to.print(_spreads(told))
    if told["durationSeconds"]["count"]:
        to.print(_phases(told["phases"]))
    if told["slowest"]:
        slowest = told["slowest"][0]
        took = screen.duration(slowest["durationSeconds"])
        to.print(Text(f"The slowest: {slowest['requestId']}, {took}."))
    if told["reasons"]:
        to.print(_reasons(told["reasons"]), soft_wrap=True)


def _spreads(told: dict[str, Any]) -> Table:
    table = screen.table_of(
        Column("brought back", overflow="fold"),
        Column("", justify="right"),
        Column("RTO p50", justify="right", no_wrap=True),
        Column("p95", justify="right", no_wrap=True),
        Column("RPO p50", justify="right", no_wrap=True),
        Column("p95", justify="right", no_wrap=True),
    )
    rows = [("all", told)] if len(told["vaults"]) != 1 else []
    rows += [(screen.name_of(one["vaultId"]), one) for one in told["vaults"]]
    for name, one in rows:
        took, old = one["durationSeconds"], one["recoveryPointAgeSeconds"]
        table.add_row(
            Text(name),
            str(took["count"]),
            screen.duration(took.get("p50")),
            screen.duration(took.get("p95")),
            screen.age(old.get("p50")),
            screen.age(old.get("p95")),
        )
    return table


def _phases(phases: dict[str, Any]) -> Table:
    table = screen.table_of(
        Column("where the time went"),
        Column("p50", justify="right", no_wrap=True),
        Column("p95", justify="right", no_wrap=True),
        Column(""),
    )
    longest = max((one.get("p50", 0) for one in phases.values()), default=0) or 1
    for name, words in _PHASES.items():
        one = phases[name]
        bar = "█" * round(_BAR * one.get("p50", 0) / longest)
        table.add_row(
            words,
            screen.duration(one.get("p50")),
            screen.duration(one.get("p95")),
            Text(bar, "cyan"),
        )
    return table


def _reasons(reasons: list[dict[str, Any]]) -> Table:
    table = IdTable(
        Column("the last of them"),
        Column("", no_wrap=True, justify="right"),
        Column("why not", overflow="fold"),
    )
    for one in reasons:
        table.add(str(one.get("requestId", "")), str(one["count"]), Text(one["errorCode"]))
    return table
