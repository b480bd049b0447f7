"""A release tells the changelog's section of its version, and no tag without one is a release."""

import pytest

from tools import release_notes
from tools.release_notes import NoReleaseError, notes

CHANGELOG = """\
# Changelog

## [Unreleased]

## [1.10.0] - 2026-11-27

### Added

- Something.

## [1.1.0]
"""


def test_a_tag_tells_the_section_of_its_version() -> None:
    assert notes("v1.10.0", "1.10.0", CHANGELOG) == "### Added\n\n- Something."


@pytest.mark.parametrize(
    ("tag", "version", "why"),
    [
        ("v1.10.0", "1.11.0", "tag v1.11.0, or change it"),
        ("1.10.0", "1.10.0", "tag v1.10.0"),
        ("v1.1.0", "1.1.0", r"no section \[1.1.0\]"),
        ("v2.0.0", "2.0.0", r"no section \[2.0.0\]"),
        ("v1x10.0", "1x10.0", "no section"),
    ],
)
def test_any_other_tag_is_no_release(tag: str, version: str, why: str) -> None:
    with pytest.raises(NoReleaseError, match=why):
        notes(tag, version, CHANGELOG)


def test_a_tag_that_is_not_the_version_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert release_notes.main(["v0.0.0-none"]) == 1
    assert "pyproject.toml says" in capsys.readouterr().err
