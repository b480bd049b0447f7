"""What can be asked of the tables: a list, one restore, a summary. No Azure, no clock, no change.

HTTP, the command line and the board ask here, and so are told the same. Newest first: what is under
way is one query; of what has ended the days are read one by one from the newest on, each whole, for
a partition has no order but its keys'. No more rows are read than the days hold that are shown.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, Final

from restore_core.contract.resource_ids import BackupVaultId, InvalidId
from restore_core.engine.columns import day
from restore_core.engine.ports import Readable
from restore_core.engine.reservation import RESTORED_ALREADY
from restore_core.errors import Unavailable
from restore_core.reading.asked import asked
from restore_core.reading.days import newest_first
from restore_core.reading.expectation import Expectation
from restore_core.reading.finding import found
from restore_core.reading.items import PORTAL, Item, item
from restore_core.reading.members import back_as, members, so_far, with_results
from restore_core.reading.rows import Row, moment, row_id, vault_id
from restore_core.reading.summary import summary
from restore_core.reading.timeline import timeline
from restore_core.reading.wanted import MAX_KEY, Wanted, Which, invalid
from restore_core.text import one_line, quoted, utc_text

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Page:
    """A part of a list, the newest acceptance first."""

    items: list[Item]
    older: str
    """What asks for the next page (`Wanted.older`); "" where nothing is left."""


class Reading:
    """Reads for receivers and operators. Safe for threads; raises Unavailable or Rejected."""

    def __init__(self, readable: Callable[[], Readable], *, portal: str = PORTAL) -> None:
        self._readable = readable
        self._portal = portal

    def restores(self, wanted: Wanted, now: datetime) -> Page:
        """Return what is asked for, a page of it where `wanted.top` is set."""
        rows = self._members(wanted) if wanted.part_of else self._rows(wanted)
        after = _place_of(wanted.older)
        rows = (row for row in rows if after is None or _place(row) < after)
        rows = (row for row in rows if wanted.matches(str(row.get("status")), vault_id(row)))
        some = list(islice(rows, wanted.top + 1 if wanted.top else None))
        page = some[: wanted.top]
        if wanted.part_of:
            page = with_results(self._readable(), page, wanted.outcome)
        expectation = Expectation(self._durations, self._readable().row_of)
        items = [item(row, now, expectation, portal=self._portal) for row in page]
        return Page(items, _named(page[-1]) if len(some) > len(page) else "")

    def restore(self, request_id: str, now: datetime) -> Item | None:
        """Return what a list shows under this id, with its timeline; or None.

        So also why a message became no restore, by the id that it named or by its row's.
        """
        row = found(self._readable(), request_id, now)
        if row is None:
            return None
        row = self._in_its_set(row)
        expectation = Expectation(self._durations, self._readable().row_of)
        told = item(row, now, expectation, portal=self._portal) | self._of_one(row)
        return {**told, "timeline": timeline(row, self._readable().moments_of(row), now)}

    def _of_one(self, row: Row) -> Item:
        """Return what is told of one restore alone: each of these is a question of its own."""
        told = Item()
        if "members" in row and "completedAt" not in row:
            told |= so_far(self._readable(), str(row["requestId"]))
        if "messageText" in row:
            told["messageText"] = as_text(row)
        if request := self._readable().request_of(row):
            told["asked"] = asked(request)
        return told

    def _in_its_set(self, row: Row) -> Row:
        """Return the row of a member with the disk that another restore had brought back."""
        if "partOf" not in row or row.get("errorCode") != RESTORED_ALREADY:
            return row
        of_plan = back_as(self._readable(), row)
        return {**row, **{name: of_plan[name] for name in _OF_THE_OTHER if name in of_plan}}

    def request(self, request_id: str) -> Mapping[str, Any] | None:
        """Return what was asked under this id, in the message's own form; None where nothing was.

        It is empty where a restore is recorded that cannot be read.
        """
        row = self._readable().row_of(request_id)
        return None if row is None else self._readable().request_of(row)

    def summary(
        self, since: datetime, until: datetime, now: datetime, *, vault: str = ""
    ) -> dict[str, Any]:
        """Return what the restores come to that were accepted from `since` on, before `until`."""
        wanted = Wanted(since=since, until=until, vault=vault)
        under_way = [row for row in self._readable().outstanding() if "completedAt" not in row]
        rows = self._readable().ended(day(since), day(until), status=None)
        told = [row for row in rows if _within(wanted, row) and wanted.matches("", vault_id(row))]
        open_ones = [row for row in under_way if wanted.matches("", vault_id(row))]
        times = {"asOf": utc_text(now), "since": utc_text(since), "until": utc_text(until)}
        return {**times, "open": len(open_ones), **summary(told)}

    def _rows(self, wanted: Wanted) -> Iterator[Row]:
        """Yield the rows, newest first. What has just ended is told once, by its result."""
        # Before the results: what ends in between is then in both, and not in neither.
        waiting = sorted(self._outstanding(wanted), key=_place, reverse=True)
        for block in self._blocks(wanted):
            told = {row["RowKey"] for row in block}
            first = min((row["PartitionKey"] for row in block), default="")
            fresh = [row for row in waiting if block and day(_moment(row)) >= first]
            waiting = waiting[len(fresh) :]
            block += [row for row in fresh if row["RowKey"] not in told]
            yield from sorted(block, key=_place, reverse=True)
        yield from waiting

    def _outstanding(self, wanted: Wanted) -> list[Row]:
        if wanted.state is Which.ENDED and wanted.outcome is None and wanted.status:
            return []
        rows = self._readable().outstanding()
        return [row for row in rows if _is_wanted(wanted, row)]

    def _blocks(self, wanted: Wanted) -> Iterator[list[Row]]:
        """Yield what has ended: all at once where all is asked for, else day by day."""
        if wanted.state is Which.OPEN or (wanted.status and wanted.outcome is None):
            return
        if wanted.top is None:
            yield self._ended(wanted, wanted.since.date(), wanted.until.date())
            return
        after = _place_of(wanted.older)
        last = min(wanted.until.date(), after[0].date()) if after else wanted.until.date()
        for one in newest_first(wanted.since.date(), last, self._holds_any(wanted)):
            yield self._ended(wanted, one, one)

    def _ended(self, wanted: Wanted, first: date, last: date) -> list[Row]:
        rows = self._readable().ended(str(first), str(last), status=wanted.outcome)
        return [row for row in rows if _within(wanted, row)]

    def _holds_any(self, wanted: Wanted) -> Callable[[date, date], bool]:
        ended = self._readable().ended
        return lambda first, last: bool(ended(str(first), str(last), status=wanted.outcome, most=1))

    def _members(self, wanted: Wanted) -> Iterator[Row]:
        """Return the members of a set: as they ended, else as they stand."""
        rows = members(self._readable(), wanted.part_of)
        ended = {Which.OPEN: False, Which.ENDED: True}.get(wanted.state)
        rows = [row for row in rows if ended is None or ("completedAt" in row) is ended]
        return iter(sorted(rows, key=_place, reverse=True))

    def _durations(self, vault: str) -> list[int]:
        """Return what the vault's last restores took; nothing where that cannot be told now."""
        try:
            return self._readable().durations_of(BackupVaultId.parse(vault))
        except (InvalidId, Unavailable):
            return []


