"""Azurite and the simulated Azure alone: for `func start`, `python -m local.host`, your own client.

Prints what the app must find in `local.settings.json`, and a request to try, then a line for every
call the simulator answers and for everything a good client would not have done. Ends with Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from typing import TYPE_CHECKING

from local.azurite import Azurite
from local.child import ChildFailedError
from local.host.http_listener import DEFAULT_PORT
from simulator import Pace, Simulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator import Call

RECORDED_PACE = 1.0
HOST = f"http://localhost:{DEFAULT_PORT}"


def main() -> None:
    """Run until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local.stack", description=__doc__)
    parser.add_argument("--pace", type=float, default=RECORDED_PACE, help="10: ten times faster")
    pace = Pace(scale=parser.parse_args().pace)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    simulator = Simulator(pace=pace, on_call=_print_call, on_accusation=_print_accusation)
    azurite = start_azurite()
    try:
        with simulator.serve() as server:
            instance = simulator.protect("disk-1")
            _introduce(app_settings(azurite, server.environment), instance)
            stopping.wait()
    finally:
        azurite.close()


def start_azurite() -> Azurite:
    """Start Azurite on its usual ports, or on free ones where those are taken."""
    azurite = Azurite(usual_ports=True)
    try:
        azurite.start()
    except ChildFailedError:
        azurite.close()
        azurite = Azurite()
        azurite.start()
    return azurite


def app_settings(azurite: Azurite, simulated: Mapping[str, str]) -> dict[str, str]:
    """Return every setting the app needs to run against this Azurite and this simulator."""
    return {
        "AzureWebJobsStorage": azurite.connection_string,
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "PYTHON_THREADPOOL_THREAD_COUNT": "16",
        "RestoreStorage": azurite.connection_string,
        "RESTORE_ALLOW": "* => *",
        "RESTORE_POLL_SCHEDULE": "*/30 * * * * *",
        **simulated,
    }


def _introduce(settings: Mapping[str, str], instance: str) -> None:
    _print("Put this into local.settings.json, then `func start` or `python -m local.host`:\n")
    _print(json.dumps({"IsEncrypted": False, "Values": settings}, indent=2))
    request = {
        "requestId": "try-1",
        "backupInstanceId": instance,
        "targetResourceGroupId": instance.partition("/providers/")[0] + "-restored",
    }
    _print("\nThen put this on the queue restore-requests:\n")
    _print(json.dumps(request, indent=2))
    _print("\nand look, under the host's own address:\n")
    _print(f"curl {HOST}/api/restores/{request['requestId']}\ncurl {HOST}/api/restores")
    _print("\nCtrl-C ends Azurite and the simulator. What the simulator is asked:\n")


def _print_call(call: Call) -> None:
    _print(f"{call.at:%H:%M:%S} {call.method} {call.path} {call.status or 'cut off'}")


def _print_accusation(sentence: str) -> None:
    _print(f"!!!!!!!! BAD CLIENT: {sentence}")


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that talks to a person.


if __name__ == "__main__":
    main()
