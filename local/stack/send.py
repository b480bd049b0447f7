"""Puts a file's content on the stack's queue of requests, as any sender would. Judges nothing.

What is no text that a queue can carry goes in base64, which the app reads as well.
"""

from __future__ import annotations

import base64
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from azure.storage.queue import QueueServiceClient

from local.stack.folder import FOLDER, SETTINGS, NoStackError, http_port, shown, storage
from restore_core.contract.envelopes.reader import read
from restore_core.contract.queue_names import REQUESTS
from restore_core.errors import RestoreError

if TYPE_CHECKING:
    from collections.abc import Callable

USAGE = 2
MOST = 65_536  # bytes of a queue's message.
UNSENDABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in no XML
REQUEST_ID_IN_A_URL = re.compile(r"[\w.~:-]+", re.ASCII)


class UnsendableError(ValueError):
    """There is nothing in this file that could be sent; the text says why."""


def send(name: str, *, folder: Path = FOLDER, put: Callable[[str, str], None] | None = None) -> int:
    """Send the file of this name, and say where to look next."""
    if not name:
        return _failed(usage(folder), USAGE)
    try:
        body = read_file(Path(name).expanduser())
        message = as_message(body)
        (put or _put)(storage(folder), message)
    except (NoStackError, UnsendableError) as error:
        return _failed(str(error), 1)
    _print(told_to(name, body, message, http_port(folder)))
    return 0


def read_file(path: Path) -> bytes:
    """Return what is in a file; raise UnsendableError."""
    try:
        with path.open("rb") as file:
            body = file.read(MOST + 1)
            size = len(body) + len(file.read()) if len(body) > MOST else len(body)
    except OSError as error:
        raise UnsendableError(f"{path} cannot be read: {error.strerror}.") from None
    if not body.strip():
        raise UnsendableError(f"{path} is empty: a message is a JSON object, see the README.")
    if size > MOST:
        raise UnsendableError(f"{path} has {size:,} bytes: a queue's message has at most {MOST:,}.")
    return body


def as_message(body: bytes) -> str:
    """Return a body as a queue can carry it; raise UnsendableError where it has no room."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if not UNSENDABLE.search(text):
        return text
    encoded = base64.b64encode(body).decode()
    if len(encoded) > MOST:
        raise UnsendableError(
            f"The file is no plain text, and in base64 it has {len(encoded):,} bytes: a queue's "
            f"message has at most {MOST:,}."
        )
    return encoded


def told_to(name: str, body: bytes, message: str, port: int) -> str:
    """Return what a person is told who has sent this."""
    form = "" if message.encode() == body else ", in base64, as they are no plain text"
    request_id = _request_id(body)
    known = f" The requestId: {request_id}" if request_id else ""
    return f"""\
Sent to the queue restore-requests.{known}
  {name}: {len(body):,} bytes{form}

The app takes it as soon as it runs (make host). Is the disk back, from when,
how long did it take? Look with one of

  make results
  curl http://127.0.0.1:{port}/api/restores{f"/{request_id}" if request_id else ""}
"""


def usage(folder: Path) -> str:
    """Return how to send, with what there is to try."""
    found = sorted(file for file in folder.glob("*.json") if file.name != SETTINGS)
    to_try = "".join(f"\n  make send FILE={shown(file)}" for file in found)
    return f"usage: make send FILE=request.json{f'{chr(10)}To try:{to_try}' if to_try else ''}"


def _request_id(body: bytes) -> str:
    """Return the id that the app will know it by, "" where it will find none."""
    try:
        found = read(body).request_id
    except RestoreError:
        return ""
    return found if REQUEST_ID_IN_A_URL.fullmatch(found) else ""


def _put(connection_string: str, message: str) -> None:
    queues = QueueServiceClient.from_connection_string(connection_string)
    queues.get_queue_client(REQUESTS).send_message(message)


def _failed(text: str, code: int) -> int:
    print(text, file=sys.stderr)  # noqa: T201 - a program that talks to a person.
    return code


def _print(text: str) -> None:
    print(text, end="", flush=True)  # noqa: T201 - a program that talks to a person.