_OF_THE_OTHER: Final = ("backAs", "targetDiskId")
"""Of a member that was refused because its disk is back: what its own row does not hold."""


def as_text(row: Row) -> str:
    """Return the message that a row holds, on one line."""
    return one_line(str(row["messageText"]))


def _is_wanted(wanted: Wanted, row: Row) -> bool:
    """Tell whether a restore that is outstanding is asked for; some have ended all the same."""
    ended = "completedAt" in row
    if not ended:
        return wanted.state is not Which.ENDED and _moment(row) < wanted.until
    return wanted.state is not Which.OPEN and _within(wanted, row)


def _within(wanted: Wanted, row: Row) -> bool:
    return wanted.since <= _moment(row) < wanted.until


def _moment(row: Row) -> datetime:
    return moment(row) or _NEVER


def _place(row: Row) -> tuple[datetime, str]:
    """Return where a row stands in a list; an id makes it a place of its own."""
    return _moment(row), row_id(row)


def _named(row: Row) -> str:
    at, key = _place(row)
    return f"{at.isoformat()},{key}"


def _place_of(older: str) -> tuple[datetime, str] | None:
    """Return the place that `_named` has named; raise Rejected."""
    if not older:
        return None
    at, comma, key = older.partition(",")
    try:
        place = datetime.fromisoformat(at)
    except ValueError:
        place = None
    if place is None or place.tzinfo is None or not comma or len(key) > MAX_KEY:
        raise invalid(f"older is {quoted(older)}: take it from a nextLink, as it stands there.")
    return place, key
