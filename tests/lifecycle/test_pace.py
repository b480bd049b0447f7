"""When to look again: the promises about lateness and about Retry-After."""

from datetime import timedelta
from itertools import pairwise
from math import ceil

import pytest

from restore_core.lifecycle import pace

TICK = 30.0
NAMED_AFTER = (0.3, 10.0, 30.0, 31.0)
"""Seconds between a job's begin and the answer that names it: at once, or hidden by Retry-After."""


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def looks_at_a_job(phase: float, named: float) -> list[float]:
    """Return when a job is looked at for 40 hours, in seconds after its begin.

    The timer ticks at `phase` and every 30 s; a tick looks when the look is due.
    """
    looks = [0.0]
    due = named + pace.FIRST_JOB_LOOK.total_seconds()
    while looks[-1] < 40 * 3_600:
        looks.append(phase + ceil((due - phase) / TICK) * TICK)
        due = looks[-1] + pace.job_delay(seconds(looks[-1])).total_seconds()
    return looks


@pytest.mark.parametrize("named", NAMED_AFTER)
@pytest.mark.parametrize("phase", range(int(TICK)))
def test_the_end_of_a_job_of_any_length_is_seen_within_a_minute_and_a_quarter_of_it(
    phase: float, named: float
) -> None:
    """The latest is seen what ended as soon as it had been looked at; no job ends within 1 s."""
    late = [
        (before, look)
        for before, look in pairwise(looks_at_a_job(phase, named))
        if look - max(before, 1) > 60 + max(before, 1) / 4
    ]

    assert late == []


@pytest.mark.parametrize("named", NAMED_AFTER)
@pytest.mark.parametrize("phase", range(int(TICK)))
def test_the_end_of_a_job_of_recorded_length_is_seen_within_45_seconds(
    phase: float, named: float
) -> None:
    shortest, longest = 213, 368

    late = [
        look - max(before, shortest)
        for before, look in pairwise(looks_at_a_job(phase, named))
        if look >= shortest and before < longest
    ]

    assert max(late) <= 45


def test_no_pause_between_two_looks_at_a_job_is_longer_than_ten_minutes() -> None:
    pauses = [pace.job_delay(seconds(age)) for age in range(0, 48 * 3_600, 60)]

    assert max(pauses) == timedelta(minutes=10)
    assert min(pauses) > timedelta()


@pytest.mark.parametrize("age", [-300, -1, 0, 1, 194, 195, 212.9, 213, 399, 400, 172_800])
def test_the_pause_before_the_next_look_at_a_job_is_never_nothing(age: float) -> None:
    """A clock that goes slow makes an age negative; that must not become a loop."""
    assert pace.job_delay(seconds(age)) > timedelta()


@pytest.mark.parametrize("age", [0, 5, 42, 600, 3_600])
@pytest.mark.parametrize("retry_after", [0, 1, 10, 30, 3_600])
def test_an_operation_is_left_alone_as_long_as_arm_asks(age: int, retry_after: int) -> None:
    assert pace.operation_delay(seconds(age), seconds(retry_after)) >= seconds(retry_after)


@pytest.mark.parametrize("age", [-300, 0, 0.001])
@pytest.mark.parametrize("retry_after", [None, timedelta()])
def test_an_operation_is_never_asked_again_at_once(
    age: float, retry_after: timedelta | None
) -> None:
    """Neither a Retry-After of 0 nor a clock that goes slow may make a loop."""
    assert pace.operation_delay(seconds(age), retry_after) >= seconds(1)


def test_an_operation_of_which_arm_says_nothing_is_looked_at_every_ten_seconds_at_the_most() -> (
    None
):
    delays = [pace.operation_delay(seconds(age), None) for age in range(3_600)]

    assert min(delays) == seconds(10)
    assert max(delays) == timedelta(minutes=5)


def test_the_end_of_an_operation_is_seen_within_half_its_length_or_ten_seconds() -> None:
    looks = [10.0]
    while looks[-1] < 600:
        looks.append(looks[-1] + pace.operation_delay(seconds(looks[-1]), None).total_seconds())

    late = [look - before - max(10, before / 2) for before, look in pairwise([0.0, *looks])]

    assert max(late) <= 0


@pytest.mark.parametrize("misses", range(1, 60))
def test_a_call_that_was_not_taken_is_repeated_within_a_quarter_of_an_hour(misses: int) -> None:
    assert seconds(15) <= pace.backoff(misses, None) <= timedelta(minutes=15)


@pytest.mark.parametrize("misses", [1, 3, 1_000])
@pytest.mark.parametrize("retry_after", [0, 1, 900, 86_400])
def test_a_call_that_was_not_taken_is_not_repeated_before_its_retry_after(
    misses: int, retry_after: int
) -> None:
    assert pace.backoff(misses, seconds(retry_after)) >= seconds(retry_after)


def test_a_validation_is_repeated_after_1_5_15_and_60_minutes() -> None:
    pauses = [pace.validation_retry(failures) / timedelta(minutes=1) for failures in range(1, 7)]

    assert pauses == [1, 5, 15, 60, 60, 60]


def test_a_search_is_repeated_after_30_60_120_and_240_seconds() -> None:
    pauses = [pace.search_delay(misses).total_seconds() for misses in range(1, 7)]

    assert pauses == [30, 60, 120, 240, 240, 240]


def test_a_claim_goes_stale_long_before_a_search_is_believed() -> None:
    assert pace.CLAIM_FRESH < pace.FUNCTION_TIMEOUT < pace.FUNCTION_TIMEOUT + pace.CLOCK_SKEW


def test_a_retry_after_is_cut_to_what_a_queue_message_can_hide() -> None:
    assert timedelta(days=1) == pace.MAX_RETRY_AFTER
