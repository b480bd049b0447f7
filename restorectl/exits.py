"""What the shell is told, and errors as sentences: what failed, and what to do about it."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes. Each has one meaning, in every command."""

    WELL = 0
    BADLY = 1
    USAGE = 2
    NOT_FOUND = 3
    UNREACHED = 4
    NOT_CONFIRMED = 5
    STILL_OPEN = 6
    BUG = 70
    INTERRUPTED = 130


MEANINGS = {
    Exit.WELL: "Done; what was waited for ended well.",
    Exit.BADLY: "A restore that was waited for ended badly, or the doctor found a fault.",
    Exit.USAGE: "The words of the command are wrong, the message is no request, or its id is used.",
    Exit.NOT_FOUND: "There is no such restore, set, disk or message.",
    Exit.UNREACHED: "The account, the vault or the caller's identity could not be used.",
    Exit.NOT_CONFIRMED: "It was not confirmed, or nobody was there to be asked (`--yes`).",
    Exit.STILL_OPEN: "What was waited for has not ended within `--timeout`.",
    Exit.BUG: "restorectl itself failed.",
    Exit.INTERRUPTED: "Ctrl-C.",
}
"""As the documents say it."""


class Trouble(Exception):
    """Why a command ends early: a sentence, a remedy, and a code for the shell."""

    def __init__(self, text: str, remedy: str = "", code: Exit = Exit.UNREACHED) -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy
        self.code = code
