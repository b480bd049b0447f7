"""What an app binds and what the host sends for it: the words shared by listeners and workers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class QueueTrigger:
    """A function that is called for each message of a queue."""

    function: str
    parameter: str
    queue: str
    connection: str


@dataclass(frozen=True)
class TimerTrigger:
    """A function that is called on a schedule."""

    function: str
    parameter: str
    schedule: str
    run_on_startup: bool = False


@dataclass(frozen=True)
class HttpTrigger:
    """A function that answers requests of HTTP; without methods, all of them."""

    function: str
    parameter: str
    route: str
    methods: tuple[str, ...] = ()
    auth_level: str = "function"


Trigger = QueueTrigger | TimerTrigger | HttpTrigger


@dataclass(frozen=True)
class Datum:
    """One value on its way to a worker, in the form the host gives it."""

    value: str
    type: Literal["string", "json"] = "string"


@dataclass(frozen=True)
class HttpCall:
    """A request of HTTP on its way to a worker."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    route: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def with_route(self, route: Mapping[str, str]) -> Self:
        """Return the call with the values of its route's parameters."""
        return replace(self, route=route)


@dataclass(frozen=True)
class HttpAnswer:
    """What a function answers, or the host itself."""

    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Incoming:
    """What the host sends for one invocation."""

    data: Datum | HttpCall
    metadata: Mapping[str, Datum] = field(default_factory=dict)


class Invoker(Protocol):
    """A worker: it calls the app's functions."""

    def invoke(self, trigger: Trigger, incoming: Incoming) -> HttpAnswer | None:
        """Call the trigger's function; return when it ended well, raise when it did not."""
        ...


class UnknownTriggerError(ValueError):
    """The local host has no listener for this kind of trigger."""


def read_trigger(function: str, bindings: Iterable[Mapping[str, Any]]) -> Trigger:
    """Read a function's trigger from its bindings, as the platform describes them."""
    for binding in bindings:
        parameter = str(binding["name"])
        match binding["type"]:
            case "queueTrigger":
                queue, connection = str(binding["queueName"]), str(binding["connection"])
                return QueueTrigger(function, parameter, queue=queue, connection=connection)
            case "timerTrigger":
                return TimerTrigger(
                    function,
                    parameter,
                    schedule=str(binding["schedule"]),
                    run_on_startup=bool(binding.get("runOnStartup")),
                )
            case "httpTrigger":
                return HttpTrigger(
                    function,
                    parameter,
                    route=str(binding.get("route") or function),
                    methods=tuple(_word(method).upper() for method in binding.get("methods") or ()),
                    auth_level=_word(binding.get("authLevel") or "function").lower(),
                )
            case _:
                continue
    raise UnknownTriggerError(f"{function}: the local host knows queue, timer and HTTP triggers.")


def _word(value: Any) -> str:
    """Return the word that an enum of the programming model stands for, or that is text already."""
    return str(getattr(value, "value", value))
