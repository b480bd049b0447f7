"""What `python -m local.smoke` is asked to do, and what the shell is told of it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from azure.identity import DefaultAzureCredential

from local.live.app import AppError
from local.live.requests_queue import QueueError
from local.live.target import KEY, Target, UsageError, add_words, target
from local.live.waiting import Waiting
from local.smoke.disks import Disks
from local.smoke.steps import Smoke, Wish
from local.smoke.transcript import Transcript
from local.stack.folder import FOLDER, NoStackError
from restore_core.contract.resource_ids import (
    BackupInstanceId,
    DiskId,
    InvalidId,
    ResourceGroupId,
)
from restore_core.settings import DEFAULT_ENDPOINT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local.smoke.disks import Credential

PROMISE = "A validation, then one real restore to a new disk, which stays unless --delete is said."
USAGE = 2


def main(
    arguments: Sequence[str],
    *,
    pause: Callable[[float], object] = time.sleep,
    credential: Callable[[], Credential] = DefaultAzureCredential,
) -> int:
    """Return 0 where every step ended as it should, 1 where not, 2 where the words are wrong."""
    asked = _parser().parse_args(arguments)
    try:
        meant = target(asked, sends=True, folder=FOLDER)
        return 0 if _run(meant, asked, pause, credential) else 1
    except (InvalidId, UsageError) as error:
        return _failed(str(error), USAGE)
    except (AppError, NoStackError, QueueError) as error:
        return _failed(str(error), 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.smoke", description=PROMISE)
    add_words(parser, wait=60)
    parser.add_argument("--instance", default="", help="ARM id of the backup instance to restore")
    parser.add_argument(
        "--delete", action="store_true", help="delete the new disk at the end, with az login"
    )
    parser.add_argument("--arm", default=DEFAULT_ENDPOINT, help="where to delete it (%(default)s)")
    parser.add_argument("--transcript", type=Path, help="the file to write (smoke-<time>.txt)")
    return parser


def _run(
    meant: Target,
    asked: argparse.Namespace,
    pause: Callable[[float], object],
    credential: Callable[[], Credential],
) -> bool:
    run = f"smoke-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    wish = _wish(run, asked.instance or meant.instance, asked.target_group or meant.group)
    if meant.queue is None:
        raise UsageError("Where is the queue? Name the storage account of the app with --account.")
    transcript = Transcript(
        asked.transcript or Path(f"{run}.txt"),
        now=lambda: datetime.now(UTC),
        secrets=(asked.key, os.environ.get(KEY, "")),
    )
    waiting = Waiting(meant.app, pause=pause, seconds=60 * asked.wait)
    disks = (lambda: Disks(asked.arm, credential(), pause)) if asked.delete else None
    try:
        well = Smoke(meant.app, meant.queue, waiting, transcript).run(wish, disks)
    except (AppError, QueueError) as error:
        transcript.say(str(error))
        well = False
    transcript.say("Every step ended as it should." if well else "It did NOT end as it should.")
    print(f"\nThe transcript: {transcript.file}")  # noqa: T201 - a program that talks to a person.
    return well


def _wish(run: str, instance: str, group: str) -> Wish:
    """Return what is wanted; raise UsageError or InvalidId."""
    if not instance or not group:
        raise UsageError("What is restored, and where to? Name --instance and --target-group.")
    named = DiskId.named(ResourceGroupId.parse(group), run)
    return Wish(run, BackupInstanceId.parse(instance), named)


def _failed(text: str, code: int) -> int:
    print(text, file=sys.stderr)  # noqa: T201 - a program that talks to a person.
    return code
