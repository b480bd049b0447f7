"""The board in a real browser: Debian's Chromium, driven by Playwright. `make test-board`."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from restorectl.board.serving import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from restorectl.board.guard import Door
    from tests.board.scene import Night

PATIENCE = 20_000  # milliseconds until a test gives up: another test may have the processor.
NARROW = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 900}

OF_THE_CHARTS = "sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o="
"""The chart library asks by an inline style whether pictures may be drawn with sharp edges. The
policy says no, and no chart of ours has a picture."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start Chromium, once for all tests of a process."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError:
        program = None
    if not program:
        missing = "Chromium or Playwright is missing: the board was seen in no browser."
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A browser that has come to a board, and what it did there that it should not."""

    page: Any
    door: Door
    night: Night
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    asked: set[Any] = field(default_factory=set)

    def listen(self) -> None:
        self.page.on("request", self._note)
        self.page.on("requestfinished", self._forget)
        self.page.on("requestfailed", self._forget)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        if message.type == "error" and OF_THE_CHARTS not in message.text:
            self.complaints.append(message.text)

    def open(self, path: str = "/") -> Visit:
        """Open the board, and there `path`, and wait until it shows what it knows."""
        self.page.goto(self.door.address)
        if path != "/":
            self.page.goto(f"http://127.0.0.1:{self.door.port}{path}")
        self.page.locator(".live.good").wait_for()
        return self

    def pass_time(self, seconds: int) -> None:
        """Let the page's clock and the night's run on, and stand still else."""
        self._stand_still()
        if self.asked:  # The page sets its clock again when the answer has come.
            self.page.wait_for_event("requestfinished")
            self.page.evaluate("fetch('/page/icon.svg').then((answer) => answer.text())")
        self.night.clock.advance(seconds=seconds)
        self.page.clock.run_for(seconds * 1000)

    def _stand_still(self) -> None:
        """Stop the page's clock, which stops only at a moment to come.

        On a busy machine it may be past that moment before it is told to stop there.
        """
        for ahead in (10, 100, 1000):  # milliseconds
            try:
                self.page.clock.pause_at((self.page.evaluate("Date.now()") + ahead) / 1000)
            except Exception as error:
                if "to the past" not in str(error):
                    raise
            else:
                return
        raise AssertionError("The page's clock did not stop.")

    def _note(self, request: Any) -> None:
        if not request.url.startswith(f"http://127.0.0.1:{self.door.port}/"):
            self.elsewhere.append(request.url)
        if "/data/" in request.url:
            self.asked.add(request)

    def _forget(self, request: Any) -> None:
        self.asked.discard(request)


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Visit]]:
    """Return what visits the board of a night; at the end, nothing was asked for elsewhere."""
    begun: list[Visit] = []
    open_ones: list[Any] = []

    def visiting(night: Night, *, size: Any = None, scheme: str = "light", **more: Any) -> Visit:
        server = served(night.reading, night.clock, night.account)
        door = server.__enter__()
        context = chromium.new_context(
            viewport=size or WIDE, color_scheme=scheme, reduced_motion="reduce", **more
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.clock.install(time=night.clock())
        one = Visit(page, door, night)
        one.listen()
        begun.append(one)
        open_ones.append((server, context))
        return one

    yield visiting
    for server, context in open_ones:
        context.close()
        server.__exit__(None, None, None)
    assert [url for one in begun for url in one.elsewhere] == []
    assert [text for one in begun for text in one.complaints] == []
