"""What is recorded already under the id of a request that somebody is about to send.

An id is used once: the same message again has no effect, and another one is refused. Whoever sends
a file of last week should not be told 'Sent' and then how last week's restore ended.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from restore_core.text import quoted
from restorectl import screen
from restorectl.anew import retried
from restorectl.exits import Exit, Trouble
from restorectl.session import explained

if TYPE_CHECKING:
    from restore_core.contract.origin import Asked
    from restore_core.reading.items import Item
    from restorectl.session import Session


def is_attached(session: Session, asked: Asked, *, wait: bool, yes: bool) -> bool:
    """Tell whether the request is recorded already, and that is what the caller wants.

    That is so where the same message is repeated by somebody who waits for its end, or says `yes`.
    Raise Trouble where the id is another's, or its own and nobody has said so.
    """
    with explained():
        recorded = session.reading.request(asked.request_id)
        item = session.reading.restore(asked.request_id, session.clock())
    if recorded is None or item is None:
        return False
    is_same = recorded == json.loads(asked.request.to_json())
    if not is_same or not (wait or yes):
        raise _used(asked.request_id, item, is_same=is_same)
    then = "It is waited for" if wait else "A repeat changes nothing"
    told = f"{asked.request_id} was asked already, by this message: {how(item)}. {then}; not sent."
    screen.console(errors=True).print(told, soft_wrap=True)
    return True


def _used(request_id: str, item: Item, *, is_same: bool) -> Trouble:
    """Return why it is not sent, and how it could be."""
    another = "--force goes past the cool-down" if item["ended"] else "--force goes ahead of it"
    another_id = retried(request_id) or "NEW"
    anew = f"For another restore: --id {another_id}, which comes before the file's"
    if is_same:
        text = f"{quoted(request_id)} was asked already, by this same message: {how(item)}."
        remedy = f"{anew} ({another}). For this one: restorectl watch {request_id}"
    else:
        text = f"{quoted(request_id)} is another request's id already: {how(item)}."
        remedy = f"{anew}. What there is: restorectl show {request_id}"
    return Trouble(f"{text} Nothing was sent.", remedy, Exit.USAGE)


def how(item: Item) -> str:
    """Return where a restore or a set stands, or how it ended, as a sentence goes on."""
    what = f"{screen.way(item)}, {item.get('status')}"
    if item["ended"]:
        return f"{what}, ended {screen.short_moment(item.get('completedAt'))} UTC"
    return f"{what}, accepted {screen.short_moment(item.get('acceptedAt'))} UTC"
