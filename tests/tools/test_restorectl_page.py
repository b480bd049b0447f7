"""The page of restorectl is what its commands are."""

from pathlib import Path

import pytest

from restorectl.app import EXAMPLES
from tools import restorectl_page


def test_the_page_is_that_of_the_commands_and_has_each() -> None:
    assert restorectl_page.main(["--check"]) == 0
    page = restorectl_page.PAGE.read_text("utf-8")
    for name in EXAMPLES:
        assert f"\n### {name}\n" in page


def test_a_page_that_is_out_of_date_is_named_and_written_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(restorectl_page, "PAGE", tmp_path / "restorectl.md")

    assert restorectl_page.main(["--check"]) == 1
    assert "restorectl.md is out of date" in capsys.readouterr().err
    assert restorectl_page.main([]) == 0
    assert restorectl_page.main(["--check"]) == 0
