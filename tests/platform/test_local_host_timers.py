"""The local host's timers fire by the Functions host's rules."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import azure.functions as func
import pytest

from local.host.local_host import LocalHost
from local.host.timer_listener import Schedule
from tests.platform.small_app import PATIENCE, QUICK, Calls, a_timer

if TYPE_CHECKING:
    from pathlib import Path


def test_a_timer_fires_by_its_schedule_also_after_a_failure() -> None:
    calls = Calls()

    def fail(timer: func.TimerRequest) -> None:
        calls.add(timer)
        raise ValueError("the next tick comes all the same")

    began = datetime.now(UTC)
    with LocalHost.for_app(a_timer(fail), {"SCHEDULE": "* * * * * *"}, settings=QUICK):
        third = [calls.next_moment() for _ in range(3)][-1]

    assert third - began > timedelta(seconds=2)  # each in a second of its own


def test_a_slow_timer_never_overlaps_itself_and_makes_one_of_what_it_missed() -> None:
    ticks, slow_calls, most, running = 0, 0, 0, 0
    three_ticks, six_ticks = threading.Event(), threading.Event()
    calls_of_slow: list[int] = []
    app = func.FunctionApp()

    @app.timer_trigger(arg_name="timer", schedule="* * * * * *")
    def quick(timer: func.TimerRequest) -> None:  # noqa: ARG001 - bound by name.
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            three_ticks.set()
        if ticks == 6:
            calls_of_slow.append(slow_calls)
            six_ticks.set()

    @app.timer_trigger(arg_name="timer", schedule="* * * * * *")
    def slow(timer: func.TimerRequest) -> None:  # noqa: ARG001 - bound by name.
        nonlocal slow_calls, most, running
        running += 1
        most = max(most, running)
        slow_calls += 1
        three_ticks.wait(PATIENCE)
        running -= 1

    with LocalHost.for_app(app, {}, settings=QUICK):
        assert six_ticks.wait(PATIENCE)

    assert most == 1
    assert 2 <= calls_of_slow[0] <= 6 - 1  # ticks two and three became one call


def test_a_tick_missed_while_the_host_was_down_is_past_due(tmp_path: Path) -> None:
    calls = Calls()
    (tmp_path / "on_tick.next").write_text("2020-01-01T00:00:00+00:00")
    yearly = {"SCHEDULE": "0 0 0 1 1 *"}

    with LocalHost.for_app(a_timer(calls.add), yearly, settings=QUICK, memory=tmp_path):
        timer = calls.next()

    assert timer.past_due is True
    assert datetime.fromisoformat((tmp_path / "on_tick.next").read_text()) > datetime.now(UTC)


def test_a_timer_can_run_on_start_up() -> None:
    calls, app = Calls(), func.FunctionApp()

    @app.timer_trigger(arg_name="timer", schedule="0 0 * * * *", run_on_startup=True)
    def on_start(timer: func.TimerRequest) -> None:
        calls.add(timer)

    with LocalHost.for_app(app, {}, settings=QUICK):
        assert calls.next().past_due is False


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("*/30 * * * * *", "2026-11-22T10:00:30+00:00"),
        ("0 */5 * * * *", "2026-11-22T10:05:00+00:00"),
        ("0 30 4 * * *", "2026-11-23T04:30:00+00:00"),
        ("0 0 0 13 * 5", "2027-08-13T00:00:00+00:00"),  # a thirteenth that is a Friday
    ],
)
def test_a_schedule_has_six_fields_with_seconds_first(schedule: str, expected: str) -> None:
    now = datetime(2026, 11, 22, 10, 0, 3, 500_000, tzinfo=UTC)

    assert Schedule(schedule).next_after(now) == datetime.fromisoformat(expected)
