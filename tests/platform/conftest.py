"""The simulator behind real HTTP, at a moment of the test's own, and a client of it."""

from collections.abc import Iterator

import pytest

from simulator import Server, Simulator
from tests.platform.simulator_client import Client, ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def simulator(clock: ManualClock) -> Simulator:
    return Simulator(now=clock)


@pytest.fixture
def server(simulator: Simulator) -> Iterator[Server]:
    with simulator.serve() as server:
        yield server


@pytest.fixture
def client(simulator: Simulator, server: Server) -> Iterator[Client]:
    client = Client(server, simulator.protect("disk-1"))
    with client.session:
        yield client
