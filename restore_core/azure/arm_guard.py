"""Where the bearer token may go: the ARM endpoint's host or a subdomain of it, nowhere else. Pure.

Operation URLs and nextLinks come from outside, and a regional host is measured
(`eastus2euap.management.azure.com`), so the host cannot be fixed to the endpoint's own.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

MAX_URL: Final = 16_384
"""Characters of a URL that is followed: 3,712 is the longest measured, a row holds 32,768."""

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_PORTS: Final = {"https": 443, "http": 80}
_PLAIN: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
"""What a URL may hold as it stands; anything else would be quoted on the way, or worse."""
_NAME: Final = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")
"""A host's name without escapes: what `%2f` means there is anybody's guess."""


class ArmGuard:
    """The guard of one endpoint."""

    def __init__(self, endpoint: str) -> None:
        home = parse_url(endpoint)
        self._host = (home.host or "").lower()
        self._scheme = home.scheme or ""
        self._port = home.port or _PORTS.get(self._scheme, 0)

    def allows(self, url: str) -> bool:
        """Tell whether `url` may be called with the token."""
        if not 0 < len(url) <= MAX_URL or not _PLAIN.fullmatch(url):
            return False
        try:
            parsed, other = parse_url(url), urlsplit(url)
        except (LocationParseError, ValueError):
            return False
        host = (parsed.host or "").lower()
        agreed = host.strip("[]") == (other.hostname or "")
        port = _PORTS.get(parsed.scheme or "") if parsed.port is None else parsed.port
        same = parsed.scheme == self._scheme and port == self._port and "@" not in other.netloc
        return agreed and same and self._is_home(host)

    def _is_home(self, host: str) -> bool:
        if self._scheme == "http":  # A name below localhost need not lead to this machine.
            return host == self._host and host in LOOPBACK
        below = host.endswith(f".{self._host}") and _NAME.fullmatch(host) is not None
        return host == self._host or below
