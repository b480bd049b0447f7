"""What `python -m local.doctor` does: looks, shows, validates, and tells the shell how it went."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.doctor.picture import show, show_remedy
from local.doctor.validations import (
    WHAT_TO_DO_WITHOUT_ROW,
    NothingToValidateError,
    Wanted,
    wanted,
)
from local.live.app import AppError
from local.live.requests_queue import QueueError
from local.live.target import Target, UsageError, add_words, target
from local.live.waiting import Waiting
from local.results_table import console
from local.stack.folder import FOLDER, NoStackError
from restorectl.screen import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rich.console import Console

    from local.live.requests_queue import RequestsQueue

PROMISE = "Whether an app could restore: by looks, then by validations. Nothing is restored."
USAGE = 2


def main(
    arguments: Sequence[str],
    *,
    to: Console | None = None,
    pause: Callable[[float], object] = time.sleep,
    folder: Path = FOLDER,
) -> int:
    """Return 0 where all is well, 1 where something is not, 2 where the words are wrong."""
    asked = _parser().parse_args(arguments)
    try:
        meant = target(asked, sends=not asked.only_look, folder=folder)
        return Command(meant, asked, to or console(), pause).run()
    except UsageError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program that talks to a person.
        return USAGE
    except (AppError, NoStackError, NothingToValidateError, QueueError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program that talks to a person.
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.doctor", description=PROMISE)
    add_words(parser, wait=10)
    parser.add_argument(
        "--instance",
        action="append",
        default=[],
        help="ARM id of a backup instance to validate; may be repeated. Else one of each vault",
    )
    parser.add_argument("--only-look", action="store_true", help="send no validation")
    return parser


class Command:
    """One run of it."""

    def __init__(
        self,
        meant: Target,
        asked: argparse.Namespace,
        to: Console,
        pause: Callable[[float], object],
    ) -> None:
        self._meant = meant
        self._asked = asked
        self._to = to
        self._waiting = Waiting(meant.app, pause=pause, seconds=60 * asked.wait)

    def run(self) -> int:
        """Look, then validate where the settings let the app take a request at all."""
        answer = self._meant.app.doctor()
        show(self._to, self._meant.app.url, answer)
        well = bool(answer["ok"])
        if not _takes_requests(answer):
            self._to.print("\nNo validation is sent before the settings are right.")
        elif self._meant.queue is not None and not self._asked.only_look:
            well &= self._validate(answer, self._meant.queue)
        self._to.print("\nAll is well." if well else "\nNot all is well: see above.")
        return 0 if well else 1

    def _validate(self, answer: dict[str, Any], queue: RequestsQueue) -> bool:
        group = self._asked.target_group or self._meant.group
        asked_for = wanted(answer["samples"], self._asked.instance, group, datetime.now(UTC))
        self._to.print("\nValidations, which prove the vault's own roles and restore nothing:\n")
        for one in asked_for:
            queue.put(one.message)
            self._to.print(f"{one.request_id}: {name_of(one.instance)} → {name_of(one.group)}")
        return self._seen_through(asked_for)

    def _seen_through(self, asked_for: Sequence[Wanted]) -> bool:
        left = {one.request_id for one in asked_for}
        well = True
        for seen in self._waiting.for_all(sorted(left)):
            self._to.print(f"{seen.request_id}: {seen.row.get('status')}")
            if seen.ended:
                left.discard(seen.request_id)
                well &= self._is_valid(seen.request_id, seen.row)
        for request_id in sorted(left):
            found = f"no row has come within {self._asked.wait:g} minutes."
            show_remedy(self._to, request_id, found, WHAT_TO_DO_WITHOUT_ROW)
        return well and not left

    def _is_valid(self, request_id: str, row: dict[str, Any]) -> bool:
        if row.get("status") == "Validated":
            return True
        found = f"{row.get('errorCode')}: {row.get('errorMessage')}"
        show_remedy(self._to, request_id, found, str(row.get("recommendedAction", "")))
        return False


def _takes_requests(answer: dict[str, Any]) -> bool:
    failed = [check["name"] for check in answer["checks"] if check["outcome"] == "failed"]
    return "settings" not in failed and "rules" not in failed
