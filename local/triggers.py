"""What an app binds and what the host sends for it: the words shared by listeners and workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

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


Trigger = QueueTrigger | TimerTrigger


@dataclass(frozen=True)
class Datum:
    """One value on its way to a worker, in the form the host gives it."""

    value: str
    type: Literal["string", "json"] = "string"


@dataclass(frozen=True)
class Incoming:
    """What the host sends for one invocation."""

    data: Datum
    metadata: Mapping[str, Datum] = field(default_factory=dict)


class Invoker(Protocol):
    """A worker: it calls the app's functions."""

    def invoke(self, trigger: Trigger, incoming: Incoming) -> None:
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
            case _:
                continue
    raise UnknownTriggerError(f"{function}: the local host knows queue and timer triggers only.")
