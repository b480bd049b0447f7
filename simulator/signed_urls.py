"""Operation URLs as ARM hands them out: long, signed, and good only as they are.

A URL is checked by making it again, so nothing need be kept: whoever rebuilt one, re-encoded it
or left a part out, did not send what was handed out.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, urlsplit

from simulator import wire_times

_CERTIFICATE_SIZE: Final = 1961  # Makes the recorded 2,615 characters of base64url.
_SIGNATURE_SIZE: Final = 256
_SUBJECT: Final = b"asyncoperationsigningcertificate.management.azure.com"


@dataclass(frozen=True)
class Signer:
    """Signs paths with a secret of its own."""

    secret: str

    def sign(self, path: str, api_version: str, now: datetime) -> str:
        """Return path and query of a signed URL."""
        return self._sign(path, api_version, str(wire_times.ticks(now)))

    def is_ours(self, target: str) -> bool:
        """Tell whether this path and query are, to the letter, what was once handed out."""
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        version, ticks = query.get("api-version", [""])[0], query.get("t", [""])[0]
        return hmac.compare_digest(target.encode(), self._sign(parts.path, version, ticks).encode())

    def _sign(self, path: str, api_version: str, ticks: str) -> str:
        unsigned = f"{path}?api-version={api_version}&t={ticks}&c={self._certificate()}"
        signature = _base64url(self._bytes(unsigned, _SIGNATURE_SIZE))
        digest = _base64url(hashlib.sha256((unsigned + signature).encode()).digest())
        return f"{unsigned}&s={signature}&h={digest}"

    def _certificate(self) -> str:
        head = bytes.fromhex("308207a53082068da0030201020213") + _SUBJECT
        return _base64url(head + self._bytes("certificate", _CERTIFICATE_SIZE - len(head)))

    def _bytes(self, seed: str, size: int) -> bytes:
        first = hmac.digest(self.secret.encode(), seed.encode(), "sha256")
        return hashlib.shake_256(first).digest(size)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
