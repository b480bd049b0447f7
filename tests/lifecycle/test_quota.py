"""How many turns fit into what ARM lets one subscription be asked."""

from datetime import datetime, timedelta

import pytest

from restore_core.lifecycle import pace, quota
from restore_core.lifecycle.quota import DOCUMENTED, Bucket, Quota, room
from tests.fakes import NOON

TICK = timedelta(seconds=30)
PLENTY = Bucket(100_000, 100_000)
QUOTAS = {
    "documented": DOCUMENTED,
    "writes alone": Quota(PLENTY, Bucket(200, 10)),
    "reads alone": Quota(Bucket(250, 25), PLENTY),
    "least": Quota(Bucket(2, 0.1), Bucket(2, 0.1)),
    "of 2025": Quota(Bucket(1_100, 18), Bucket(800, 0.33)),
}


def given_by_ticks(of: Quota, seconds: int) -> list[datetime]:
    """Return when turns are given where every tick gives all it may."""
    turns: list[datetime] = []
    for number in range(seconds // 30):
        now = NOON + number * TICK
        turns += [now] * room(turns, now, of)
    return turns


def test_a_first_tick_gives_the_burst_and_what_refills_until_the_next() -> None:
    assert room([], NOON, QUOTAS["writes alone"]) == (200 + 30 * 10) // quota.WRITES
    assert room([], NOON, QUOTAS["reads alone"]) == (250 + 30 * 25) // quota.READS
    assert room([], NOON, DOCUMENTED) == 200


def test_each_tick_after_it_gives_what_refills_in_30_seconds() -> None:
    turns = given_by_ticks(QUOTAS["writes alone"], 300)

    each = [turns.count(NOON + number * TICK) for number in range(10)]
    assert each == [250, *[150] * 9]


def test_a_thousand_are_given_their_turns_in_180_seconds() -> None:
    turns = given_by_ticks(DOCUMENTED, 3_600)

    assert turns[999] - NOON <= timedelta(seconds=180)


@pytest.mark.parametrize("of", QUOTAS.values(), ids=QUOTAS)
def test_turns_never_ask_for_more_than_arm_gives_in_any_time(of: Quota) -> None:
    """A tick gives for the 30 s to come: within them, what was spent ahead has refilled."""
    turns = given_by_ticks(of, 1_800)

    assert turns
    for cost, bucket in ((quota.WRITES, of.writes), (quota.READS, of.reads)):
        for first in sorted(set(turns)):
            asked = [cost * turns.count(turn) for turn in sorted(set(turns)) if turn >= first]
            spans = [turn - first + TICK for turn in sorted(set(turns)) if turn >= first]
            for number, span in enumerate(spans, 1):
                given = bucket.size + span.total_seconds() * bucket.per_second
                assert sum(asked[:number]) <= given + 1e-6


def test_whoever_had_a_turn_just_now_leaves_less_room() -> None:
    assert room([NOON] * 3, NOON, DOCUMENTED) == room([], NOON, DOCUMENTED) - 3


def test_turns_of_long_ago_leave_all_of_it() -> None:
    assert room([NOON - timedelta(minutes=2)] * 200, NOON, DOCUMENTED) == 200


def test_there_is_no_less_than_no_room_after_more_turns_than_fit() -> None:
    assert room([NOON] * 900, NOON, DOCUMENTED) == 0
    assert room([NOON] * 900, NOON + timedelta(minutes=10), DOCUMENTED) == 200


def test_the_turns_need_be_in_no_order_and_may_be_ahead_of_the_clock() -> None:
    turns = [NOON + timedelta(minutes=3), *[NOON - timedelta(seconds=20)] * 180]

    assert room(turns, NOON, DOCUMENTED) == room([*sorted(turns)[:-1], NOON], NOON, DOCUMENTED)
    assert room(turns, NOON, DOCUMENTED) < 200


def test_the_reads_that_a_turn_costs_are_those_of_a_validation_of_more_than_median_length() -> None:
    """Its points, the looks at its validation, one at its operation: none of 68 s costs more."""

    def looks(length: timedelta) -> int:
        age, count = timedelta(), 0
        while count == 0 or age < length:
            age += pace.validation_delay(age, timedelta(seconds=10) if not count else None)
            count += 1
        return count

    assert 1 + looks(timedelta(seconds=42)) + 1 < quota.READS
    assert 1 + looks(timedelta(seconds=67)) + 1 == quota.READS
