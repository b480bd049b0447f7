"""Waits for the rows of requests: over HTTP, as a sender without a right on any table does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from local.live.app import App, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

GLANCE = 5.0  # seconds between two looks; a validation takes half a minute.


class Seen(NamedTuple):
    """A request's row, when it has changed."""

    request_id: str
    row: dict[str, Any]

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return bool(self.row.get("ended"))


class Waiting:
    """Looks again and again, for so long. A look that does not get through is none."""

    def __init__(
        self, app: App, *, pause: Callable[[float], object], seconds: float, glance: float = GLANCE
    ) -> None:
        self._app = app
        self._pause = pause
        self._looks = max(1, round(seconds / glance))
        self._glance = glance

    def for_all(self, request_ids: Sequence[str]) -> Iterator[Seen]:
        """Yield each new status of each request, until all have ended or the time is over."""
        open_ones = dict.fromkeys(request_ids, "")
        for _ in range(self._looks):
            for request_id, known in list(open_ones.items()):
                row = self._row(request_id)
                if row is None or (_status(row) == known and not row.get("ended")):
                    continue
                seen = Seen(request_id, row)
                yield seen
                open_ones[request_id] = _status(row)
                if seen.ended:
                    del open_ones[request_id]
            if not open_ones:
                return
            self._pause(self._glance)

    def _row(self, request_id: str) -> dict[str, Any] | None:
        try:
            return self._app.restore(request_id)
        except UnreachableError:
            return None


def _status(row: dict[str, Any]) -> str:
    return str(row.get("status", ""))
