"""Which call meets which fault. First come, first served."""

import re
from dataclasses import dataclass, field
from threading import Lock

from simulator.exchange import Request
from simulator.faults import Fault


@dataclass
class Planned:
    """A fault and the calls it waits for."""

    method: str
    path: re.Pattern[str]
    fault: Fault
    left: int | None  # None: until it is removed.

    def fits(self, request: Request) -> bool:
        """Tell whether this is the call it waits for."""
        same_method = self.method in ("*", request.method)
        return self.left != 0 and same_method and bool(self.path.search(request.path))


@dataclass
class Plan:
    """The faults to come, first come, first served."""

    planned: list[Planned] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(
        self, method: str, path: str | re.Pattern[str], fault: Fault, times: int | None
    ) -> Planned:
        """Plan a fault; a text is the end of a path, in which `*` stands for one segment."""
        one = Planned(method.upper(), _pattern(path), fault, times)
        with self._lock:
            self.planned.append(one)
        return one

    def take(self, request: Request) -> Fault | None:
        """Return the fault that this call meets, and count it."""
        with self._lock:
            for one in self.planned:
                if one.fits(request):
                    one.left = None if one.left is None else one.left - 1
                    return one.fault
        return None

    def clear(self) -> None:
        """Plan nothing more."""
        with self._lock:
            self.planned.clear()


def _pattern(path: str | re.Pattern[str]) -> re.Pattern[str]:
    if isinstance(path, re.Pattern):
        return path
    return re.compile(re.escape(path).replace(r"\*", "[^/]+") + "$", re.IGNORECASE)
