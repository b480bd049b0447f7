"""When to look again. Every delay of the app stands here, beside its reason. Pure.

Measured on 39 recorded disk restores, 2021 to 2025 (seconds): validation 32 to 105, median 42;
restore operation 0 to 3.3; restore job 213 to 368, median 246.
"""

from datetime import timedelta
from typing import Final

FUNCTION_TIMEOUT: Final = timedelta(minutes=5)
"""host.json's functionTimeout: no invocation of ours lives longer. A test ties the two."""

TICK_BUDGET: Final = timedelta(minutes=2)
"""No restore is begun later in a tick, so that a tick ends before the function's time-out."""

ONE_BY_ONE_BUDGET: Final = timedelta(seconds=30)
"""What a tick reads one after the other (leaders, what was poisoned) may take so long, a quarter of
its time: where storage is slow, jobs are looked at all the same."""

CLOCK_SKEW: Final = timedelta(minutes=5)
"""By how much two clocks, a worker's and Azure's, may differ: what Kerberos allows too."""

CLAIM_FRESH: Final = timedelta(minutes=1)
"""A claim is used at once or not at all: its POST is not sent when saving it took longer."""

FIRST_SEARCH: Final = timedelta(seconds=30)
"""After a lost answer the job is looked for soon: job lists were current in every recording."""

JOB_WINDOW: Final = timedelta(minutes=10)
"""A job that started this long after a claim may be the claim's."""

OPERATION_PATIENCE: Final = timedelta(hours=1)
"""An operation that has not ended by then may never end: the longest recorded took 105 s. And one
that nobody could read for so long may be gone."""

GONE_LIMIT: Final = 3
"""Answers in a row that know no such operation before it is held to be lost."""

GUARD: Final = timedelta(days=7)
"""How long a target stays locked after a restore was given up whose job may still write it."""

GUARD_LOOK: Final = timedelta(hours=1)
SWEEP_GRACE: Final = timedelta(seconds=90)
"""How long a step message may be late before the sweep takes the step instead."""

RESTART: Final = timedelta(minutes=5)
"""After a job that failed with a transient code: Azure has some time to get well."""

FULL_VAULT: Final = timedelta(minutes=1)
"""How long a vault is left alone that has said that as many restores run in it as may; or may be
about to say so: whoever got a turn in it knows only when its operation is looked at."""

ENDING_MEANWHILE: Final = 4
"""One in so many of the jobs that run ends in that time: a minute of 213 to 368 s."""

LEAST_FOR_A_JOB: Final = timedelta(seconds=400)
"""Nothing is triggered with less time left: recorded jobs took up to 368 s, and one that its
restore does not live to see would be reported as given up, although it wrote the disk."""

LAST_LOOKS: Final = timedelta(minutes=30)
"""For so long after its deadline a restore is looked at until a look is answered. A set waits for
its members longer (SET_GRACE)."""

ORPHAN_AGE: Final = timedelta(hours=1)
"""An outstanding row whose restore never came is dropped after this: no accept takes so long."""

WORTH_A_NOTICE: Final = timedelta(minutes=15)
"""What Azure answers for so long, whoever waits for the disk wants to know."""

COMPLAINT_GAP: Final = timedelta(minutes=90)
"""Answers farther apart are two stories: the longest pause between two tries is an hour."""

NOTICE_LIFE: Final = timedelta(days=7)
"""How long an event that cannot be sent is kept: it would live no longer on its queue."""

MAX_RETRY_AFTER: Final = timedelta(days=1)
"""A longer Retry-After is cut: a queue message can hide for seven days at the most."""

CLOUD_DOS_PAUSE: Final = timedelta(hours=1)
"""Data Protection's own limit answers 400 without Retry-After: "Please retry after few hours"."""

_OPERATION_FLOOR: Final = timedelta(seconds=10)
_OPERATION_CEILING: Final = timedelta(minutes=5)
_OPERATION_LEAST: Final = timedelta(seconds=1)
"""Also where Retry-After is 0: no answer may make a step ask again in a loop."""

