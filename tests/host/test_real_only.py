"""The table of cases, third part: what only the platform's own host shows, and why.

| case | why the local host does not do it |
| --- | --- |
| `messageEncoding` base64 | host.json says `none`, on purpose; the local host refuses another |
| scaling by the length of a queue | the platform's scale controller does that, not the host |
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ResourceNotFoundError

from local.child import ChildFailedError
from tests.host.witness import POISON, Witness, let_pass, wait_until

if TYPE_CHECKING:
    from azure.storage.queue import QueueMessage

    from local.real_host import RealHost

pytestmark = [pytest.mark.azurite, pytest.mark.timeout(180)]

BASE64 = {"AzureFunctionsJobHost__extensions__queues__messageEncoding": "base64"}
WAIT_AND_POLL = 4.0  # seconds after which a second try would have come


def test_the_platform_s_own_host_takes_part(real_host: RealHost) -> None:
    assert os.access(real_host.program, os.X_OK)


def test_with_base64_a_plain_message_is_poisoned_at_first_sight(witness: Witness) -> None:
    if witness.kind.name == "local":
        with pytest.raises(ChildFailedError, match='knows only "messageEncoding": "none"'):
            witness.start(**BASE64)
        return
    witness.start(**BASE64)

    witness.queue("bodies").send_message("plain text!")
    witness.queue("bodies").send_message("YmFzZTY0")

    (call,) = witness.diary.wait_for("echo")
    wait_until(lambda: "plain text!" in _poisoned(witness), witness.diary.all)
    let_pass(WAIT_AND_POLL)
    assert call.body == "base64"
    assert len(witness.diary.entries("echo")) == 1


def _poisoned(witness: Witness) -> list[str]:
    try:
        there: list[QueueMessage] = witness.queue("bodies" + POISON).peek_messages(max_messages=32)
    except ResourceNotFoundError:
        return []
    return [str(message.content) for message in there]
