"""Set-up: what is done is left alone, two never race, and a failure shows the installer's words."""

from __future__ import annotations

import os
import re
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from local import set_up
from local.set_up import Part, SetUpFailedError, in_short, turn

if TYPE_CHECKING:
    from pathlib import Path


def a_part(folder: Path, *program: str) -> Part:
    source = folder / "needs.txt"
    source.touch()
    return Part("a part", folder / "mark", [source], [("works", [sys.executable, "-c", *program])])


def test_what_is_set_up_is_not_set_up_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = a_part(tmp_path, "print('Collecting something')")
    set_up.set_up(part, tmp_path)
    first = capsys.readouterr().out

    set_up.set_up(part, tmp_path)

    assert "Setting up, once: a part" in first
    assert capsys.readouterr().out == ""


def test_what_it_needs_having_changed_it_is_set_up_again(tmp_path: Path) -> None:
    part = a_part(tmp_path, "pass")
    set_up.set_up(part, tmp_path)

    os.utime(part.mark, (1, 1))

    assert not part.is_done()


def test_the_second_of_two_waits_and_finds_it_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = tmp_path / "started"
    part = a_part(tmp_path, f"open({str(started)!r}, 'a').write('x')")
    with turn(tmp_path):
        second = threading.Thread(target=set_up.set_up, args=(part, tmp_path))
        second.start()
        said = ""
        while "waiting for it" not in said:
            said += capsys.readouterr().out
        part.mark.touch()
    second.join()

    assert not started.exists()


def test_where_the_output_is_no_terminal_it_tells_now_and_then_what_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(set_up, "TELL_EVERY", 0.0)
    ended = tmp_path / "ended"
    wait = f"import os\nwhile not os.path.exists({str(ended)!r}): pass"
    part = a_part(tmp_path, f"print('Collecting rich==14.0', flush=True)\n{wait}")
    setting_up = threading.Thread(target=set_up.set_up, args=(part, tmp_path))
    setting_up.start()
    said = ""
    while "rich==14.0" not in said:
        said += capsys.readouterr().out
    ended.touch()
    setting_up.join()

    assert re.search(r"^ +\d+ s  rich==14.0$", said, re.MULTILINE)


def test_a_failure_shows_the_end_of_what_the_installer_said_and_is_not_taken_for_done(
    tmp_path: Path,
) -> None:
    part = a_part(tmp_path, "print('no matching distribution'); raise SystemExit(7)")

    with pytest.raises(SetUpFailedError, match="no matching distribution"):
        set_up.set_up(part, tmp_path)

    assert not part.is_done()


@pytest.mark.parametrize(
    ("line", "short"),
    [
        (
            "Collecting azure-functions==1.23.0 (from -r requirements.txt)",
            "azure-functions==1.23.0",
        ),
        ("  Downloading https://host/a/rich-14.0-py3.whl (240 kB)", "rich-14.0-py3.whl"),
        ("Installing collected packages: a, b, c", "installing 3 packages"),
        ("npm http fetch GET 200 https://host/a/-/azurite-3.tgz 12ms (cache)", "azurite-3.tgz"),
        ("Requirement already satisfied: pip", ""),
    ],
)
def test_an_installers_line_is_shown_in_short(line: str, short: str) -> None:
    assert in_short(line) == short


def test_without_a_part_it_says_how_it_is_called() -> None:
    with pytest.raises(SystemExit, match="usage"):
        set_up.main([])
