"""What docs/senders.md shows: its fenced blocks by language and mark, and what they send."""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.workflow import Outside, Run

PAGE = Path(__file__).parents[1] / "docs" / "senders.md"
_BLOCK = re.compile(r"^```(\w+) ?([\w=]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
DISK = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod/providers/Microsoft.Compute/disks"
    "/disk-sql-data"
)
INCIDENT = {
    "object": {
        "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-logs/providers/incidents/1",
        "properties": {
            "title": 'Mass deletion by "somebody"',
            "relatedEntities": [
                {"kind": "Account", "properties": {"accountName": "somebody"}},
                {"kind": "AzureResource", "properties": {"resourceId": DISK}},
                {
                    "kind": "AzureResource",
                    "properties": {"resourceId": DISK.replace("disks/", "snapshots/")},
                },
            ],
        },
    }
}
"""An incident that names an account, a disk and something else, as Sentinel's trigger gives it."""


@dataclass(frozen=True)
class Block:
    language: str
    mark: str
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


BLOCKS = [Block(*found) for found in _BLOCK.findall(PAGE.read_text("utf-8"))]


def blocks(language: str, mark: str = "") -> list[Block]:
    return [b for b in BLOCKS if b.language == language and (not mark or b.mark == mark)]


def only(language: str, mark: str) -> Block:
    (found,) = blocks(language, mark)
    return found


def sent_by(workflow: str, body: Any) -> list[str]:
    """Return what a workflow puts on the queue; what it waits for has ended."""
    return put_by(only("json", workflow).json, body)


def put_by(workflow: Any, body: Any) -> list[str]:
    """Return what the workflow puts on the queue; what it waits for has ended."""
    messages: list[str] = []
    ended = {"ended": True, "status": "Rejected"}
    Run(workflow, body, Outside(messages.append, lambda *_: (200, ended))).start()
    return messages


def projected(alert: Any) -> str:
    """Return what the workflow that forwards alerts puts on the queue of one, with less of it."""
    workflow = only("json", "workflow=forward").json
    workflow["definition"]["actions"] = only("json", "actions=projection").json
    (message,) = put_by(workflow, alert)
    return message


def sent_by_cli(mark: str = "sender=cli") -> str:
    """Return the content that the CLI example of this mark puts on the queue."""
    found = re.search(r"--content '(.*?)'", only("sh", mark).text, re.DOTALL)
    assert found
    return found[1]


def alert_on_machine() -> dict[str, Any]:
    """Return the alert on the page's machine, with the properties of the rule for all its disks."""
    alert: dict[str, Any] = only("json", "sender=alert").json
    action = only("sh", "set=alert").text.partition("--action ")[2]
    properties = re.findall(r"^    (\w+)='?(.*?)'?(?: \\)?$", action, re.MULTILINE)
    alert["data"]["alertContext"]["properties"] = dict(properties)
    return alert


def sent_by_curl() -> str:
    """Return the text that the curl example puts on the queue: the request, in base64."""
    found = re.search(r"REQUEST='(.*?)'", only("sh", "sender=curl").text, re.DOTALL)
    assert found
    return base64.b64encode(found[1].encode()).decode()


def sent_by_each() -> dict[str, str]:
    """Return a message of each kind of sender on the page, by a name of the kind."""
    natives = {f"native {n}": b.text for n, b in enumerate(blocks("json", "sender=native"))}
    alert = only("json", "sender=alert").json
    return {
        **natives,
        "Logic App": sent_by("workflow=incident", INCIDENT)[0],
        "alert": sent_by("workflow=forward", alert)[0],
        "large alert": projected(alert),
        "deleted disk": base64.b64encode(only("json", "sender=deletion").text.encode()).decode(),
        "notification": base64.b64encode(
            only("json", "sender=notification").text.encode()
        ).decode(),
        "CloudEvent": only("json", "sender=cloudevent").text,
        "Azure CLI": sent_by_cli(),
        "curl": sent_by_curl(),
        "webhook": sent_by("workflow=webhook", only("json", "webhook=zabbix").json)[0],
    }
