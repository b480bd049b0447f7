"""restorectl against the stack that runs: its account, and its Azure."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from local.stack.folder import FOLDER, STORAGE, NoStackError, values
from local.stack.host import settings_over
from restorectl.account import CONNECTION
from restorectl.app import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HELP = frozenset({"--help", "-h"})


def restorectl(words: Sequence[str], folder: Path = FOLDER) -> int:
    """Do what the words say; say what stands in the way. Its help needs no stack."""
    if not HELP.isdisjoint(words):
        return run(words)
    try:
        settings = values(folder)
    except NoStackError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program that talks to a person.
        return 1
    os.environ.update(settings_over(settings, os.environ) | {CONNECTION: settings[STORAGE]})
    signal.signal(signal.SIGINT, signal.default_int_handler)  # It has an end of its own for Ctrl-C.
    return run(words)
