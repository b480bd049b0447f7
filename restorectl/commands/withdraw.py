"""`withdraw`: what has no claim yet is not wanted any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restore_core.reading.wanted import until_now
from restorectl import options, person, screen
from restorectl.commands import show
from restorectl.session import explained, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restore_core.reading.items import Item

CLAIMED = frozenset({"Triggering", "Confirming", "Restoring", "Running", "Guarding"})
"""States in which Azure has taken the restore, or may have."""


def withdraw(
    request_id: show.RequestId, account: options.Account = "", *, yes: options.Yes = False
) -> None:
    """End what Azure was not asked for yet, of a restore or of a set; what it has taken goes on."""
    session = opened(account)
    item = show.found(session, request_id)
    to = screen.console(errors=True)
    if item["ended"]:
        to.print(f"{request_id} has ended, {item.get('status')}: there is nothing to withdraw.")
        return
    concerned = [item]
    if "members" in item:
        now = session.clock()
        with explained():
            members = session.reading.restores(until_now(now, now, part_of=request_id), now)
        concerned = members.items or concerned
    to.print(_what_follows(concerned))
    screen.confirmed(f"Withdraw {request_id}?", yes=yes)
    with explained():
        session.send({"withdraw": request_id, "requestedBy": person.named()})
    to.print(f"Sent. See what became of it: restorectl show {request_id}")


def _what_follows(items: Sequence[Item]) -> str:
    going = [item for item in items if not item["ended"] and item.get("status") in CLAIMED]
    ended = [item for item in items if item["ended"]]
    free = len(items) - len(going) - len(ended)
    parts = [f"{free} would end as Cancelled"]
    parts += [f"{len(going)} go on: Azure has taken them, or may have"] if going else []
    parts += [f"{len(ended)} have ended"] if ended else []
    return "; ".join(parts) + "."
