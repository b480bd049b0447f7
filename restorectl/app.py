"""The commands put together, and how each of them ends: a code, and a sentence where it failed."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text

from restore_core.version import VERSION
from restorectl import screen
from restorectl.commands import (
    board,
    doctor,
    ls,
    points,
    poison,
    purge,
    send,
    show,
    stats,
    watch,
    withdraw,
)
from restorectl.exits import Exit, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_RG: Final = "/subscriptions/…/resourceGroups"

EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "ls": ("restorectl ls --open", "restorectl ls --since 7d --status Failed -o wide"),
    "show": ("restorectl show INC0012345-disk-sql-data",),
    "watch": ("restorectl watch", "restorectl watch INC0012345-disk-sql-data"),
    "send": (
        "restorectl send request.json --wait",
        f"restorectl send --disk {_RG}/…/disks/disk-1 --to {_RG}/rg-restored --at 24h",
        f"restorectl send --machine {_RG}/…/vm-sql-1 --to {_RG}/rg-restored --dry-run",
    ),
    "points": ("restorectl points --disk /subscriptions/…/disks/disk-1",),
    "stats": ("restorectl stats --since 30d",),
    "withdraw": ("restorectl withdraw INC0012345",),
    "purge": ("restorectl purge --before 400d --dry-run", "restorectl purge --before 400d --yes"),
    "doctor": ("restorectl doctor",),
    "board": ("restorectl board", "restorectl board --port 8080 --no-browser"),
    "poison ls": ("restorectl poison ls",),
    "poison show": ("restorectl poison show 0d1f…",),
}
"""What `--help` and the documentation show of each command."""

app = typer.Typer(
    name="restorectl",
    help="What is back, what is not and why, and what to do about it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_poison = typer.Typer(
    help="What the host gave up delivering, until the next tick takes it.", no_args_is_help=True
)


def _add(to: typer.Typer, name: str, command: Callable[..., None], *, of: str = "") -> None:
    """Add a command with its examples; each stands in a paragraph that is not wrapped."""
    lines = "\n".join(f"  {example}" for example in EXAMPLES[f"{of}{name}"])
    to.command(name, epilog=f"\b\nFor example:\n{lines}")(command)


for _name, _command in (
    ("ls", ls.ls),
    ("show", show.show),
    ("watch", watch.watch),
    ("send", send.send),
    ("points", points.points),
    ("stats", stats.stats),
    ("withdraw", withdraw.withdraw),
    ("purge", purge.purge),
    ("doctor", doctor.doctor),
    ("board", board.board),
):
    _add(app, _name, _command)
_add(_poison, "ls", poison.ls, of="poison ")
_add(_poison, "show", poison.show, of="poison ")
app.add_typer(_poison, name="poison")


def _version(asked: bool) -> None:  # noqa: FBT001 - as the library calls it.
    if asked:
        sys.stdout.write(f"restorectl {VERSION}\n")
        raise typer.Exit


@app.callback()
def restorectl(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """What is back, what is not and why, and what to do about it."""


def run(arguments: Sequence[str]) -> int:
    """Do what is asked and return the code for the shell; a failure is a sentence, no trace."""
    # The credentials warn with a page of text; what it comes to is told here, in two lines.
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    try:
        code = app(args=list(arguments), prog_name="restorectl", standalone_mode=False)
    except Trouble as trouble:
        return _failed(trouble.text, trouble.remedy, trouble.code)
    except typer.TyperException as error:
        return _of_usage(error)
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("\n")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.WELL
    except Exception as error:  # noqa: BLE001 - whoever is called at night is shown no trace.
        return _failed(_of_bug(error), "Report it as a bug.", Exit.BUG)
    return int(code or 0)


def _of_bug(error: Exception) -> str:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" in {place.tb_frame.f_code.co_qualname}, line {place.tb_lineno}" if place else ""
    return f"restorectl itself failed: {type(error).__name__}{where}."


def _of_usage(error: typer.TyperException) -> int:
    """Tell what is wrong with the words; without any, what the words are."""
    text, context = error.format_message(), getattr(error, "ctx", None)
    if text.startswith("Usage:"):
        sys.stderr.write(f"{text}\n")
        return Exit.USAGE
    path = context.command_path if context else "restorectl"
    return _failed(text, f"See {path} --help.", Exit.USAGE)


def _failed(text: str, remedy: str, code: Exit) -> int:
    to = screen.console(errors=True)
    to.print(Text(text, "red"), soft_wrap=True)
    if remedy:
        to.print(Text(remedy), soft_wrap=True)
    return code
