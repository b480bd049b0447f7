"""Judges commands by the Azure CLI's own parser, and stops before any is run. A program.

Run by the Python of an environment that holds `azure-cli`; imports nothing of ours. Reads
`{"commands": [[word, ...], ...], "named": [name, ...]}`, writes what is said against each, "" where
nothing: `{"commands": [text, ...], "named": [text, ...]}`.

The event that the CLI raises between reading a command and doing anything about it ends each one
here, so nothing is asked of anybody: no account, no validation by the service, no extension's list.
"""

import contextlib
import io
import json
import sys
from typing import Any

from azure.cli.core import get_default_cli
from knack.events import EVENT_INVOKER_POST_PARSE_ARGS
from knack.util import CLIError


class Parsed(Exception):
    """The words of a command were understood."""


def stop(_: Any, **__: Any) -> None:
    raise Parsed


def invocation(cli: Any) -> Any:
    cli.invocation = cli.invocation_cls(
        cli_ctx=cli,
        parser_cls=cli.parser_cls,
        commands_loader_cls=cli.commands_loader_cls,
        help_cls=cli.help_cls,
    )
    return cli.invocation


def complaint(cli: Any, words: list[str]) -> str:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            invocation(cli).execute(words)
    except Parsed:
        return ""
    except SystemExit:
        return said.getvalue().strip() or "it ended without a word"
    except CLIError as error:
        return str(error)
    return "it was run"


def unknown(cli: Any, name: str) -> str:
    loader = invocation(cli).commands_loader
    loader.load_command_table(name.split())
    known = any(one == name or one.startswith(f"{name} ") for one in loader.command_table)
    return "" if known else f"{name!r} is no command and no group"


def main() -> None:
    asked = json.load(sys.stdin)
    cli = get_default_cli()
    cli.register_event(EVENT_INVOKER_POST_PARSE_ARGS, stop)
    answer = {
        "commands": [complaint(cli, words) for words in asked["commands"]],
        "named": [unknown(cli, name) for name in asked["named"]],
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
