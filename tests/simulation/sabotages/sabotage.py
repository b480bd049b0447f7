"""What a sabotage is, and how it is applied: in memory, for a while."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from inspect import Parameter, isfunction, signature
from typing import Any, Final
from unittest.mock import patch

Patch = tuple[Any, str, Any]
MOST_WORLDS: Final = 60
"""In so many worlds a sabotage must be noticed, or at so many points of a life."""


@dataclass(frozen=True)
class Sabotage:
    """What is done to the app, and which invariant that breaks."""

    breaks: str
    patches: Callable[[], list[Patch]]
    kinds: frozenset[str] = frozenset()
    """What goes wrong in its worlds."""
    patience: float = 4 * 3600
    """Seconds in which its worlds end, where the app is left alone."""
    life: str = ""
    """The life in which it is noticed, where that is one of `lives`."""
    points: int = 0
    """At how many points of that life a process dies, one after the other, until it is noticed."""


@contextmanager
def applied(sabotage: Sabotage) -> Iterator[None]:
    """Sabotage the app for a while."""
    with ExitStack() as stack:
        for target, name, other in sabotage.patches():
            _assert_called_alike(getattr(target, name), other)
            stack.enter_context(patch.object(target, name, other))
        yield


def _assert_called_alike(real: object, other: object) -> None:
    """A sabotage that cannot be called as the app calls it stumbles, and breaks nothing."""
    if not isfunction(real) or not isfunction(other):
        return
    told = signature(real).parameters.values()
    named = {one.name: None for one in told if one.kind is Parameter.KEYWORD_ONLY}
    places = [None for one in told if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
    try:
        signature(other).bind(*places, **named)
    except TypeError as error:
        raise AssertionError(f"{real.__qualname__} is called otherwise: {error}") from None


def kinds(*names: str) -> frozenset[str]:
    return frozenset(names)


LOST: Final = kinds("arm-reset-done", "arm-reset-undone", "arm-504-done-later")
RACES: Final = kinds("message-at-the-same-time-twice", "timer-twice-at-once", "message-late")
