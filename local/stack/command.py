"""What `python -m local.stack` is asked to do, and what the shell is told of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from local.host.http_listener import DEFAULT_PORT
from local.pace import pace

if TYPE_CHECKING:
    from collections.abc import Sequence

CTL = "ctl"
RECORDED_PACE = 1.0
PROMISE = "Azurite and the simulated Azure, for your own tries: without a word, starts them."


def main(arguments: Sequence[str]) -> int:
    """Do it, with what only that needs."""
    if arguments and arguments[0] == CTL:  # Its options are its own, --help the first of them.
        from local.stack.ctl import restorectl  # noqa: PLC0415

        return restorectl(arguments[1:])
    asked = _parser().parse_args(arguments)
    match asked.what:
        case "host":
            from local.stack.host import run_host  # noqa: PLC0415

            return run_host(asked.port)
        case "send":
            from local.stack.send import send  # noqa: PLC0415

            return send(asked.file)
        case "results":
            from local.stack.results import show_results  # noqa: PLC0415

            return show_results()
        case _:
            from local.stack.run import run  # noqa: PLC0415

            return run(asked.pace)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.stack", description=PROMISE)
    parser.add_argument("--pace", type=pace, default=RECORDED_PACE, help="10: ten times faster")
    words = parser.add_subparsers(dest="what", title="words")
    host = words.add_parser("host", help="run the app on the stack that runs")
    host.add_argument("--port", type=int, default=DEFAULT_PORT, help="of HTTP")
    send = words.add_parser("send", help="put a file's content on the queue of requests")
    send.add_argument("file", nargs="?", default="")
    words.add_parser("results", help="show what became of the messages")
    words.add_parser(CTL, help="restorectl, against the stack that runs")
    return parser
