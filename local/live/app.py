"""The app's functions of HTTP, asked with a key. Only reads; never shows the key."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import requests

KEYS = "az functionapp keys list --name <app> --resource-group <group> --query functionKeys.default"
TIMEOUT = (10, 60)  # seconds: the doctor takes 20, a first import some more.
PLAIN_HOSTS = ("127.0.0.1", "localhost", "::1")


class AppError(RuntimeError):
    """The app did not answer as it should; the text says what to do."""


class UnreachableError(AppError):
    """No answer came at all, this time."""


class App:
    """The app at one address."""

    def __init__(self, url: str, key: str) -> None:
        self.url = _address(url)
        self._headers = {"x-functions-key": key} if key else {}

    def doctor(self) -> dict[str, Any]:
        """Return what the doctor found; raise AppError."""
        answer = self._get("/api/doctor")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise AppError(f"{self.url} has no doctor. Is it this app, in a version that has one?")
        return self._object(answer)

    def version(self) -> str:
        """Return the version that answers, once it has shown that it reads its tables."""
        answer = self._get("/api/restores?top=1")
        self._object(answer)
        return answer.headers.get("X-Azure-Disk-Restore-Version", "unknown")

    def restore(self, request_id: str) -> dict[str, Any] | None:
        """Return where a request stands; None while its message is not known yet."""
        answer = self._get(f"/api/restores/{quote(request_id, safe='')}")
        if answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE):
            return None
        return self._object(answer)

    def _get(self, path: str) -> requests.Response:
        try:
            return requests.get(
                self.url + path, headers=self._headers, timeout=TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            raise UnreachableError(
                f"{self.url} does not answer: {type(error).__name__}. Is the address right, does "
                "the app run, and may this machine reach it?"
            ) from None

    def _object(self, answer: requests.Response) -> dict[str, Any]:
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise AppError(
                f"{self.url} does not take the key. One that opens all of the app's functions: "
                f"{KEYS}"
            )
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise AppError(f"{self.url} answered HTTP {answer.status_code} and no JSON.")
        if answer.status_code != HTTPStatus.OK:
            raise AppError(f"{self.url}: {body.get('code')}: {body.get('detail')}")
        return body


def _address(url: str) -> str:
    """Return an address without a path; raise AppError where the key would go out in the clear."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    is_here = parts.scheme == "http" and parts.hostname in PLAIN_HOSTS
    if not parts.hostname or not (parts.scheme == "https" or is_here):
        raise AppError(f"{url} is no address of an app: it is https://<app>.azurewebsites.net")
    return f"{parts.scheme}://{parts.netloc}"
