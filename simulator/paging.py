"""Lists in pages: `value`, and a `nextLink` to the rest with an opaque $skipToken."""

import base64
import binascii
from typing import Any
from urllib.parse import quote

from simulator.errors import by_arm
from simulator.exchange import Request


def page(request: Request, items: list[Any], size: int | None) -> tuple[list[Any], str | None]:
    """Return the page a request asks for, and the link to the next one."""
    start = _start(request.query.get("$skiptoken"))
    end = len(items) if size is None else start + size
    return items[start:end], _link(request, end) if end < len(items) else None


def _link(request: Request, start: int) -> str:
    token = base64.urlsafe_b64encode(f"offset:{start}".encode()).decode()
    version = request.query.get("api-version", "")
    query = f"api-version={version}&$skipToken={quote(token)}"
    return f"{request.base}{request.raw_path}?{query}"


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("offset:"))
    except (ValueError, binascii.Error) as trouble:
        raise by_arm(400, "InvalidSkipToken", "The $skipToken is invalid.") from trouble
