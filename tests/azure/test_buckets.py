"""What ARM lets a worker send now: taken, refilled, lowered by answers, closed by a 429."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from restore_core.azure.buckets import Buckets
from restore_core.errors import NotNow
from restore_core.lifecycle.quota import Bucket, Quota
from tests.builders import SUBSCRIPTION
from tests.fakes import NOON, ManualClock

ARM = "https://management.azure.com"
URL = f"{ARM}/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/x?api-version=1"
OTHER = f"{ARM}/subscriptions/11111111-0000-0000-0000-000000000000/y"
QUOTA = Quota(reads=Bucket(5, 2), writes=Bucket(3, 0.5))
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def buckets(clock: ManualClock) -> Buckets:
    return Buckets(QUOTA, clock)


def taken(buckets: Buckets, method: str = "GET", url: str = URL) -> int:
    """Take until there is nothing left; return how many."""
    count = 0
    while span(lambda: buckets.take(method, url)) is None:
        count += 1
        assert count < 1_000
    return count


def span(call: Callable[[], None]) -> timedelta | None:
    """Return when a call that is sent away may come again; None where it is not."""
    try:
        call()
    except NotNow as error:
        return error.retry_after
    return None


def test_a_bucket_is_full_at_first_and_each_kind_of_call_has_its_own(buckets: Buckets) -> None:
    assert taken(buckets, "GET") == 5
    assert taken(buckets, "POST") == 3
    assert taken(buckets, "GET", OTHER) == 5


def test_a_subscription_is_one_however_it_is_written(buckets: Buckets) -> None:
    assert taken(buckets, url=URL.upper().replace("HTTPS://MANAGEMENT.AZURE.COM", ARM)) == 5
    assert taken(buckets, url=URL) == 0


def test_what_is_asked_of_no_subscription_takes_nothing(buckets: Buckets) -> None:
    graph = f"{ARM}/providers/Microsoft.ResourceGraph/resources"
    for _ in range(50):
        buckets.take("POST", graph)
        buckets.reserve("POST", graph)
    buckets.heard("POST", graph, {"x-ms-ratelimit-remaining-subscription-writes": "0"})
    buckets.refused("POST", graph, SECOND)

    assert taken(buckets, "POST") == 3


def test_it_is_refilled_by_the_clock_and_never_beyond_its_size(
    buckets: Buckets, clock: ManualClock
) -> None:
    taken(buckets)
    clock.advance(seconds=1.5)
    assert taken(buckets) == 3
    clock.advance(hours=1)
    assert taken(buckets) == 5


def test_who_is_sent_away_is_told_when_there_is_a_token_and_finds_it(
    buckets: Buckets, clock: ManualClock
) -> None:
    for _ in range(3):
        buckets.take("POST", URL)
    clock.advance(seconds=0.5)

    assert span(lambda: buckets.take("POST", URL)) == 1.5 * SECOND
    clock.advance(seconds=1.4)
    assert span(lambda: buckets.take("POST", URL)) is not None
    clock.advance(seconds=0.1)
    buckets.take("POST", URL)


def test_those_who_are_sent_away_at_once_are_told_to_come_one_after_the_other(
    buckets: Buckets,
) -> None:
    for _ in range(5):
        buckets.take("GET", URL)

    told = [span(lambda: buckets.take("GET", URL)) for _ in range(4)]

    assert told == [SECOND / 2, SECOND, 3 * SECOND / 2, 2 * SECOND]


def test_what_answers_say_is_left_lowers_a_bucket_and_never_fills_it(buckets: Buckets) -> None:
    buckets.heard("GET", URL, {"x-ms-ratelimit-remaining-subscription-reads": "2"})
    buckets.heard("GET", URL, {"x-ms-ratelimit-remaining-subscription-reads": "400"})
    buckets.heard("POST", URL, {"x-ms-ratelimit-remaining-subscription-writes": "1"})

    assert taken(buckets, "GET") == 2
    assert taken(buckets, "POST") == 1


@pytest.mark.parametrize("left", ["3", "03"])
def test_the_reads_of_the_service_itself_count_too(buckets: Buckets, left: str) -> None:
    buckets.heard("GET", URL, {"x-ms-ratelimit-remaining-subscription-resource-requests": left})

    assert taken(buckets) == 3


@pytest.mark.parametrize("left", ["", "-1", "3.5", "many", "1" * 400, "\u0663", "2, 3"])
def test_a_header_that_is_no_number_says_nothing(buckets: Buckets, left: str) -> None:
    buckets.heard("GET", URL, {"x-ms-ratelimit-remaining-subscription-reads": left})

    assert taken(buckets) == 5


def test_after_a_429_nothing_is_taken_until_retry_after_is_over(
    buckets: Buckets, clock: ManualClock
) -> None:
    buckets.refused("GET", URL, 20 * SECOND)

    assert span(lambda: buckets.take("GET", URL)) == 20 * SECOND
    clock.advance(seconds=19.9)
    assert taken(buckets) == 0
    assert taken(buckets, "POST") == 3
    clock.advance(seconds=0.1)
    assert taken(buckets) == 1
    clock.advance(seconds=1)
    assert taken(buckets) == 2


def test_a_429_that_does_not_say_for_how_long_closes_for_a_while(
    buckets: Buckets, clock: ManualClock
) -> None:
    buckets.refused("GET", URL, None)

    clock.advance(seconds=14)
    assert taken(buckets) == 0
    clock.advance(seconds=1)
    assert taken(buckets) == 1


def test_a_shorter_429_opens_nothing_that_a_longer_one_has_closed(
    buckets: Buckets, clock: ManualClock
) -> None:
    buckets.refused("GET", URL, 60 * SECOND)
    buckets.refused("GET", URL, SECOND)

    clock.advance(seconds=59)
    assert taken(buckets) == 0


def test_what_was_reserved_pays_for_the_next_call_of_its_kind_once(buckets: Buckets) -> None:
    buckets.reserve("POST", URL)
    buckets.reserve("POST", URL)
    assert taken(buckets, "POST") == 1 + 2  # The reserved one, and what was left.

    assert span(lambda: buckets.reserve("POST", URL)) is not None
    assert taken(buckets, "POST") == 0


def test_what_one_thread_has_reserved_pays_for_no_other(buckets: Buckets) -> None:
    buckets.reserve("POST", URL)
    found: list[int] = []

    thread = threading.Thread(target=lambda: found.append(taken(buckets, "POST")))
    thread.start()
    thread.join()

    assert found == [2]
    buckets.take("POST", URL)


def test_a_clock_that_goes_back_fills_and_empties_nothing(
    buckets: Buckets, clock: ManualClock
) -> None:
    buckets.take("GET", URL)
    clock.advance(seconds=-100)

    assert taken(buckets) == 4
    clock.advance(seconds=100)
    assert taken(buckets) == 0
