"""One row by the id that a list shows of it: of a restore, a refused message, a disk of a plan.

What is asked for most is found by one point read. Only an id that has the form of a refused
message's row is looked for in all days, and newest first: whoever has it has seen it in a list.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from restore_core.engine.columns import day
from restore_core.engine.ports import Readable
from restore_core.lifecycle.set_plan import sets_of
from restore_core.reading.members import member
from restore_core.reading.rows import REFUSED_ID, Row
from restore_core.reading.wanted import LONGEST, end

_NO_KEY: Final = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")
"""Characters that no row's key may have: storage answers 400."""
_MONTH: Final = timedelta(days=31)
_YEAR: Final = timedelta(days=366)


def found(rows: Readable, row_id: str, now: datetime) -> Row | None:
    """Return the row that a list shows under `row_id`, or None."""
    if _NO_KEY.search(row_id):
        return None
    if REFUSED_ID.fullmatch(row_id):
        return _refused(rows, row_id, now)
    return rows.row_of(row_id) or _newest_refused(rows, row_id, now) or _planned(rows, row_id)


def _refused(rows: Readable, row_id: str, now: datetime) -> Row | None:
    """Return a message that became no restore, of any day that anybody may ask for."""
    for first, last in _spans(now):
        if row := rows.refused_row(day(first), day(last), row_id):
            return row
    return None


def _spans(now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the days of the last month, of the year before and of all before that.

    A day has no index but its keys, so each span is read through: mostly the first is enough.
    """
    yield now - _MONTH, end(now)
    yield now - _YEAR, now - _MONTH
    yield now - LONGEST, now - _YEAR


def _newest_refused(rows: Readable, request_id: str, now: datetime) -> Row | None:
    """Return why a message never became a restore: the sender of it may wait for that id."""
    for at in (now, now - timedelta(days=1)):
        if refused := rows.refused(day(at), request_id):
            return max(refused, key=lambda row: row["completedAt"])
    return None


def _planned(rows: Readable, member_id: str) -> Row | None:
    """Return a disk of a set's plan that has no restore of its own: none protects it, or not yet.

    It is not asked what is under way: a member that is has its restore.
    """
    for set_id in sets_of(member_id):
        for row in rows.members(set_id):
            if row["memberId"] == member_id:
                return member(row, rows.row_of(set_id) or {}, {})
    return None