_VALIDATION_SHORTEST: Final = timedelta(seconds=32)
_VALIDATION_RETRIES: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60))
_BACKOFF_FIRST: Final = timedelta(seconds=15)
_THROTTLED_MOST: Final = timedelta(minutes=5)
_BACKOFF_LAST: Final = timedelta(minutes=15)
_SEARCHES: Final = tuple(timedelta(seconds=s) for s in (30, 60, 120, 240))

FIRST_JOB_LOOK: Final = timedelta(seconds=1)
"""The next tick looks at a job that has been named: ARM's Retry-After has hidden it for 30 s."""

ENROLLING: Final = timedelta(seconds=1)
"""An invocation that has recorded members for as long as it should lets another go on."""

GATHERING: Final = timedelta(seconds=15)
"""Every tick looks whether the members of a set have ended: that is one query of one partition."""

SET_GRACE: Final = timedelta(hours=1)
"""After the deadline of a set, a member that has no end yet is counted as given up."""

_JOB_TYPICAL: Final = (timedelta(seconds=213), timedelta(seconds=400))
"""Where recorded jobs end: from the shortest of them on, every tick looks."""
JOBS_END_FROM: Final = _JOB_TYPICAL[0]
"""After its claim. The job of a member of a set is not looked at before: of hundreds, the looks
that see nothing would be most of what ARM lets the app read."""
_JOB_EVERY_TICK: Final = timedelta(seconds=15)
_JOB_FLOOR: Final = timedelta(seconds=25)
_JOB_CEILING: Final = timedelta(minutes=10)


def operation_delay(age: timedelta, retry_after: timedelta | None) -> timedelta:
    """Return how long to leave an operation of `age` alone.

    Retry-After is obeyed where it comes (10 s after validateRestore, 30 s after restore; the
    operation itself sends none). Beyond it the pause grows with the age, so that a slow
    validation costs a handful of calls and is still seen within half its length.
    """
    pause = min(age / 2, _OPERATION_CEILING)
    asked = _OPERATION_FLOOR if retry_after is None else retry_after
    return max(pause, asked, _OPERATION_LEAST)


def validation_delay(age: timedelta, retry_after: timedelta | None) -> timedelta:
    """Return how long to leave a validation of `age` alone.

    ARM asks for 10 s, and none recorded ended before 32 s: three times as long, but no longer than
    the shortest, is early enough.
    """
    asked = _OPERATION_FLOOR if retry_after is None else retry_after
    first = min(3 * asked, _VALIDATION_SHORTEST)
    return max(operation_delay(age, retry_after), first - age)


def job_delay(age: timedelta) -> timedelta:
    """Return how long to leave a job of `age` alone.

    With a tick every 30 s, the end of a job of any length L is seen within 60 s + L/4, and
    within 45 s where jobs usually end; no pause is longer than ten minutes.
    """
    age = max(age, timedelta())  # The worker's clock may be behind that of the claim.
    begin, end = _JOB_TYPICAL
    if begin <= age < end:
        return _JOB_EVERY_TICK
    pause = min(_JOB_FLOOR + age / 4, _JOB_CEILING)
    return min(pause, begin - age) if age < begin else pause


def backoff(misses: int, retry_after: timedelta | None) -> timedelta:
    """Return the pause after `misses` calls in a row that were not taken (1, 2, …)."""
    pause = min(_BACKOFF_FIRST * (1 << min(misses - 1, 10)), _BACKOFF_LAST)
    return max(pause, retry_after) if retry_after is not None else pause


def throttled(retry_after: timedelta | None) -> timedelta:
    """Return for how long nothing more is asked in a subscription that answered 429.

    Not for longer than a while: a provider behind ARM may answer so for one vault, for hours.
    """
    return min(_BACKOFF_FIRST if retry_after is None else retry_after, _THROTTLED_MOST)


def validation_retry(failures: int) -> timedelta:
    """Return the pause after the n-th validation that failed with a transient code."""
    return _VALIDATION_RETRIES[min(failures, len(_VALIDATION_RETRIES)) - 1]


def search_delay(misses: int) -> timedelta:
    """Return the pause after the n-th search that did not find the job of a claim."""
    return _SEARCHES[min(misses, len(_SEARCHES)) - 1]
