"""What a test or a demo may give and take: rights of the clients, roles of the vaults."""

from collections.abc import Sequence

from simulator import arm_ids
from simulator.scene import Scene


class RightsScene(Scene):
    """Rights and refusals as those who arrange them see them."""

    def take_identity(self, vault_id: str) -> None:
        """Take its own identity from a vault: it has the user-assigned ones of its instances."""
        with self._lock:
            self.world.vaults_without_identity.append(arm_ids.key(vault_id))
        self.changed()

    def refuse(self, vault_id: str, code: str, message: str) -> None:
        """Let ARM refuse every restore of a vault, and its validation, with 403 and these words."""
        with self._lock:
            self.world.refusals[arm_ids.key(vault_id)] = {code: message}
        self.changed()

    def deny(self, action: str, scope: str = "*") -> None:
        """Take a right from the clients' identity, everywhere or within a scope."""
        with self._lock:
            self.world.denied.setdefault(action.lower(), []).append(scope)
        self.changed()

    def allow(self, action: str) -> None:
        """Give a right back."""
        with self._lock:
            self.world.denied.pop(action.lower(), None)
        self.changed()

    def revoke_vault_role(self, group_id: str) -> None:
        """Take Disk Restore Operator on a target group from the vaults' identities."""
        with self._lock:
            self.world.groups_without_role.append(arm_ids.key(group_id))
        self.changed()

    def grant_vault_role(self, group_id: str) -> None:
        """Give that role back."""
        with self._lock:
            self.world.groups_without_role = [
                one for one in self.world.groups_without_role if one != arm_ids.key(group_id)
            ]
        self.changed()

    def add_management_group(self, name: str, subscriptions: Sequence[str]) -> None:
        """Let a management group hold subscriptions, so that Resource Graph may be asked of it."""
        with self._lock:
            self.world.management_groups[name.lower()] = [one.lower() for one in subscriptions]
        self.changed()
