"""Takes a disk away again: DELETE on ARM, under the identity of whoever runs the smoke test."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import requests
from azure.core.exceptions import AzureError

if TYPE_CHECKING:
    from collections.abc import Callable

    from restore_core.contract.resource_ids import DiskId

API_VERSION = "2023-10-02"
TIMEOUT = (10, 60)
GLANCE = 5.0  # seconds between two looks; a disk is gone after some.
LOOKS = 60
TAKEN = (HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)


class NotDeletedError(RuntimeError):
    """The disk is there still, or may be; the text says what ARM answered."""


class Credential(Protocol):
    """Whatever gives tokens."""

    def get_token(self, *scopes: str) -> Token:
        """Return a token, or raise an AzureError."""
        ...


class Token(Protocol):
    """A token."""

    @property
    def token(self) -> str:
        """What goes into the header."""
        ...


class Disks:
    """The disks of one ARM."""

    def __init__(
        self, endpoint: str, credential: Credential, pause: Callable[[float], object]
    ) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme != "https" and parts.hostname != "127.0.0.1":
            raise NotDeletedError(f"{endpoint} is no https URL: no token goes there.")
        self._endpoint = endpoint.rstrip("/")
        self._credential = credential
        self._pause = pause

    def delete(self, disk: DiskId) -> str:
        """Delete a disk, wait until it is gone and return what was answered."""
        answer = self._call("DELETE", disk)
        if answer.status_code not in TAKEN:
            raise NotDeletedError(_told("DELETE", answer))
        for _ in range(LOOKS):
            look = self._call("GET", disk)
            if look.status_code == HTTPStatus.NOT_FOUND:
                return f"HTTP {answer.status_code}; it is gone"
            self._pause(GLANCE)
        raise NotDeletedError(f"{_told('DELETE', answer)} It is there still.")

    def _call(self, method: str, disk: DiskId) -> requests.Response:
        url = f"{self._endpoint}{disk}?api-version={API_VERSION}"
        try:
            token = self._credential.get_token(f"{self._endpoint}/.default").token
            return requests.request(
                method,
                url,
                headers={"Authorization": f"Bearer {token}"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except (AzureError, requests.RequestException) as error:
            raise NotDeletedError(f"{method} of the disk: {type(error).__name__}.") from None


def _told(method: str, answer: requests.Response) -> str:
    return f"{method} was answered with HTTP {answer.status_code}: {answer.text[:1_000]}"
