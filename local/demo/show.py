"""The whole app on this machine: real Azurite, a simulated Azure, and ten messages.

Shows what four senders write, each restore while it runs, the events that came out, and at the end
the result rows. The code is 1 when a request did not end as it should, or the simulator saw a bad
client. Whatever it started has ended when it ends.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from local.azurite import Azurite, AzuriteMissingError
from local.child import ChildFailedError
from local.demo.board import Board, TimeIsUpError
from local.demo.requests import demo_requests, set_scene, written_out
from local.host.local_host import LocalHost
from local.node import NodeMissingError
from local.pace import azure_at, fast_settings, keep_up
from local.results_table import console
from local.stack.settings import app_settings
from local.stopping import Interrupted, Stopping
from simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from local.demo.pictures import Standing
    from local.demo.requests import DemoRequest, Scene

RECORDED_LENGTH = 480.0  # seconds that the slowest request takes at the recorded pace, with room.
PATIENCE = 90.0  # seconds more, for what does not get faster with the simulator.


@dataclass(frozen=True)
class Wishes:
    """What is shown beside the demo itself."""

    event: bool = False
    board: bool = False


def show(pace: float, wishes: Wishes) -> int:
    """Show all of it; return what the shell is told."""
    stopping = Stopping.listen()
    to = console()
    log = new_log()
    logging.basicConfig(filename=log, level=logging.INFO)
    try:
        return run(pace, to, stopping, log, wishes)
    except Interrupted:
        to.print("Interrupted: whatever the demo started has ended.")
        return stopping.exit_code
    except TimeIsUpError as error:
        to.print(f"{error}\nThe app's log: {log}")
    except (AzuriteMissingError, ChildFailedError, NodeMissingError) as error:
        to.print(f"The demo cannot run: {error}", markup=False)
    return 1


def run(pace: float, to: Console, stopping: Stopping, log: Path, wishes: Wishes) -> int:
    """Start everything, send the requests, watch them, show the results, end everything."""
    to.print("Starting Azurite and the simulated Azure …")
    simulator = Simulator(pace=azure_at(pace))
    scene = set_scene(simulator)
    requests = demo_requests(simulator, scene)
    with Azurite() as azurite, simulator.serve() as server, ExitStack() as until_the_end:
        stopping.look()
        tables = TableServiceClient.from_connection_string(azurite.connection_string)
        board = Board(tables, requests, to)
        to.print(f"They run, {pace:g} times as fast as recorded.")
        if wishes.board:
            from local.demo.page import opened  # noqa: PLC0415 - only this needs a server.

            until_the_end.enter_context(opened(tables, to, stopping))
        settings = {**app_settings(azurite, server.environment), **demo_settings(scene, pace)}
        queues = QueueServiceClient.from_connection_string(azurite.connection_string)
        board.show_messages(written_out(requests))
        keep_up(pace)
        with local_host(settings):
            send(queues, requests, stopping)
            to.print(f"{len(requests)} messages are on the queue. The app's log:\n{log}\n")
            standings = board.watch(PATIENCE + RECORDED_LENGTH / pace, stopping)
        board.show_reasons(standings)
        board.show_what_is_next(standings)
        board.show_events(received(queues), whole=wishes.event)
        board.show_results(standings)
        return judge(to, standings, simulator.accusations)


def new_log() -> Path:
    """Return a new file for the app's log, which is nobody else's: two demos may run at once."""
    handle, name = tempfile.mkstemp(prefix="azure-disk-restore-demo-", suffix=".log")
    os.close(handle)
    return Path(name)


def demo_settings(scene: Scene, pace: float) -> dict[str, str]:
    """Return the scene's settings, and those that keep up with a fast Azure."""
    return {
        "RESTORE_ALLOW": scene.rules,
        "RESTORE_DEFAULT_VAULT": scene.vault,
        "RESTORE_EVENTS": "all",
        **fast_settings(pace),
    }


@contextmanager
def local_host(settings: Mapping[str, str]) -> Iterator[None]:
    """Run the app in this process, with these settings and no trace of the user's own Azure."""
    for name in [name for name in os.environ if name.upper().startswith(("AZURE", "RESTORE"))]:
        del os.environ[name]
    os.environ.update(settings, NO_PROXY="127.0.0.1")
    app = importlib.import_module("function_app").app
    with LocalHost.for_app(app, os.environ):
        yield


def send(queues: QueueServiceClient, requests: Sequence[DemoRequest], stopping: Stopping) -> None:
    """Put the messages on the queue, which the app creates in its first tick."""
    queue = queues.get_queue_client("restore-requests")
    for request in requests:
        stopping.look()
        while True:
            try:
                queue.send_message(request.body)
                break
            except ResourceNotFoundError:
                stopping.wait(0.2)


def received(queues: QueueServiceClient) -> list[dict[str, Any]]:
    """Return the events on the app's queue, as a receiver reads them."""
    queue = queues.get_queue_client("restore-events")
    messages = queue.receive_messages(messages_per_page=32, visibility_timeout=60)
    return [json.loads(str(message.content)) for message in messages]


def judge(to: Console, standings: Sequence[Standing], accusations: Sequence[str]) -> int:
    """Say what is not as it should be; return the exit code."""
    wrong = [s for s in standings if s.state != s.request.expected]
    for standing in wrong:
        request = standing.request
        to.print(f"{request.shows}: {standing.state}, but {request.expected} was expected.")
    for accusation in accusations:
        to.print(f"The simulated Azure complains: {accusation}")
    if wrong or accusations:
        return 1
    to.print(f"All {len(standings)} requests ended as they should.")
    return 0
