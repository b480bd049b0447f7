"""The pictures of the board in docs/: `make test-board PICTURES=docs` draws them anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.board.conftest import NARROW
from tests.board.scene import a_night, a_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.board.conftest import Visit

pytestmark = pytest.mark.browser

MOST = 250_000  # bytes: a page of the docs has to open fast.
WIDE = {"width": 1280, "height": 1240}
PICTURES = {
    "board.png": ("/", WIDE, "light", ""),
    "board-dark.png": ("/", WIDE, "dark", ""),
    "board-charts.png": ("/", WIDE, "light", ".charts"),
    "board-phone.png": ("/", {**NARROW, "height": 1240}, "light", ""),
    "board-restore.png": ("/restores/mail-03", {**WIDE, "height": 1000}, "light", ""),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_the_same_night_each_time(
    visit: Callable[..., Visit], name: str, tmp_path: Path
) -> None:
    path, size, scheme, part = PICTURES[name]
    drawn = []
    for _ in range(2):
        night = a_night()
        a_set(night)
        seen = visit(night, size=size, scheme=scheme).open(path)
        if path == "/":
            seen.page.locator("#age .main-svg").first.wait_for()
        seen.page.mouse.move(0, 0)
        drawn.append((seen.page.locator(part) if part else seen.page).screenshot())

    (Path(os.environ.get("PICTURES") or tmp_path) / name).write_bytes(drawn[0])

    assert drawn[0] == drawn[1]
    assert len(drawn[0]) < MOST
