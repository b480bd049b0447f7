"""The App Service managed-identity endpoint, and what ARM thinks of its tokens.

Tokens carry their own proof, so that a simulator that was stopped and started knows its own again.
They live by the wall clock even where the world has another: the libraries that hold them, and
Azurite that reads them, know no other clock.
"""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from simulator.errors import Refusal, by_arm
from simulator.exchange import Answer, Request

PATH: Final = "/msi/token"
_TENANT: Final = "11111111-2222-4333-8444-555555555555"
_SPAN: Final = timedelta(hours=24)  # App Service's tokens live a day.
_ARM_AUDIENCES: Final = frozenset(
    {
        "https://management.azure.com",
        "https://management.core.windows.net",
        "https://management.usgovcloudapi.net",
        "https://management.chinacloudapi.cn",
    }
)


def _wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class Identity:
    """Issues tokens to whoever knows the header, and recognises them."""

    secret: str
    lifetime: timedelta = _SPAN
    now: Callable[[], datetime] = _wall_clock
    client_id: str = "66666666-7777-4888-9999-aaaaaaaaaaaa"
    object_id: str = "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"
    _refused_before: datetime = field(default=datetime.min.replace(tzinfo=UTC))

    @property
    def header(self) -> str:
        """The value that X-IDENTITY-HEADER must have."""
        return hashlib.sha256(f"header {self.secret}".encode()).hexdigest()[:32].upper()

    def answer(self, request: Request) -> Answer:
        """Answer a request for a token."""
        if request.headers.get("x-identity-header") != self.header:
            return _trouble(401, "The X-IDENTITY-HEADER is missing or wrong.")
        resource = request.query.get("resource", "")
        if not resource or request.query.get("api-version") != "2019-08-01":
            return _trouble(400, "resource and api-version=2019-08-01 are required.")
        return Answer.of(self._grant(resource, request.query.get("client_id")))

    def expire_tokens(self) -> None:
        """Let every token that was issued until now be expired for ARM."""
        self._refused_before = self.now()

    def check(self, request: Request) -> str:
        """Return who calls; raise the 401 that ARM answers unless the token is good."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise by_arm(
                401,
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.",
            )
        claims = self._claims(token)
        if claims is None:
            raise by_arm(401, "InvalidAuthenticationToken", "The access token is invalid.")
        self._check_claims(claims, request)
        return str(claims["appid"])

    def _check_claims(self, claims: dict[str, Any], request: Request) -> None:
        audience = str(claims["aud"]).rstrip("/")
        if audience not in _ARM_AUDIENCES | {request.base, request.base.replace("http", "https")}:
            raise _refusal_of_audience(audience)
        issued = datetime.fromtimestamp(claims["issued_at"], UTC)
        expired = claims["exp"] <= self.now().timestamp()
        if expired or issued < self._refused_before:
            raise by_arm(401, "ExpiredAuthenticationToken", "The access token has expired.")

    def _grant(self, resource: str, client_id: str | None) -> dict[str, Any]:
        now = self.now()
        expires = int((now + self.lifetime).timestamp())
        claims = {
            "aud": resource,
            "iss": f"https://sts.windows.net/{_TENANT}/",
            "iat": int(now.timestamp()) - 300,
            "nbf": int(now.timestamp()) - 300,  # As Entra does, for clocks that go slow.
            "exp": expires,
            "issued_at": now.timestamp(),
            "appid": client_id or self.client_id,
            "oid": self.object_id,
            "tid": _TENANT,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        return {
            "access_token": self._token(claims),
            "expires_on": str(expires),
            "resource": resource,
            "token_type": "Bearer",
            "client_id": claims["appid"],
        }

    def _token(self, claims: dict[str, Any]) -> str:
        head = _base64url(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
        signed = f"{head}.{_base64url(json.dumps(claims).encode())}"
        return f"{signed}.{self._signature(signed)}"

    def _signature(self, signed: str) -> str:
        return _base64url(hmac.digest(self.secret.encode(), signed.encode(), "sha256"))

    def _claims(self, token: str) -> dict[str, Any] | None:
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(signed).encode()):
            return None
        payload = signed.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
        return claims


def _refusal_of_audience(audience: str) -> Refusal:
    return by_arm(
        401,
        "InvalidAuthenticationTokenAudience",
        "The access token has been obtained for wrong audience or resource "
        f"'{audience}'. It should exactly match with one of the allowed audiences.",
    )


def _trouble(status: int, message: str) -> Answer:
    return Answer.of({"statusCode": status, "message": message}, status)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
