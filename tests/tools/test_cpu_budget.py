"""What a test run costs is told, and too much is a failure."""

import subprocess
import sys

import pytest

BUSY = """
import time
until = time.process_time() + {seconds}
while time.process_time() < until:
    pass
"""
PARENT = (
    "import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', {work!r}]).returncode)"
)


def _told(*words: str) -> tuple[int, str]:
    ran = subprocess.run(  # noqa: S603  our own words
        [sys.executable, "-m", "tools.cpu_budget", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout.strip()


def test_within_the_budget_the_command_decides() -> None:
    status, told = _told("--most", "60", sys.executable, "-c", "raise SystemExit(3)")

    assert status == 3
    assert told.endswith("; at most 60 CPU-seconds may be used")


def test_beyond_the_budget_success_is_a_failure() -> None:
    status, told = _told("--most", "0.1", sys.executable, "-c", BUSY.format(seconds=0.2))

    assert status == 1
    assert told.startswith("TOO DEAR: ")


@pytest.mark.parametrize("most", ["0.3", "60"])
def test_what_a_child_of_the_command_uses_is_counted(most: str) -> None:
    work = PARENT.format(work=BUSY.format(seconds=0.4))

    status, _ = _told("--most", most, sys.executable, "-c", work)

    assert status == (1 if most == "0.3" else 0)


def test_without_a_budget_the_cost_is_told_alone() -> None:
    status, told = _told(sys.executable, "-c", "")

    assert status == 0
    assert told.startswith("0 CPU-seconds in 0 min 0")
