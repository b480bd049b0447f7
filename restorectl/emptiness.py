"""Why a list is empty: what was asked for that nothing has, and what there is instead.

An empty answer to a slip of the hand would else read as if nothing were under way.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restore_core.lifecycle.sets import ALREADY_BACK, NOT_PROTECTED
from restore_core.reading.wanted import Which
from restore_core.text import utc_text
from restorectl import screen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from restore_core.reading.reading import Reading
    from restore_core.reading.wanted import Wanted

_EARLIER: Final = "Further back: --since 30d"
_STATES: Final = {Which.OPEN: "is under way", Which.ENDED: "has ended"}


def why_empty(reading: Reading, asked: Wanted, now: datetime) -> str:
    """Return why no restore was found."""
    return " ".join(_of_all(reading, asked, now))


def why_no_disk(reading: Reading, asked: Wanted, now: datetime, set_status: str) -> str:
    """Return why no disk of a set was found, which stands as `set_status` says."""
    return " ".join(_of_a_set(reading, asked, now, set_status))


def _of_all(reading: Reading, asked: Wanted, now: datetime) -> Iterator[str]:
    traits = _traits(asked)
    that = f"that {_place(asked, now)} {' and '.join(traits)}" if traits else _place(asked, now)
    yield f"Nothing {that}."
    if traits:
        yield from _instead(reading, asked, now)
    if asked.status in (NOT_PROTECTED, ALREADY_BACK):
        yield "That is told of the disks of a set: --part-of ID."
    elif asked.state is not Which.OPEN:
        yield _EARLIER


def _of_a_set(reading: Reading, asked: Wanted, now: datetime, status: str) -> Iterator[str]:
    there = list(_instead(reading, replace(asked, state=Which.ALL), now))
    if there:
        state = [_STATES[asked.state]] if asked.state in _STATES else []
        yield f"No disk of {asked.part_of} {' and '.join([*state, *_traits(asked)])}."
        yield from there
    else:
        yield f"{asked.part_of} has no disks in its plan: it is {status}."


def _place(asked: Wanted, now: datetime) -> str:
    """Return what was looked through, as the predicate of a sentence."""
    before = f" before {utc_text(asked.until)}" if asked.until <= now else ""
    if asked.state is Which.OPEN:
        return f"is under way{before and f' and was accepted{before}'}"
    accepted = f"was accepted since {utc_text(asked.since)}{before}"
    return (
        f"{accepted} and has ended" if asked.state is Which.ENDED else f"is under way or {accepted}"
    )


def _traits(asked: Wanted) -> list[str]:
    """Return what else it should have been."""
    status = [f"has the status {asked.status}"] if asked.status else []
    return [*status, *([f"is of the vault {asked.vault}"] if asked.vault else [])]


def _instead(reading: Reading, asked: Wanted, now: datetime) -> Iterator[str]:
    """Yield what there is without those traits, by status and vault; nothing where nothing is."""
    items = reading.restores(replace(asked, status="", vault=""), now).items
    if items:
        counts = Counter(str(item.get("status")) for item in items)
        vaults = sorted({screen.name_of(item["vaultId"]) for item in items if "vaultId" in item})
        of_them = f", of {', '.join(vaults)}" if vaults else ""
        yield f"There is: {screen.counts(dict(counts.most_common()))}{of_them}."
