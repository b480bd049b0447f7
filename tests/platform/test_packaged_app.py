"""The platform's own worker library indexes the app out of its package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tools import package

pytestmark = [
    pytest.mark.platform,
    pytest.mark.skipif(
        sys.version_info < (3, 13), reason="the worker library exists from Python 3.13 on"
    ),
]

# In a process of its own, as an app can be indexed once; the app's code comes from the package.
INDEX = f"""
import sys
sys.path.append({str(package.ROOT)!r})
from pathlib import Path
from local.host.worker_library import WorkerLibrary
sys.path.pop()
with WorkerLibrary(Path.cwd()) as library:
    print(*sorted(trigger.function for trigger in library.triggers))
    print(sys.modules["restore_core"].__file__)
"""


def test_it_finds_the_six_functions(tmp_path: Path) -> None:
    package.main(["--into", str(tmp_path)])
    (packed,) = tmp_path.glob("*.zip")
    with ZipFile(packed) as unpacked:
        unpacked.extractall(tmp_path / "app")

    done = subprocess.run(  # noqa: S603 - our own words.
        [sys.executable, "-c", INDEX],
        cwd=tmp_path / "app",
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    functions, core = done.stdout.splitlines()
    assert functions.split() == [
        "accept_restore",
        "advance_restore",
        "doctor",
        "get_restore",
        "list_restores",
        "poll_restores",
        "summarise_restores",
    ]
    assert Path(core).is_relative_to(tmp_path / "app")
