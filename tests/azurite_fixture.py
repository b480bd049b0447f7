"""Azurite for the tests that need it: one for each worker of a test run, shared by its tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from local.azurite import Azurite, AzuriteMissingError
from local.child import ChildFailedError
from local.node import NodeMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """The real storage emulator; a test that leaves things there gives them its own names."""
    yield from _running(oauth=False)


@pytest.fixture(scope="session")
def azurite_with_tokens() -> Iterator[Azurite]:
    """The same over https, with bearer tokens instead of a key."""
    yield from _running(oauth=True)


def _running(*, oauth: bool) -> Iterator[Azurite]:
    azurite = Azurite(oauth=oauth)
    try:
        _start_or_skip(azurite)
        yield azurite
    finally:
        azurite.close()


def _start_or_skip(azurite: Azurite) -> None:
    try:
        azurite.start()
    except (AzuriteMissingError, NodeMissingError, ChildFailedError) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"Azurite cannot be started here: {error}")
