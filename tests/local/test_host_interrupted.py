"""Ctrl-C while the local host starts: it reaches the worker too, and there is nothing to read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.stack.settings import app_settings

if TYPE_CHECKING:
    from local.azurite import Azurite

ROOT = Path(__file__).parents[2]


@pytest.mark.azurite
def test_ctrl_c_while_the_worker_loads_the_app_ends_the_host_without_a_trace(
    azurite: Azurite,
) -> None:
    settings = app_settings(azurite, {"RESTORE_POLL_SCHEDULE": "0 0 0 1 1 *"})
    host = subprocess.Popen(
        [sys.executable, "-m", "local.host", "--port=0"],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    while not _has_a_worker(host.pid) and host.poll() is None:
        time.sleep(0.01)

    os.killpg(host.pid, signal.SIGINT)
    said, _ = host.communicate(timeout=30)

    assert "Traceback" not in said
    assert host.returncode == 0


def _has_a_worker(pid: int) -> bool:
    ps = subprocess.check_output(["ps", "-eo", "ppid,args"], text=True)  # noqa: S607 - the system's.
    found = (line.split(maxsplit=1) for line in ps.splitlines())
    return any(parent == str(pid) and "worker_main" in words for parent, words in found)
