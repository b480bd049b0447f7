"""A table whose rows are named by ids: what a person copies stands unbroken, however narrow it is.

An id that has no room in its column has a line of its own above its row; what is said of a row in
sentences has the whole width below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from rich import box
from rich.cells import cell_len
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.table import Column, Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

_SHARE: Final = 0.25
"""Of the width, what the column of ids may have: a list has five columns beside it."""
_INDENT: Final = 4
_ROW: Final = "row"
"""Marks the first line of a row, in the style's own data: no terminal is ever sent that."""


@dataclass(frozen=True)
class _Id:
    """The cell of an id: empty where the id has no room in it."""

    text: str
    row: int

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        shown = self.text if self.fits(options.max_width) else " "
        yield Segment(shown, Style(meta={_ROW: self.row}))

    def fits(self, width: int) -> bool:
        return cell_len(self.text) <= width


class IdTable(Table):
    """Add rows by `add`. Give no column a least width: Rich would crop the line to keep it.

    `id_at` is which column holds the ids, `share` what it may have of the width.
    """

    def __init__(
        self, *columns: Column, title: str = "", id_at: int = 0, share: float = _SHARE
    ) -> None:
        super().__init__(
            *columns,
            title=title or None,
            title_justify="left",
            box=box.SIMPLE_HEAD,
            padding=0,
            pad_edge=False,
        )
        self._column = self.columns[id_at]
        self._id_at = id_at
        self._share = share
        self._ids: list[_Id] = []
        self._below: list[Sequence[str]] = []

    def add(self, *cells: str | Text, below: Sequence[str] = ()) -> None:
        """Add a row, with what is said below it."""
        one = _Id(str(cells[self._id_at]), len(self._ids))
        self._ids.append(one)
        self._below.append(below)
        self.add_row(*cells[: self._id_at], one, *cells[self._id_at + 1 :])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it for this width."""
        width = self._column.width = self._room(options.max_width)
        drawn = cast("Iterable[Segment]", super().__rich_console__(console, options))
        *lines, edge = Segment.split_lines(drawn)
        below: Sequence[str] = ()
        for line in lines:
            row = _row_of(line)
            if row is not None:
                yield from _sentences(below, console, options)
                below = self._below[row]
                if not self._ids[row].fits(width):
                    yield from _alone(self._ids[row].text, options)
            yield from line
            yield Segment.line()
        yield from _sentences(below, console, options)
        yield from edge
        yield Segment.line()

    def _room(self, width: int) -> int:
        """Return the width of the longest id that may stand in the column."""
        most = int(width * self._share)
        fitting = [cell_len(one.text) for one in self._ids if one.fits(most)]
        return max([cell_len(str(self._column.header)), *fitting])


def _row_of(line: Iterable[Segment]) -> int | None:
    """Return which row begins with this line."""
    for segment in line:
        if segment.style and _ROW in segment.style.meta:
            return int(segment.style.meta[_ROW])
    return None


def _alone(text: str, options: ConsoleOptions) -> RenderResult:
    """Yield an id on its line, whole where the terminal may wrap it: that is copied as one."""
    if options.no_wrap:
        yield Segment(f" {text}")
        yield Segment.line()
    else:
        yield Text(f" {text}", overflow="fold")


def _sentences(texts: Iterable[str], console: Console, options: ConsoleOptions) -> RenderResult:
    wrapped = options.update(no_wrap=False, overflow="fold")
    for text in texts:
        yield from console.render(Padding(Text(text, "dim"), (0, 0, 0, _INDENT)), wrapped)
