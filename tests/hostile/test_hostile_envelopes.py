"""Whatever stands anywhere in an envelope: a request, or one of two errors, told in one line."""

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from restore_core.contract.envelopes.reader import read
from restore_core.contract.origin import Asked
from restore_core.contract.resource_ids import BackupVaultId
from restore_core.contract.values import REQUEST_ID
from restore_core.contract.withdrawal import Withdrawal
from restore_core.errors import MalformedRequest, NothingAsked
from restore_core.text import one_line
from tests import builders
from tests.envelopes import (
    GROUP,
    MACHINE,
    ZABBIX,
    a_backup_alert,
    a_cloud_event,
    a_deletion,
    a_deletion_as_cloud_event,
    a_grid_event,
    a_health_alert,
    a_notification,
    a_notification_as_cloud_event,
    an_activity_alert,
    an_alert,
)
from tests.hostile import nasty
from tests.hostile.arena import Arena
from tests.hostile.counted import count, examples

VAULT = builders.INSTANCE.partition("/backupInstances/")[0]
ENVELOPES = (
    an_alert(),
    an_activity_alert(),
    a_health_alert(),
    a_backup_alert({"targetResourceGroupId": builders.TARGET_GROUP, "pointInTime": "latest"}),
    a_cloud_event(),
    a_cloud_event(data=..., data_base64="e30="),
    a_grid_event(),
    [a_grid_event()],
    a_deletion(),
    a_deletion_as_cloud_event(),
    a_notification(),
    a_notification_as_cloud_event(),
    builders.fields(),
    {"withdraw": "r1", "requestedBy": "me"},
    a_cloud_event(data={"withdraw": "r1"}),
    ZABBIX,
)
_SEVERAL = {"targetResourceGroupId": builders.TARGET_GROUP, "expectedDisks": "2"}
SETS = (
    an_alert({**_SEVERAL, "wholeMachine": "true"}, alertTargetIDs=[MACHINE]),
    an_alert({**_SEVERAL, "sourceDiskIds": json.dumps([builders.disk("a"), builders.disk("b")])}),
    a_grid_event(data={**_SEVERAL, "sourceResourceGroupId": GROUP, "targetDiskSuffix": "-back"}),
    {**_SEVERAL, "requestId": "r1", "sourceDiskIds": [builders.disk("a"), builders.disk("b")]},
    {**_SEVERAL, "requestId": "r1", "sourceVirtualMachineId": MACHINE, "vaultId": VAULT},
)
LONGEST_REASON = 4_000
MOST_CALLS_OF_A_MESSAGE = 20

Place = tuple[Any, ...]


def places(value: Any) -> list[Place]:
    """Return the way to every value in `value`."""
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    return [(), *((name, *rest) for name, below in inner for rest in places(below))]


def put(whole: Any, place: Place, value: Any) -> Any:
    if not place:
        return value
    changed = copy.copy(whole)
    changed[place[0]] = put(whole[place[0]], place[1:], value)
    return changed


@st.composite
def envelopes(draw: st.DrawFn, some: tuple[Any, ...] = ENVELOPES) -> Any:
    """An envelope in which a few values, or names, are not as they should be."""
    whole: Any = draw(st.sampled_from(some))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(whole)))
        value = draw(
            st.one_of(nasty.nasty_json, nasty.nasty_text, nasty.spoiled_ids(builders.disk("d")))
        )
        if draw(st.booleans()):
            held = whole
            for name in place:
                held = held[name]
            if isinstance(held, dict):
                value = {**held, draw(nasty.nasty_text): value}
        whole = put(whole, place, value)
    return whole


def read_or_told(body: bytes) -> Asked | Withdrawal | MalformedRequest | NothingAsked:
    try:
        return read(body)
    except (MalformedRequest, NothingAsked) as told:
        return told


def judge(body: bytes) -> None:
    answer = read_or_told(body)
    if isinstance(answer, Asked):
        count(answer.origin)
        assert read(body) == answer
        assert read(answer.request.to_json().encode()).request == answer.request
        return
    count(type(answer).__name__)
    if isinstance(answer, Withdrawal):
        assert read(body) == answer
        assert REQUEST_ID.fullmatch(answer.request_id)
        return
    assert len(answer.reason.splitlines()) == 1
    assert len(answer.reason) <= LONGEST_REASON
    assert one_line(answer.reason, LONGEST_REASON) == answer.reason
    assert answer.request_id == "" or REQUEST_ID.fullmatch(answer.request_id)


@examples(400)
@given(envelope=envelopes(ENVELOPES + SETS))
def test_whatever_stands_in_an_envelope_it_is_a_request_or_a_reason(envelope: Any) -> None:
    judge(json.dumps(envelope).encode())


@examples(60)
@given(envelope=envelopes(ENVELOPES + SETS))
def test_every_envelope_ends_in_one_row_and_does_nothing_it_may_not(
    arena: Arena, envelope: Any
) -> None:
    arena.reset()
    arena.deploy(default_vault=BackupVaultId.parse(VAULT), restores_deleted_disks=True)

    arena.send(json.dumps(envelope).encode())
    arena.run()

    count("messages")
    assert arena.is_idle()
    assert len(arena.results()) == 1
    assert len(arena.wire.sent) <= MOST_CALLS_OF_A_MESSAGE
    arena.judge()


@examples(150)
@given(body=nasty.bodies(builders.INSTANCE))
def test_whatever_the_bytes_are_they_are_a_request_or_a_reason(body: bytes) -> None:
    judge(body)


@examples(60)
@given(data=st.data(), depth=st.sampled_from((50, 300, 900, 990, 2_000)))
def test_no_depth_breaks_an_envelope(data: st.DataObject, depth: int) -> None:
    whole = data.draw(st.sampled_from(ENVELOPES + SETS))
    place = data.draw(st.sampled_from(places(whole)))
    text = json.dumps(put(whole, place, "deep"))

    judge(text.replace('"deep"', "[" * depth + "]" * depth).encode())
