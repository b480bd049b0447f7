"""Fixtures of the adapters' tests."""

from collections.abc import Iterator

import pytest

from tests.azure.bench import Bench, a_bench
from tests.azure.listener import Listener


@pytest.fixture
def bench() -> Iterator[Bench]:
    """The client on the simulator at the recorded pace."""
    with a_bench() as bench:
        yield bench


@pytest.fixture
def elsewhere() -> Iterator[Listener]:
    """A server that is not ARM."""
    with Listener() as listener:
        yield listener
