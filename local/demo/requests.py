"""Ten messages that show what the app can do, and the small Azure in which they are sent."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from local.machine import machine_message
from restore_core.contract.envelopes.reader import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restore_core.contract.origin import Asked
    from simulator import Simulator


@dataclass(frozen=True)
class DemoRequest:
    """One message, what it shows, from what to which group, and how it must end."""

    id: str
    shows: str
    source: str
    target: str
    body: str
    expected: str


@dataclass(frozen=True)
class Scene:
    """The groups of the demo: where disks are backed up, and where they may and may not go."""

    vault: str
    production: str
    restored: str
    without_role: str
    public: str

    @classmethod
    def of(cls, instance_id: str) -> Scene:
        """Name the groups beside the one that holds a backup instance."""
        subscription = instance_id.partition("/resourceGroups/")[0]
        names = ("rg-prod", "rg-restored", "rg-new", "rg-public")
        vault = instance_id.partition("/backupInstances/")[0]
        return cls(vault, *(f"{subscription}/resourceGroups/{name}" for name in names))

    @property
    def rules(self) -> str:
        """What RESTORE_ALLOW says: disks of production, to two groups and to no other."""
        return f"{self.production} => {self.restored}; {self.production} => {self.without_role}"


WRITTEN_OUT = (
    "our own message",
    "a whole machine",
    "an alert that fired",
    "CloudEvent, base64",
)


def written_out(requests: Sequence[DemoRequest]) -> list[DemoRequest]:
    """Return those whose messages are shown: each is of another kind."""
    return [one for shows in WRITTEN_OUT for one in requests if one.shows == shows]


def set_scene(simulator: Simulator) -> Scene:
    """Let the vaults' identity have no role on one of the groups; return all of them."""
    scene = Scene.of(simulator.protect("disk-sql-data"))
    simulator.revoke_vault_role(scene.without_role)
    return scene


def demo_requests(simulator: Simulator, scene: Scene) -> list[DemoRequest]:
    """Return the requests; each disk they name is backed up daily."""

    def request(number: int, shows: str, expected: str, **fields: object) -> DemoRequest:
        disk = f"disk-{number}"
        message = {
            "requestId": f"INC0012345-{disk}",
            "backupInstanceId": simulator.protect(disk),
            "targetResourceGroupId": scene.restored,
            "requestedBy": "make demo",
        }
        asked = {**message, **fields}
        target = str(asked["targetResourceGroupId"]).rpartition("/")[2]
        return DemoRequest(
            message["requestId"], shows, disk, target, body=json.dumps(asked), expected=expected
        )

    def disk(number: int) -> str:
        return simulator.source_disk(simulator.protect(f"disk-{number}"))

    points = simulator.points(simulator.protect("disk-3"))
    between = points[1].time + timedelta(hours=3)
    wanted = {"targetResourceGroupId": scene.restored}
    return [
        request(1, "our own message", "Completed"),
        _in_envelope("an alert that fired", _alert(disk(4), wanted)),
        _in_envelope("CloudEvent, base64", _cloud_event(disk(5), wanted), in_base64=True),
        request(2, "a point in time", "Completed", pointInTime=between.isoformat()),
        request(3, "a point by its id", "Completed", recoveryPointId=points[2].id),
        request(6, "validate only", "Validated", validateOnly=True),
        request(7, "a misspelt field", "Rejected", pointInTme=between.isoformat()),
        request(8, "target not allowed", "Rejected", targetResourceGroupId=scene.public),
        request(9, "a missing role", "Rejected", targetResourceGroupId=scene.without_role),
        _whole_machine(simulator, scene),
    ]


def _whole_machine(simulator: Simulator, scene: Scene) -> DemoRequest:
    """Return the one message that brings back all disks of a machine."""
    id_ = "INC0012345-vm-1"
    message = machine_message(simulator, id_, scene.restored) | {"requestedBy": "make demo"}
    target = scene.restored.rpartition("/")[2]
    body = json.dumps(message)
    return DemoRequest(id_, "a whole machine", "vm-1", target, body, "Completed")


def _in_envelope(shows: str, envelope: dict[str, Any], *, in_base64: bool = False) -> DemoRequest:
    body = json.dumps(envelope).encode()
    request = cast("Asked", read(body)).request
    source, target = (
        str(part).rpartition("/")[2] for part in (request.known_source, request.known_target)
    )
    sent = base64.b64encode(body) if in_base64 else body
    return DemoRequest(request.request_id, shows, source, target, sent.decode(), "Completed")


def _alert(disk: str, properties: dict[str, str]) -> dict[str, Any]:
    """Return what Azure Monitor sends of a rule with these custom properties (common schema)."""
    subscription = disk.partition("/resourceGroups/")[0]
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "alertId": f"{subscription}/providers/Microsoft.AlertsManagement/alerts/demo",
                "alertRule": "disk-does-not-answer",
                "monitorCondition": "Fired",
                "firedDateTime": "2026-11-21T13:58:24.3713213Z",
                "alertTargetIDs": [disk.lower()],
            },
            "alertContext": {"properties": None},
            "customProperties": properties,
        },
    }


def _cloud_event(disk: str, fields: dict[str, str]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": "com.example.restore.requested",
        "source": "/example/service-desk",
        "id": "9aeb0fdf-c01e-0131-0922-9eb54906e209",
        "data": {"sourceDiskId": disk, **fields},
    }
