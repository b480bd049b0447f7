"""Parts that run side by side are told one after the other, and none fails unnamed."""

import re
from pathlib import Path

import pytest

from tools import lanes

Told = pytest.CaptureFixture[str]


def test_a_lane_goes_on_and_what_failed_is_shown_and_named(tmp_path: Path, capsys: Told) -> None:
    status = lanes.main(
        [str(tmp_path), "bad: echo no luck >&2; exit 3", "next: echo goes on", "--", "other: false"]
    )

    told = capsys.readouterr().out
    assert status == 1
    assert re.search(r"bad: failed with 3 in \d+ s", told)
    assert "no luck" in told
    assert "goes on" in told
    assert told.endswith("FAILED: bad, other\n")


def test_lanes_run_at_the_same_time_and_are_told_one_after_the_other(
    tmp_path: Path, capsys: Told
) -> None:
    """Each waits for a word of the other: neither could end if one ran after the other."""
    (tmp_path / "logs").mkdir()
    talk = "mkfifo {mine} 2>/dev/null; mkfifo {its} 2>/dev/null; {first}; {then}; echo {name} ends"
    one, two = tmp_path / "one", tmp_path / "two"
    hears, says = "cat {} >/dev/null", "echo word >{}"
    left = talk.format(mine=one, its=two, name="l", first=hears.format(one), then=says.format(two))
    right = talk.format(mine=two, its=one, name="r", first=says.format(one), then=hears.format(two))

    status = lanes.main(
        [str(tmp_path / "logs"), f"left: echo begins; {left}", "--", f"right: echo begins; {right}"]
    )

    told = capsys.readouterr().out
    assert status == 0
    assert told.count("begins\nl ends\n") == told.count("begins\nr ends\n") == 1
    assert (tmp_path / "logs/left.txt").read_text() == "begins\nl ends\n"


def test_where_all_succeed_so_does_the_run(tmp_path: Path) -> None:
    assert lanes.main([str(tmp_path), "a: true", "--", "b: true"]) == 0
