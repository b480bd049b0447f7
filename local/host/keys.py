"""Whether a request of HTTP may come in: by its `x-functions-key`, or `code` in its query."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.host.triggers import HttpCall


def opens(key: str, call: HttpCall) -> bool:
    """Tell whether the call brings this key; where there is none, every call may come in."""
    headers = {name.lower(): value for name, value in call.headers.items()}
    given = headers.get("x-functions-key") or call.query.get("code", "")
    return not key or hmac.compare_digest(given.encode(), key.encode())
