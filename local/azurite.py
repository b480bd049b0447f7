"""The real Azurite, for as long as a `with` block lasts: blobs, queues and tables on free ports.

    with Azurite() as azurite:
        TableServiceClient.from_connection_string(azurite.connection_string)

Stopped and started again it keeps its ports and its data, so that a test can play an outage.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from local.child import Child, ChildFailedError
from local.node import HERE, node_command
from local.ports import free_port

if TYPE_CHECKING:
    from types import TracebackType

ACCOUNT = "devstoreaccount1"
# Azurite's key is the same everywhere and public: it opens nothing else.
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
PROGRAM = HERE / "node_modules/azurite/dist/src/azurite.js"
LISTENING = r"Azurite (Blob|Queue|Table) service is successfully listening at (\w+://[\d.]+:\d+)"
USUAL_PORTS = {"blob": 10000, "queue": 10001, "table": 10002}  # of UseDevelopmentStorage=true
ATTEMPTS = 5  # A port that we held before may be somebody else's for a moment.


class AzuriteMissingError(RuntimeError):
    """Azurite is not installed."""


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for the loopback address, and who vouches for it."""

    chain: Path
    key: Path
    authority: Path

    @classmethod
    def issue(cls, folder: Path) -> Certificate:
        """Issue one into `folder`."""
        import trustme  # noqa: PLC0415 - only https needs it.

        certificate = cls(folder / "chain.pem", folder / "key.pem", folder / "authority.pem")
        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1", "localhost")
        issued.private_key_pem.write_to_path(certificate.key)
        certificate.chain.write_bytes(b"".join(b.bytes() for b in issued.cert_chain_pems))
        authority.cert_pem.write_to_path(certificate.authority)
        return certificate


class Azurite:
    """Azurite's services; plain http and the well-known key, or https and tokens with `oauth`.

    One that `tells` prints a line for each request.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        oauth: bool = False,
        usual_ports: bool = False,
        tells: bool = False,
    ) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="azurite-")
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self.certificate = Certificate.issue(self.folder) if oauth else None
        self._ports = USUAL_PORTS if usual_ports else {name: free_port() for name in USUAL_PORTS}
        self._quiet = [] if tells else ["--silent"]
        self._endpoints: dict[str, str] = {}
        self._child: Child | None = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def start(self) -> None:
        """Start Azurite and wait until its services listen; a second time on the same ports."""
        if not PROGRAM.exists():
            raise AzuriteMissingError("Azurite is not installed: python -m local.set_up azurite")
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._start_once()
            except ChildFailedError as error:
                if "EADDRINUSE" not in str(error) or attempt == ATTEMPTS:
                    raise
            else:
                return

    def stop(self) -> None:
        """Stop Azurite; its data stay in its folder."""
        if self._child:
            self._child.end()
            self._child = None

    def close(self) -> None:
        """Stop Azurite and remove what was temporary."""
        self.stop()
        if self._temporary:
            self._temporary.cleanup()

    @property
    def blob_endpoint(self) -> str:
        """The blob service's address, account included."""
        return f"{self._endpoints['blob']}/{ACCOUNT}"

    @property
    def queue_endpoint(self) -> str:
        """The queue service's address, account included."""
        return f"{self._endpoints['queue']}/{ACCOUNT}"

    @property
    def table_endpoint(self) -> str:
        """The table service's address, account included."""
        return f"{self._endpoints['table']}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        """What `RestoreStorage` and `AzureWebJobsStorage` take."""
        protocol = "https" if self.certificate else "http"
        return (
            f"DefaultEndpointsProtocol={protocol};AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
            f"BlobEndpoint={self.blob_endpoint};QueueEndpoint={self.queue_endpoint};"
            f"TableEndpoint={self.table_endpoint};"
        )

    def output(self) -> str:
        """Return what Azurite has printed since it was started."""
        return self._child.output() if self._child else ""

    def _start_once(self) -> None:
        self._child = Child(self._command(), log=self.folder / "azurite.log")
        found = self._child.wait_for(LISTENING, count=len(self._ports))
        self._endpoints = {service.lower(): address for service, address in found}
        self._ports = {s: int(address.rpartition(":")[2]) for s, address in self._endpoints.items()}

    def _command(self) -> list[str]:
        return [
            *node_command(),
            f"--require={HERE / 'end_with_parent.js'}",
            str(PROGRAM),
            f"--location={self.folder}",
            *self._quiet,
            *("--disableTelemetry", "--skipApiVersionCheck"),
            *(f"--{service}Port={port}" for service, port in self._ports.items()),
            *self._https(),
        ]

    def _https(self) -> list[str]:
        if self.certificate is None:
            return []
        chain, key = self.certificate.chain, self.certificate.key
        return [f"--cert={chain}", f"--key={key}", "--oauth=basic"]
