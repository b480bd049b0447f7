"""Whatever ARM answers, at any call: the restore ends in one row, nothing escapes. I1, I4."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from simulator.exchange import Answer
from tests.hostile import nasty
from tests.hostile.arena import Arena
from tests.hostile.counted import count, examples
from tests.hostile.spoil import spoiled
from tests.hostile.wire import Sent

PAGES = 200  # restore_core.azure.vault_calls.MAX_PAGES
MOST_CALLS_OF_AN_INVOCATION = 2 * (PAGES + 10)  # each may be sent again with a fresh token
CALLS_OF_A_RESTORE = 12

a_few = st.dictionaries(
    st.integers(0, CALLS_OF_A_RESTORE + 6), nasty.spoilings, min_size=1, max_size=4
)


@examples(80)
@given(spoilings=a_few)
def test_whatever_a_few_answers_are_the_restore_ends_in_one_row(
    arena: Arena, spoilings: dict[int, nasty.Spoiling]
) -> None:
    arena.reset()

    def answers(number: int, _sent: Sent, answer: Answer) -> Answer | Exception:
        spoiling = spoilings.get(number)
        return spoiled(answer, spoiling, arena.token.token) if spoiling else answer

    arena.answer_with(answers)
    arena.send(backupInstanceId=arena.instance)
    arena.run(until=lambda: bool(arena.results()) and arena.is_idle(), days=10)

    count("restores")
    count("answers spoiled", len(spoilings))
    assert arena.result()["status"]
    assert arena.is_idle()
    assert arena.most_calls <= MOST_CALLS_OF_AN_INVOCATION
    arena.judge()


@examples(5)
@given(spoiling=nasty.spoilings, other=nasty.spoilings)
def test_whatever_every_answer_is_the_restore_ends_when_it_is_too_old(
    arena: Arena, spoiling: nasty.Spoiling, other: nasty.Spoiling
) -> None:
    """The same two spoilings for all answers, for ever: calls are counted by the hour."""
    arena.reset()

    def answers(number: int, _sent: Sent, answer: Answer) -> Answer | Exception:
        return spoiled(answer, other if number % 3 else spoiling, arena.token.token)

    arena.answer_with(answers)
    arena.send(backupInstanceId=arena.instance)
    calls = []
    for _ in range(50):
        before = len(arena.wire.sent)
        arena.run(until=arena.is_idle, hours=1)
        calls.append(len(arena.wire.sent) - before)

    count("restores")
    count("answers spoiled", len(arena.wire.sent))
    assert arena.result()["status"]
    assert max(calls) <= 10 * 60 * 2, calls
    arena.judge()


@examples(40)
@given(place=st.sampled_from(["operation", "next"]), host=st.sampled_from(nasty.HOSTS))
def test_no_url_in_an_answer_leads_the_app_anywhere_else(
    arena: Arena, place: str, host: str
) -> None:
    arena.reset()
    foreign = f"https://{host}/subscriptions/x/operationStatus/y?t=1&c=abcdefghijkl"

    def answers(_number: int, sent: Sent, answer: Answer) -> Answer | Exception:
        if place == "next" and "recoveryPoints" in sent.path:
            return Answer.of({"value": [], "nextLink": foreign})
        if place == "operation" and answer.status == 202:
            latin = foreign.encode("utf-8").decode("latin-1")
            return answer.__class__(202, {**answer.headers, "Azure-AsyncOperation": latin})
        return answer

    arena.answer_with(answers)
    arena.send(backupInstanceId=arena.instance)
    arena.run(minutes=5)

    count("foreign URLs")
    arena.judge()


def test_the_span_of_an_honest_restore_is_what_the_properties_cover(arena: Arena) -> None:
    arena.reset()
    arena.send(backupInstanceId=arena.instance)

    arena.run()

    assert len(arena.wire.sent) == CALLS_OF_A_RESTORE
    assert arena.clock() - arena.result()["acceptedAt"] < timedelta(minutes=10)
