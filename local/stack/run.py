"""Starts Azurite and the simulated Azure, and says what to do with them, until Ctrl-C.

Then a line for every call that the simulator answers, and for what a good client would not do.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from local.azurite import USUAL_PORTS, Azurite, AzuriteMissingError
from local.child import ChildFailedError
from local.machine import machine_message
from local.node import NodeMissingError
from local.pace import azure_at, fast_settings
from local.ports import is_free
from local.stack.folder import FOLDER, SETTINGS, StackRunsError, held, publish, shown
from local.stack.settings import app_settings
from local.stopping import Interrupted, Stopping
from restore_core.azure.queues import AccountQueues
from restore_core.azure.tables.account import AccountTables
from simulator import Simulator
from simulator.accusations import short

if TYPE_CHECKING:
    from simulator import Call

TRY_FIRST = "newest-point.json"
A_MACHINE = "machine.json"


def run(pace: float, *, folder: Path = FOLDER, stopping: Stopping | None = None) -> int:
    """Run until it is time to end; that is how it is meant to end, so that is no failure."""
    stopping = stopping or Stopping.listen()
    try:
        with held(folder):
            _run(folder, pace, stopping)
    except Interrupted:
        _print("\nAzurite and the simulator have ended.")
        return 0
    except (AzuriteMissingError, ChildFailedError, NodeMissingError, StackRunsError) as error:
        _print(str(error))
    except PermissionError as error:
        _print(f"{error.filename} cannot be written: is this clone another user's?")
    return 1


def _run(folder: Path, pace: float, stopping: Stopping) -> None:
    _print("Starting Azurite and the simulated Azure …")
    simulator = Simulator(pace=azure_at(pace), on_call=_print_call, on_accusation=_print_accusation)
    messages = messages_to_try(simulator)
    with start_azurite() as azurite, simulator.serve() as server:
        stopping.look()
        create_queues_and_tables(azurite.connection_string)
        vault = str(messages[TRY_FIRST]["backupInstanceId"]).partition("/backupInstances/")[0]
        settings = app_settings(azurite, server.environment) | fast_settings(pace)
        settings["RESTORE_DEFAULT_VAULT"] = vault
        publish(folder, settings, messages)
        _print(introduction(folder, pace, Path(sys.executable).parent))
        stopping.wait()


def start_azurite() -> Azurite:
    """Return an Azurite on its usual ports, or on free ones where those are taken."""
    usual = all(is_free(port) for port in USUAL_PORTS.values())
    if not usual:
        _print("Ports 10000 to 10002 are not all free: Azurite takes others.")
    return Azurite(usual_ports=usual)


def create_queues_and_tables(connection_string: str) -> None:
    """Create what the app would create in its first tick: who sends first needs it."""
    AccountQueues(QueueServiceClient.from_connection_string(connection_string)).create_missing()
    AccountTables(TableServiceClient.from_connection_string(connection_string)).create_missing()


def messages_to_try(simulator: Simulator) -> dict[str, dict[str, Any]]:
    """Return messages by the names of their files, each about a disk that is backed up."""
    instances = {number: simulator.protect(f"disk-{number}") for number in (1, 2, 3)}
    group = instances[1].partition("/providers/")[0] + "-restored"
    between = simulator.points(instances[2])[1].time + timedelta(hours=3)
    return {
        TRY_FIRST: {
            "requestId": "try-1",
            "backupInstanceId": instances[1],
            "targetResourceGroupId": group,
        },
        "point-in-time.json": {
            "requestId": "try-2",
            "sourceDiskId": simulator.source_disk(instances[2]),
            "targetResourceGroupId": group,
            "targetDiskName": "disk-2-as-it-was",
            "pointInTime": between.isoformat(),
        },
        "validate-only.json": {
            "requestId": "try-3",
            "backupInstanceId": instances[3],
            "targetResourceGroupId": group,
            "validateOnly": True,
        },
        A_MACHINE: machine_message(simulator, "try-vm", group),
    }


def introduction(folder: Path, pace: float, programs: Path) -> str:
    """Return what to do now: commands that work as they stand, in the folder of the clone."""
    length = "takes minutes, as in Azure" if pace <= 1 else f"is {pace:g} times as fast as in Azure"
    faster = " (make stack PACE=12: half a minute)" if pace <= 1 else ""
    machine = shown(folder / A_MACHINE)
    return f"""\
Azurite and the simulated Azure run; the app's queues and tables are there.
A restore {length}{faster}.

Now, in other terminals, in this folder:

  make host
  make send FILE={shown(folder / TRY_FIRST)}
  make ctl DO="ls"
  make board

The first runs the app; the third tells whether the disk is back, from when, and
how long it took (it is restorectl: DO="--help" has the rest); the last shows it
on a page. More messages to try lie beside {TRY_FIRST}. The bad day,
all three disks of a machine by one message:

  make send FILE={machine}
  make ctl DO="watch try-vm"

In place of make host, with Azure Functions Core Tools:

  cp -i {shown(folder / SETTINGS)} local.settings.json
  PATH="$PWD/{shown(programs)}:$PATH" func start

Ctrl-C ends Azurite and the simulator. What the simulator is asked:
"""


def line_of(call: Call) -> str:
    """Return a call in one line: what a person tries next must not scroll away."""
    return f"{call.at:%H:%M:%S} {call.status or 'cut off'} {call.method} {short(call.path)}"


def _print_call(call: Call) -> None:
    _print(line_of(call))


def _print_accusation(sentence: str) -> None:
    _print(f"!!!!!!!! BAD CLIENT: {sentence}")


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that talks to a person.
