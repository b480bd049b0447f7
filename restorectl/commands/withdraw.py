"""`withdraw`: what has no claim yet is not wanted any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restore_core.reading.wanted import until_now
from restorectl import options, person, screen
from restorectl.anew import TAKEN
from restorectl.commands import show
from restorectl.session import explained, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restore_core.reading.items import Item
    from restorectl.session import Session


def withdraw(
    request_id: show.RequestId, account: options.Account = "", *, yes: options.Yes = False
) -> None:
    """End what Azure was not asked for yet, of a restore or of a set; what it has taken goes on."""
    session = opened(account)
    item = show.found(session, request_id)
    to = screen.console(errors=True)
    concerned = _concerned(session, item)
    if nothing_left := _nothing_left(item, concerned):
        to.print(nothing_left, soft_wrap=True)
        return
    to.print(_what_follows(concerned), soft_wrap=True)
    screen.confirmed(f"Withdraw {request_id}?", yes=yes)
    with explained():
        session.send({"withdraw": request_id, "requestedBy": person.named()})
    to.print(f"Sent. See what became of it: restorectl show {request_id}", soft_wrap=True)


def _concerned(session: Session, item: Item) -> Sequence[Item]:
    """Return the restore; of a set that is under way its members, once they are planned."""
    if "members" not in item or item["ended"]:
        return [item]
    now = session.clock()
    with explained():
        wanted = until_now(now, now, part_of=str(item["requestId"]))
        return session.reading.restores(wanted, now).items or [item]


def _nothing_left(item: Item, concerned: Sequence[Item]) -> str:
    """Return why nothing can be withdrawn any more, and what is left to do; "" where it can."""
    name = item["rowId"]
    if item["ended"]:
        return f"{name} has ended, {item.get('status')}: there is nothing to withdraw."
    if _free(concerned):
        return ""
    taken = sum(1 for one in concerned if not one["ended"])
    return (
        f"Nothing of {name} can be withdrawn any more: {_going(taken)}, and a job of a restore "
        "cannot be cancelled. Its source is never touched: let it end, then delete the new disk "
        f"if it is not wanted. restorectl watch {name}"
    )


def _free(items: Sequence[Item]) -> int:
    return sum(1 for one in items if not one["ended"] and one.get("status") not in TAKEN)


def _going(taken: int) -> str:
    if taken == 1:
        return "1 goes on: Azure has taken it, or may have"
    return f"{taken} go on: Azure has taken them, or may have"


def _what_follows(items: Sequence[Item]) -> str:
    ended = sum(1 for one in items if one["ended"])
    taken = len(items) - ended - _free(items)
    parts = [f"{_free(items)} would end as Cancelled, unless Azure takes them first"]
    parts += [_going(taken)] if taken else []
    parts += [f"{ended} have ended"] if ended else []
    return "; ".join(parts) + "."
