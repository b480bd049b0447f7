"""A worker's first line tells its version, also where its settings are wrong."""

import logging
from datetime import datetime

import pytest

from restore_core import wiring
from restore_core.errors import SettingsError
from restore_core.version import VERSION
from tests.fakes import NOON


def clock() -> datetime:
    return NOON


def test_a_worker_tells_its_version_before_anything_can_fail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    with pytest.raises(SettingsError):
        wiring.engine({}, clock)

    assert caplog.messages[0].startswith(f"worker.started version={VERSION} ")
