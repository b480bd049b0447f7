"""What the cases share: a host with the small app, its queues, and the diary that it writes."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from azure.storage.queue import (
    QueueClient,
    QueueSasPermissions,
    QueueServiceClient,
    generate_queue_sas,
)

from local.azurite import ACCOUNT, ACCOUNT_KEY
from local.host_process import FUNCTION_KEY, HostProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.azurite import Azurite
    from local.host_process import Kind

SMALL_APP = Path(__file__).parent / "app"
QUEUES = ("orders", "bodies", "refused", "worse-poison", "crowded")
PATIENCE = 45.0  # seconds until a wait counts as never: the real host starts slowly under load.
GLANCE = 0.05
POISON = "-poison"


@dataclass(frozen=True)
class Entry:
    """One line that the small app wrote."""

    at: datetime
    pid: int
    host: str
    function: str
    what: str
    seen: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, line: str) -> Entry:
        words = json.loads(line)
        at, own = datetime.fromisoformat(words.pop("at")), ("pid", "host", "function", "what")
        return cls(at, *(words.pop(name) for name in own), seen=words)

    @property
    def dequeued(self) -> int:
        return int(self.seen["dequeued"])

    @property
    def body(self) -> str:
        return str(self.seen["body"])

    @property
    def name(self) -> str:
        return str(json.loads(self.body)["name"])


class Diary:
    """What the app has written; each wait is bounded."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def entries(self, function: str, what: str = "began", name: str = "") -> list[Entry]:
        text = self.file.read_text() if self.file.exists() else ""
        lines = text.split("\n")[:-1]  # what stands behind the last is still being written.
        found = [e for e in map(Entry.read, lines) if (e.function, e.what) == (function, what)]
        return [e for e in found if e.name == name] if name else found

    def wait_for(
        self,
        function: str,
        what: str = "began",
        *,
        name: str = "",
        count: int = 1,
        seconds: float = PATIENCE,
    ) -> list[Entry]:
        wait_until(lambda: len(self.entries(function, what, name)) >= count, self.all, seconds)
        return self.entries(function, what, name)

    def all(self) -> str:
        return self.file.read_text() if self.file.exists() else "the app was not called"


class Witness:
    """One kind of host with the small app, on storage of its own name in an Azurite."""

    def __init__(self, kind: Kind, azurite: Azurite, folder: Path) -> None:
        self.kind = kind
        self.azurite = azurite
        self.diary = Diary(folder / "diary.jsonl")
        self.hosts: list[HostProcess] = []
        self._folder = folder
        self._queues = QueueServiceClient.from_connection_string(azurite.connection_string)

    def make_queues(self) -> None:
        """Make them anew: the queues are the account's, whatever ran before."""
        there = {queue.name for queue in self._queues.list_queues()}
        for name in {*there, *QUEUES} - {"made-late"}:
            self.queue(name).create_queue() if name not in there else self.queue(
                name
            ).clear_messages()

    def queue(self, name: str) -> QueueClient:
        return self._queues.get_queue_client(name)

    def there_are(self, queue: str) -> int:
        """Messages of a queue, hidden ones too."""
        return self.queue(queue).get_queue_properties().approximate_message_count or 0

    def host(self, **settings: str) -> HostProcess:
        """Return another host, not yet started, whose timer ticks every two seconds."""
        name = f"{self.kind.name}-{len(self.hosts)}"
        environment = {
            "AzureWebJobsStorage": self.azurite.connection_string,
            "AzureFunctionsWebHost__hostid": f"witness{time.monotonic_ns()}",
            "DIARY": str(self.diary.file),
            "NAME": name,
            "SCHEDULE": "*/2 * * * * *",
            **settings,
        }
        host = HostProcess(self.kind, SMALL_APP, environment, logs=self._folder, name=name)
        self.hosts.append(host)
        return host

    def start(self, **settings: str) -> HostProcess:
        """Start another host."""
        host = self.host(**settings)
        host.start()
        return host

    def order(self, name: str, **what: Any) -> None:
        """Send the function `obey` something to do."""
        self.queue("orders").send_message(json.dumps({"name": name, **what}))

    def send_as_it_is(self, queue: str, text: str) -> None:
        """Put a message as text that keeps its carriage returns, which the SDK does not escape."""
        written = "".join(f"&#{ord(letter)};" for letter in text)
        body = f"<QueueMessage><MessageText>{written}</MessageText></QueueMessage>"
        token = generate_queue_sas(
            ACCOUNT,
            queue,
            ACCOUNT_KEY,
            permission=QueueSasPermissions(add=True),
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        url = f"{self.azurite.queue_endpoint}/{queue}/messages?{token}"
        requests.post(url, data=body.encode(), timeout=PATIENCE).raise_for_status()

    def end(self) -> None:
        for host in self.hosts:
            host.kill()


def ask(host: HostProcess, path: str, method: str = "GET", **more: Any) -> requests.Response:
    """Ask a function of HTTP, with the key where no headers are given."""
    more.setdefault("headers", {"x-functions-key": FUNCTION_KEY})
    return requests.request(method, host.url + path, timeout=PATIENCE, **more)


def wait_until(
    true: Callable[[], object], told: Callable[[], object], seconds: float = PATIENCE
) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, told()
        time.sleep(GLANCE)


def let_pass(seconds: float) -> None:
    """Let real time pass: that something does not happen can only be waited for."""
    time.sleep(seconds)


def most_at_once(diary: Diary, function: str) -> int:
    """Return how many calls of a function ran at the same time."""
    changes = [(e.at, 1) for e in diary.entries(function)]
    changes += [(e.at, -1) for e in diary.entries(function, "ended")]
    running, most = 0, 0
    for _, change in sorted(changes):
        running += change
        most = max(most, running)
    return most


def times_called(diary: Diary, function: str) -> Counter[str]:
    return Counter(entry.body for entry in diary.entries(function))
