"""What the cases read by must not stumble over a line that the app is writing at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.host.witness import Diary

if TYPE_CHECKING:
    from pathlib import Path

LINE = (
    '{"at": "2026-11-21T12:00:00+00:00", "pid": 1, "host": "a", "function": "f", "what": "began"}\n'
)


def test_a_line_that_is_still_being_written_is_not_read(tmp_path: Path) -> None:
    diary = Diary(tmp_path / "diary.jsonl")

    for length in range(len(LINE)):
        diary.file.write_text(LINE + LINE[:length])
        assert len(diary.entries("f")) == 1

    diary.file.write_text(LINE + LINE)
    assert len(diary.entries("f")) == 2
