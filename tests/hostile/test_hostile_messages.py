"""Whatever bytes come on the queue: one row, no exception, no call not allowed. I1, I3, I4."""

from hypothesis import given
from hypothesis import strategies as st

from restore_core.contract.envelopes.reader import read
from restore_core.contract.origin import Asked, Origin
from restore_core.contract.withdrawal import Withdrawal
from restore_core.errors import MalformedRequest, NothingAsked
from restore_core.text import one_line
from tests.hostile import nasty
from tests.hostile.arena import Arena
from tests.hostile.counted import count, examples

MOST_CALLS_OF_A_MESSAGE = 20  # a restore at the recorded pace makes 12 or 13
MOST_CALLS_OF_AN_INVOCATION = 3  # what is there, what points there are, validate
INSTANCE = Arena().instance


@examples(200)
@given(body=nasty.bodies(INSTANCE))
def test_every_message_ends_in_one_row_and_does_nothing_it_may_not(
    arena: Arena, body: bytes
) -> None:
    arena.reset()

    arena.send(body)
    arena.run()

    count("messages")
    count("ARM calls", len(arena.wire.sent))
    assert arena.is_idle()
    assert len(arena.results()) == 1
    assert len(arena.wire.sent) <= MOST_CALLS_OF_A_MESSAGE
    assert arena.most_calls <= MOST_CALLS_OF_AN_INVOCATION
    arena.judge()


@examples(50)
@given(bodies=st.lists(nasty.bodies(INSTANCE), min_size=1, max_size=4))
def test_no_message_touches_the_restore_of_another(arena: Arena, bodies: list[bytes]) -> None:
    arena.reset()
    arena.send(backupInstanceId=arena.instance, reason="the first", requestId="r1")
    arena.deliver()

    for body in bodies:
        arena.send(body)
    arena.run()

    count("messages", len(bodies))
    first = arena.result("r1")
    assert (first["status"], first["reason"]) == ("Completed", "the first")
    assert arena.simulator.restores_of("disk-1-restored") == 1
    arena.judge()


@examples(60)
@given(body=nasty.withdrawals(), steps=st.integers(0, 12))
def test_a_withdrawal_ends_what_azure_has_not_taken_and_does_nothing_else(
    arena: Arena, body: bytes, steps: int
) -> None:
    arena.reset()
    arena.send(backupInstanceId=arena.instance, reason="the first", requestId="r1")
    for _ in range(steps):
        arena.run(seconds=30)

    arena.send(body)
    arena.run()

    count("withdrawals")
    assert arena.is_idle()
    first = arena.result("r1")
    count(first["status"])
    restored = arena.simulator.restores_of("disk-1-restored")
    assert (first["status"], restored) in {("Completed", 1), ("Cancelled", 0)}
    assert first["reason"] == "the first"
    assert first["status"] == "Completed" or _withdraws(body) == "r1"
    arena.judge()


def _withdraws(body: bytes) -> str:
    try:
        asked = read(body)
    except (MalformedRequest, NothingAsked):
        return ""
    return asked.request_id if isinstance(asked, Withdrawal) else ""


@examples(50)
@given(body=st.one_of(nasty.bodies(INSTANCE), nasty.nasty_text.map(nasty._bytes)))
def test_no_step_message_does_more_than_look_early(arena: Arena, body: bytes) -> None:
    arena.reset()
    arena.send(backupInstanceId=arena.instance)
    arena.deliver()

    arena.queue("restore-steps").send_message(body.decode("utf-8", "replace"))
    arena.run()

    count("step messages")
    assert arena.result("r1")["status"] == "Completed"
    assert len(arena.wire.sent) <= MOST_CALLS_OF_A_MESSAGE
    arena.judge()


@examples(250)
@given(body=nasty.bodies(INSTANCE))
def test_a_request_read_back_from_its_row_is_the_request_that_was_sent(body: bytes) -> None:
    try:
        request = read(body).request
    except (MalformedRequest, NothingAsked):
        return

    count("requests")
    assert read(request.to_json().encode()) == Asked(request, Origin.NATIVE)


@examples(300)
@given(text=st.one_of(nasty.nasty_text, st.text()), limit=st.integers(2, 200))
def test_a_text_made_fit_to_show_stays_as_it_is(text: str, limit: int) -> None:
    shown = one_line(text, limit)

    count("texts")
    assert len(shown) <= limit
    assert len(shown.splitlines()) <= 1
    assert one_line(shown, limit) == shown
