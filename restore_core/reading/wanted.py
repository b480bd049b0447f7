"""Which restores are asked for, read from a person's or a caller's text. Pure; raises Rejected."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Self, get_args

from restore_core.contract.values import REQUEST_ID
from restore_core.errors import Problem, Rejected
from restore_core.lifecycle.sets import ALREADY_BACK, NOT_PROTECTED
from restore_core.lifecycle.states import Waiting
from restore_core.lifecycle.status import Status
from restore_core.text import quoted, utc_text

MOST: Final = 1_000
USUAL: Final = 100
USUAL_SPAN: Final = "24h"
LONGEST: Final = timedelta(days=366 * 10)
"""How far back anybody may ask: a span beyond it is a slip."""
MAX_KEY: Final = 1_024
"""Characters of a row's key."""

NEW: Final = ("state", "status", "since", "until", "vault", "partOf", "top", "older")
"""The parameters of a list, newest first."""

_SPAN: Final = re.compile(r"([0-9]{1,6})([mhdw])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WORDS: Final = {
    word.lower(): str(word)
    for word in (
        *Status,
        *(state.__name__ for state in get_args(Waiting)),
        "Ending",
        *(NOT_PROTECTED, ALREADY_BACK),
    )
}
"""What a status may be: of restores and sets, ended or not, and of the disks of sets."""
_VAULT: Final = re.compile(r"[A-Za-z0-9/._()-]{1,600}")


class Which(StrEnum):
    """Whether what is under way, what has ended, or both is asked for."""

    OPEN = "open"
    ENDED = "ended"
    ALL = "all"


@dataclass(frozen=True)
class Wanted:
    """Which restores are asked for. What is under way is shown whatever its age."""

    since: datetime
    """The earliest acceptance of what has ended."""
    until: datetime
    """No restore that was accepted then, or later."""
    state: Which = Which.ALL
    status: str = ""
    """A state's name or a status; "" for any."""
    vault: str = ""
    """A vault's ARM id or name, whatever its case; "" for any."""
    part_of: str = ""
    """The set whose members are asked for; "" for none."""
    top: int | None = None
    """How many at the most; None for all of the time that is asked for."""
    older: str = ""
    """The last item of the page before, as `Page.older` named it."""

    @classmethod
    def of(cls, parameters: Mapping[str, str], now: datetime) -> Self:
        """Return what the parameters of HTTP ask for; an empty one is an absent one."""
        given = {name: parameters.get(name) or "" for name in NEW}
        return cls(
            since=moment_of(given["since"] or USUAL_SPAN, now, "since"),
            until=moment_of(given["until"], now, "until") if given["until"] else end(now),
            state=which_of(given["state"] or Which.ALL.value),
            status=status_of(given["status"]),
            vault=vault_of(given["vault"]),
            part_of=set_of(given["partOf"]),
            top=top_of(given["top"] or str(USUAL)),
            older=given["older"],
        )

    @property
    def outcome(self) -> Status | None:
        """Return the status as how a restore ends; None where any is asked for, or a state."""
        return Status(self.status) if self.status in set(Status) else None

    def matches(self, status: str, vault_id: str) -> bool:
        """Tell whether status and vault of a row are what is asked for."""
        if self.status and status != self.status:
            return False
        names = (vault_id.lower(), vault_id.rpartition("/")[2].lower())
        return not self.vault or self.vault.lower() in names


def until_now(
    since: datetime, now: datetime, state: Which = Which.ALL, *, part_of: str = ""
) -> Wanted:
    """Return what asks for everything from `since` on."""
    return Wanted(since=since, until=end(now), state=state, part_of=part_of)


def end(now: datetime) -> datetime:
    """Return a time after every acceptance: another worker's clock may be ahead of ours."""
    return now + timedelta(hours=1)


def moment_of(text: str, now: datetime, name: str = "since") -> datetime:
    """Return the time that `24h`, `7d`, a day or a time with a zone names."""
    if span := _SPAN.fullmatch(text):
        back = timedelta(**{_UNITS[span[2]]: int(span[1])})
        if back <= LONGEST:
            return now - back
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or abs(now - moment) > LONGEST:
        raise invalid(
            f"{name} is {quoted(text)}: it must be a span such as 30m, 24h, 7d or 2w, or a time "
            f"such as {utc_text(now)}, of the last ten years."
        )
    return moment


def which_of(text: str) -> Which:
    """Return what `open`, `ended` or `all` names."""
    if text.lower() not in set(Which):
        raise invalid(f"state is {quoted(text)}: it must be one of open, ended, all.")
    return Which(text.lower())


def status_of(text: str) -> str:
    """Return a status or a state's name as it is written; "" for ""."""
    if text and text.lower() not in _WORDS:
        known = ", ".join(_WORDS.values())
        raise invalid(f"status is {quoted(text)}: it must be one of {known}.")
    return _WORDS.get(text.lower(), "")


def top_of(text: str) -> int:
    """Return a number of rows."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MOST))
    if not is_number or not 1 <= int(text) <= MOST:
        raise invalid(f"top is {quoted(text)}: it must be a whole number from 1 to {MOST}.")
    return int(text)


def vault_of(text: str) -> str:
    """Return a vault's ARM id or name."""
    if text and not _VAULT.fullmatch(text):
        raise invalid(f"vault is {quoted(text)}: it must be a backup vault's name or ARM id.")
    return text.rstrip("/")


def set_of(text: str) -> str:
    """Return the id of a set."""
    if text and not REQUEST_ID.fullmatch(text):
        raise invalid(f"partOf is {quoted(text)}: it must be the requestId of a set.")
    return text


def invalid(reason: str) -> Rejected:
    """Return the refusal of a parameter."""
    return Rejected(Problem("InvalidParameter", reason), status=HTTPStatus.BAD_REQUEST)
