"""A client of the simulator that does as it should, and a clock that stands still."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from simulator import Server

VERSION = "2024-04-01"
HTTP_TIMEOUT = 30
VALIDATION, OPERATION, JOB = timedelta(seconds=42), timedelta(seconds=30), timedelta(seconds=246)


@dataclass
class ManualClock:
    """Time that stands still until it is told to go on."""

    moment: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, span: timedelta) -> None:
        self.moment += span


@dataclass
class Client:
    """A client that does as it should, unless a test lets it do otherwise."""

    server: Server
    instance: str
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.headers["Authorization"] = f"Bearer {token(self.server)}"
        self.session.headers["x-ms-client-request-id"] = "8f0d1d3e-3391-11ef-bc2f-60a5e243551b"

    @property
    def vault(self) -> str:
        return self.instance.rsplit("/", 2)[0]

    def get(self, path: str, **query: str) -> requests.Response:
        url = path if path.startswith("http") else self.server.url + path
        asked = None if "api-version=" in path else {"api-version": VERSION, **query}
        return self.session.get(url, params=asked, timeout=HTTP_TIMEOUT, allow_redirects=False)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.session.post(
            self.server.url + path,
            params={"api-version": VERSION},
            json=body,
            timeout=HTTP_TIMEOUT,
            allow_redirects=False,
        )

    def newest_point(self) -> str:
        return str(self.get(f"{self.instance}/recoveryPoints").json()["value"][0]["name"])

    def body(self, target: str = "disk-1-restored") -> dict[str, Any]:
        return restore_body(self.newest_point(), target_id(target))

    def validate(self, target: str = "disk-1-restored") -> requests.Response:
        wrapped = {"restoreRequestObject": self.body(target)}
        return self.post(f"{self.instance}/validateRestore", wrapped)

    def restore(self, target: str = "disk-1-restored") -> requests.Response:
        return self.post(f"{self.instance}/restore", self.body(target))

    def operation(self, accepted: requests.Response) -> dict[str, Any]:
        return dict(self.get(accepted.headers["Azure-AsyncOperation"]).json())

    def jobs(self) -> dict[str, Any]:
        return dict(self.get(f"{self.vault}/backupJobs").json())


def token(server: Server, resource: str | None = None) -> str:
    granted = requests.get(
        server.environment["IDENTITY_ENDPOINT"],
        params={"resource": resource or server.url, "api-version": "2019-08-01"},
        headers={"X-IDENTITY-HEADER": server.environment["IDENTITY_HEADER"]},
        timeout=HTTP_TIMEOUT,
    ).json()
    return str(granted["access_token"])


def target_id(name: str) -> str:
    group = "/subscriptions/10000000-2000-4000-8000-300000000000/resourceGroups/rg-restored"
    return f"{group}/providers/Microsoft.Compute/disks/{name}"


def restore_body(point: str, target: str) -> dict[str, Any]:
    name = target.rsplit("/", 1)[-1]
    source = {
        "objectType": "Datasource",
        "datasourceType": "Microsoft.Compute/disks",
        "resourceType": "Microsoft.Compute/disks",
        "resourceID": target,
        "resourceName": name,
        "resourceLocation": "westeurope",
        "resourceUri": "",
    }
    return {
        "objectType": "AzureBackupRecoveryPointBasedRestoreRequest",
        "recoveryPointId": point,
        "sourceDataStoreType": "OperationalStore",
        "restoreTargetInfo": {
            "objectType": "RestoreTargetInfo",
            "recoveryOption": "FailIfExists",
            "restoreLocation": "westeurope",
            "datasourceInfo": source,
        },
    }
