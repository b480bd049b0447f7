"""Fixtures of all tests. Every warning is an error, every test has a time-out (pyproject.toml)."""

from collections.abc import Iterator

import pytest

from tests.world import World

pytest_plugins = ["tests.azurite_fixture"]


@pytest.fixture
def world() -> Iterator[World]:
    """A deployment at the recorded pace; at its end the simulator must have no complaint."""
    with World() as world:
        yield world
