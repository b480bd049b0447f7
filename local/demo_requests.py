"""Eight requests that show what the app can do, and the small Azure in which they are made."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator import Simulator


@dataclass(frozen=True)
class DemoRequest:
    """One message, what it shows, and the status it must end with."""

    id: str
    shows: str
    body: str
    expected: str


@dataclass(frozen=True)
class Scene:
    """The groups of the demo: where disks are backed up, and where they may and may not go."""

    production: str
    restored: str
    without_role: str
    public: str

    @classmethod
    def of(cls, instance_id: str) -> Scene:
        """Name the groups beside the one that holds a backup instance."""
        subscription = instance_id.partition("/resourceGroups/")[0]
        names = ("rg-prod", "rg-restored", "rg-new", "rg-public")
        return cls(*(f"{subscription}/resourceGroups/{name}" for name in names))

    @property
    def rules(self) -> str:
        """What RESTORE_ALLOW says: disks of production, to two groups and to no other."""
        return f"{self.production} => {self.restored}; {self.production} => {self.without_role}"


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
        body = json.dumps({**message, **fields})
        return DemoRequest(message["requestId"], shows, body, expected)

    points = simulator.points(simulator.protect("disk-3"))
    between = points[1].time + timedelta(hours=3)
    base64_request = request(4, "sent as base64", "Completed")
    return [
        request(1, "newest recovery point", "Completed"),
        request(2, "a point in time", "Completed", pointInTime=between.isoformat()),
        request(3, "a named recovery point", "Completed", recoveryPointId=points[2].id),
        _in_base64(base64_request),
        request(5, "validate only", "Validated", validateOnly=True),
        request(6, "a misspelt field", "Rejected", pointInTme=between.isoformat()),
        request(7, "a target no rule allows", "Rejected", targetResourceGroupId=scene.public),
        request(8, "vault without its role", "Rejected", targetResourceGroupId=scene.without_role),
    ]


def _in_base64(request: DemoRequest) -> DemoRequest:
    body = base64.b64encode(request.body.encode()).decode()
    return DemoRequest(request.id, request.shows, body, request.expected)
