"""What a run did and what it was answered, line by line: on the screen, and in a file to attach.

No token, no key and no signed URL stands in it, whoever wrote them into an answer.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from restore_core.text import MAX_ADVICE, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

HIDDEN = "…"


class Transcript:
    """Writes each line at once: what a run that was cut off had done, is known."""

    def __init__(
        self,
        file: Path,
        *,
        now: Callable[[], datetime],
        secrets: tuple[str, ...] = (),
        show: Callable[[str], object] = print,
    ) -> None:
        self.file = file
        self._now = now
        self._secrets = [secret for secret in secrets if secret]
        self._show = show
        file.write_text("")

    def say(self, text: str) -> None:
        """Write a line, with the time in UTC."""
        self._write(f"{self._now():%Y-%m-%d %H:%M:%SZ} {self._clean(text)}")

    def tell(self, what: str, fields: Mapping[str, Any]) -> None:
        """Write what was sent or answered, a line for each field."""
        self.say(what)
        for name, value in fields.items():
            text = value if isinstance(value, str) else json.dumps(value)
            self._write(f"    {name}: {self._clean(text)}")

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return one_line(text, MAX_ADVICE)

    def _write(self, line: str) -> None:
        self._show(line)
        with self.file.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
