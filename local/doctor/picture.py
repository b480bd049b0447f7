"""What the doctor found, for a terminal. Reads an answer, and no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Column
from rich.text import Text

from restorectl.next_commands import COMMAND
from restorectl.screen import table_of

if TYPE_CHECKING:
    from rich.console import Console

COLOURS = {"ok": "green", "failed": "bold red", "skipped": "yellow"}


def show(to: Console, url: str, answer: dict[str, Any]) -> None:
    """Print the settings, then every check, then what to do, which so stands last."""
    to.print(_settings(answer))
    to.print(_checks(answer))
    for check in answer["checks"]:
        if check["outcome"] == "failed":
            show_remedy(to, str(check["name"]), str(check["found"]), str(check["action"]))
    to.print(f"\nVersion {answer['version']} at {url}, looked at {answer['at']}.")


def show_remedy(to: Console, name: str, found: str, action: str) -> None:
    """Print what failed and what to do; a command is not wrapped, so as to be copied."""
    advice, _, command = action.partition(COMMAND)
    to.print(Text.assemble((f"\n{name}: ", "bold"), found))
    to.print(Text(f"What to do: {advice or 'see the log of the app.'}", "italic"))
    if command:
        to.print(Text(command), soft_wrap=True)


def _checks(answer: dict[str, Any]) -> Any:
    table = table_of(
        Column("", no_wrap=True),
        Column("check", overflow="fold"),
        Column("found", overflow="fold"),
        title="Checks",
    )
    for check in answer["checks"]:
        outcome = str(check["outcome"])
        table.add_row(Text(outcome, COLOURS.get(outcome, "")), check["name"], check["found"])
    return table


def _settings(answer: dict[str, Any]) -> Any:
    table = table_of(
        Column("setting", overflow="fold"),
        Column("value", overflow="fold"),
        Column("source", overflow="fold"),
        title="Settings",
    )
    for setting in answer["settings"]:
        table.add_row(setting["name"], setting["value"], setting["source"])
    return table
