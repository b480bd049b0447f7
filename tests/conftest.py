"""Fixtures of all tests. Every warning is an error, every test has a time-out (pyproject.toml)."""

import gc
import sys
import threading
from collections.abc import Generator, Iterator
from typing import Final

import pytest

from tests.world import World

pytest_plugins = ["tests.azurite_fixture"]
SABOTAGE: Final = "sabotage"
"""The property in which a test tells which invariant noticed a sabotage of the app."""


@pytest.fixture
def world() -> Iterator[World]:
    """A deployment at the recorded pace; at its end the simulator must have no complaint."""
    with World() as world:
        yield world


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Let `no_cover` hold in a process of xdist, too; and what is measured collect no garbage.

    There pytest-cov 7.1 measures twice, one above the other: when it pauses the one, the other goes
    on, at the same cost and for nobody. And deep in a text that is nested too deeply, where the
    measuring finds no room on the stack, nothing of others can be finalised.
    """
    if item.get_closest_marker("no_cover") is None:
        gc.disable()
        try:
            return (yield)
        finally:
            gc.enable()
    traced, in_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)  # type: ignore[arg-type]  # None is what ends it.
    try:
        return (yield)
    finally:
        sys.settrace(traced)
        threading.settrace(in_threads)  # type: ignore[arg-type]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of sabotages; workers have no terminal, so their reports carry its rows."""
    reports = [one for told in ("passed", "failed") for one in terminalreporter.getreports(told)]
    properties = [pair for report in reports for pair in getattr(report, "user_properties", ())]
    rows = dict.fromkeys(row for name, row in properties if name == SABOTAGE)
    if rows:
        terminalreporter.section("sabotages: which invariant noticed, in which world")
    for row in rows:
        terminalreporter.write_line(str(row))
