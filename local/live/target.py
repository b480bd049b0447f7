"""Which app is meant: the one at an address, or the stack of this clone where none is given."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.live.app import App
from local.live.requests_queue import VARIABLE, RequestsQueue
from local.stack.folder import http_port, storage

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

KEY = "RESTORE_FUNCTION_KEY"


class UsageError(ValueError):
    """The words of the command do not say enough; the text says what is missing."""


@dataclass(frozen=True)
class Target:
    """An app, and how its queue of requests is reached."""

    app: App
    queue: RequestsQueue | None
    group: str
    """The resource group of restored disks, where that is known without being named."""
    instance: str = ""
    """A backup instance to try, where that is known without being named."""


def add_words(parser: argparse.ArgumentParser, *, wait: float) -> None:
    """Add what names an app; without an address it is the stack that runs (make stack)."""
    parser.add_argument("url", nargs="?", help="https://<app>.azurewebsites.net; else the stack")
    parser.add_argument("--key", default="", help=f"a function key; else the variable {KEY}")
    parser.add_argument(
        "--account",
        help=f"the storage account of the queues, opened with az login; else {VARIABLE}",
    )
    parser.add_argument("--target-group", default="", help="ARM id of the group of restored disks")
    parser.add_argument(
        "--wait", type=float, default=wait, help="minutes to wait for an end (%(default)g)"
    )


def target(asked: argparse.Namespace, *, sends: bool, folder: Path) -> Target:
    """Return the app that is meant; raise UsageError, AppError or NoStackError."""
    key = asked.key or os.environ.get(KEY, "")
    if not asked.url:
        return _stack(key, folder)
    queue = _queue(asked.account) if sends else None
    return Target(App(asked.url, key), queue, asked.target_group)


def _queue(account: str | None) -> RequestsQueue:
    if account:
        return RequestsQueue.of_account(account)
    if connection_string := os.environ.get(VARIABLE):
        return RequestsQueue.of_text(connection_string)
    raise UsageError("Where is the queue? Name the storage account of the app with --account.")


def _stack(key: str, folder: Path) -> Target:
    connection_string = storage(folder)
    message = json.loads((folder / "newest-point.json").read_text())
    return Target(
        App(f"http://127.0.0.1:{http_port(folder)}", key),
        RequestsQueue.of_text(connection_string),
        message["targetResourceGroupId"],
        message["backupInstanceId"],
    )
