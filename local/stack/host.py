"""The app on the stack that runs, under the local Functions host."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from local.ports import is_free
from local.stack.folder import FOLDER, NoStackError, tell_port, values

if TYPE_CHECKING:
    from collections.abc import Mapping


def run_host(port: int) -> int:
    """Run the app until Ctrl-C; say what stands in the way."""
    try:
        settings = values()
    except NoStackError as error:
        return _failed(str(error))
    if not is_free(port):
        return _failed(
            f"Port {port} is taken, perhaps by another host. End that one, or take another port: "
            f"make host PORT={port + 1}"
        )
    tell_port(FOLDER, port)
    environment = settings_over(settings, os.environ)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["python -m local.host", f"--port={port}"]
    from local.host.__main__ import main  # noqa: PLC0415 - imports nothing that would know Azure.

    main()
    return 0


def settings_over(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the stack's settings, and without an identity of the user's."""
    kept = {n: v for n, v in environment.items() if not n.upper().startswith("AZURE_")}
    return {**kept, **settings, "NO_PROXY": "127.0.0.1"}


def _failed(text: str) -> int:
    print(text, file=sys.stderr)  # noqa: T201 - a program that talks to a person.
    return 1
