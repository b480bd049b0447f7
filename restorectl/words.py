"""Numbers with the words that go with them, for sentences. Pure."""

from __future__ import annotations


def counted(number: int, one: str, many: str) -> str:
    """Return the number and what is counted, as grammar has it: `1 disk`, `2 disks`."""
    return f"{number} {one if number == 1 else many}"
