"""The whole app on this machine: real Azurite, a simulated Azure, and nine messages.

Shows what three senders write, each restore while it runs, the result rows, and the events that
came out. Exits with 1 when a request did not end as it should, or the simulator saw a bad client.
Whatever it started has ended when it ends.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from local.azurite import Azurite
from local.demo.board import Board, TimeIsUpError
from local.demo.requests import demo_requests, set_scene
from local.host.local_host import LocalHost
from local.stack.settings import app_settings
from simulator import Pace, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from local.demo.board import Standing
    from local.demo.requests import DemoRequest, Scene

DEMO_PACE = 12.0  # Twelve times faster than recorded: a job takes 20 s, the whole under a minute.
RECORDED_LENGTH = 480.0  # seconds that the slowest request takes at the recorded pace, with room.
PATIENCE = 90.0  # seconds more, for what does not get faster with the simulator.
INTERRUPTED = 130
LOG = Path(tempfile.gettempdir()) / "azure-disk-restore-demo.log"


def main() -> int:
    """Run the demo and tell the shell how it went."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument("--pace", type=float, default=DEMO_PACE, help="1: the recorded pace")
    pace = parser.parse_args().pace
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(INTERRUPTED))
    logging.basicConfig(filename=LOG, filemode="w", level=logging.INFO)
    try:
        return run(pace)
    except KeyboardInterrupt:
        return INTERRUPTED


def run(pace: float) -> int:
    """Start everything, send the requests, watch them, end everything."""
    # A fast Azure says "look again soon" while it works; whether the real one does is not known.
    simulator = Simulator(pace=Pace(scale=pace, poll_retry_after=10 if pace > 1 else None))
    scene = set_scene(simulator)
    requests = demo_requests(simulator, scene)
    with Azurite() as azurite, simulator.serve() as server:
        board = Board(
            TableServiceClient.from_connection_string(azurite.connection_string), requests
        )
        board.say(f"Azurite and the simulated Azure run, {pace:g} times as fast as recorded.")
        settings = {**app_settings(azurite, server.environment), **demo_settings(scene, pace)}
        queues = QueueServiceClient.from_connection_string(azurite.connection_string)
        board.show_messages(requests[:3])
        with local_host(settings):
            send(queues, requests)
            board.say(f"{len(requests)} messages are on the queue. The app's log: {LOG}")
            try:
                standings = board.watch(PATIENCE + RECORDED_LENGTH / pace)
            except TimeIsUpError as error:
                board.say(str(error))
                return 1
        events = received(queues)
    board.show_results(standings)
    board.show_events(events)
    return judge(board, standings, simulator.accusations)


def demo_settings(scene: Scene, pace: float) -> dict[str, str]:
    """Return the scene's settings, and those that keep up with a fast Azure."""
    settings = {
        "RESTORE_ALLOW": scene.rules,
        "RESTORE_DEFAULT_VAULT": scene.vault,
        "RESTORE_EVENTS": "all",
    }
    if pace <= 1:
        return settings
    return settings | {
        "RESTORE_POLL_SCHEDULE": "*/2 * * * * *",
        "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:01",
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


def send(queues: QueueServiceClient, requests: Sequence[DemoRequest]) -> None:
    """Put the messages on the queue, which the app creates in its first tick."""
    queue = queues.get_queue_client("restore-requests")
    for request in requests:
        while True:
            try:
                queue.send_message(request.body)
                break
            except ResourceNotFoundError:
                time.sleep(0.2)


def received(queues: QueueServiceClient) -> list[dict[str, Any]]:
    """Return the events on the app's queue, as a receiver reads them."""
    queue = queues.get_queue_client("restore-events")
    messages = queue.receive_messages(messages_per_page=32, visibility_timeout=60)
    return [json.loads(str(message.content)) for message in messages]


def judge(board: Board, standings: Sequence[Standing], accusations: Sequence[str]) -> int:
    """Say what is not as it should be; return the exit code."""
    wrong = [s for s in standings if s.state != s.request.expected]
    for standing in wrong:
        request = standing.request
        board.say(f"\n{request.shows}: {standing.state}, but {request.expected} was expected.")
    for accusation in accusations:
        board.say(f"\nThe simulated Azure complains: {accusation}")
    if wrong or accusations:
        return 1
    board.say(f"\nAll {len(standings)} requests ended as they should.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
