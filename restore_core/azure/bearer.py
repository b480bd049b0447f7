"""The token that ARM is shown: fetched when it is needed, kept until shortly before its end."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

import requests
from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError
from requests.auth import AuthBase

from restore_core.errors import Problem, Unavailable
from restore_core.text import one_line

TOKEN_MARGIN: Final = 300
"""Seconds before its end at which a token is fetched anew, as Azure's own clients do."""


class Bearer(AuthBase):
    """Puts the token on a request. As `auth`, so that no .netrc can put another one there."""

    def __init__(
        self, credential: TokenCredential, scope: str, clock: Callable[[], datetime]
    ) -> None:
        self._credential = credential
        self._scope = scope
        self._clock = clock
        self._lock = threading.Lock()
        self._token: AccessToken | None = None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token on a request; raise Unavailable where there is none."""
        request.headers["Authorization"] = f"Bearer {self.current()}"
        return request

    def forget(self) -> None:
        """Drop the token: ARM would not have it."""
        with self._lock:
            self._token = None

    def current(self) -> str:
        """Return a token that lasts; raise Unavailable where there is none."""
        with self._lock:
            if self._token is None or self._ends_soon(self._token):
                self._token = self._fetch()
            return self._token.token

    def _ends_soon(self, token: AccessToken) -> bool:
        return token.expires_on - self._clock().timestamp() < TOKEN_MARGIN

    def _fetch(self) -> AccessToken:
        try:
            return self._credential.get_token(self._scope)
        except AzureError as error:
            raise Unavailable(
                Problem(
                    "NoToken",
                    f"The app's identity got no token for ARM: {one_line(str(error), 300)}",
                    "Check that the function app has a managed identity, and that AZURE_CLIENT_ID "
                    "names it where it is user-assigned.",
                )
            ) from None
