"""What a test or a demo may do with disks and machines."""

from collections.abc import Sequence

from simulator import arm_ids
from simulator.machines import Attachment, Disk, Machine, owners
from simulator.scene import GROUP, REGION, SUBSCRIPTION, Scene


class MachineScene(Scene):
    """Disks and machines as those who arrange them see them."""

    def add_disk(
        self, disk_id: str, *, region: str = REGION, size_gib: int = 32, os_type: str = ""
    ) -> None:
        """Let a disk exist; one that exists already stays as it is."""
        disk = Disk(disk_id, region, size_gib=size_gib, os_type=os_type, created=self.now())
        with self._lock:
            self.world.disks.setdefault(arm_ids.key(disk_id), disk)
        self.changed()

    def remove_disk(self, disk_id: str) -> None:
        """Let a disk be gone, also from the machine that it hangs on."""
        with self._lock:
            self._detach(disk_id)
            self._remove_disk(disk_id)
        self.changed()

    def add_machine(
        self,
        machine: str,
        *,
        os_disk: str | None = None,
        data_disks: Sequence[str] = (),
        group: str = GROUP,
        subscription: str = SUBSCRIPTION,
        region: str = REGION,
    ) -> str:
        """Let a machine exist with its disks, each given by name or id; return the machine's id.

        The OS disk is `<machine>-os` where none is named; data disks get the LUNs from 0 on.
        """
        home = arm_ids.group_id(subscription, group)
        machine_id = machine if machine.startswith("/") else arm_ids.machine_id(home, machine)
        names = [os_disk or f"{arm_ids.name_of(machine_id)}-os", *data_disks]
        ids = [one if one.startswith("/") else arm_ids.disk_id(home, one) for one in names]
        with self._lock:
            made = Machine(id=machine_id, region=region, created=self.now())
            self.world.machines[arm_ids.key(machine_id)] = made
            for place, disk_id in enumerate(ids, start=-1):
                is_os = place < 0
                self.add_disk(disk_id, region=region, os_type="Linux" if is_os else "")
                self.attach(machine_id, disk_id, None if is_os else place)
        self.changed()
        return machine_id

    def remove_machine(self, machine_id: str, *, with_disks: bool = False) -> None:
        """Let a machine be gone; its disks stay, attached to none, unless they go with it."""
        with self._lock:
            disks = self.disks_of(machine_id)
            for disk in disks:
                self._detach(disk)
                if with_disks:
                    self._remove_disk(disk)
            gone = self.world.machines.pop(arm_ids.key(machine_id))
            gone.removed = self.now()
            self.world.removed_machines.append(gone)
        self.changed()

    def attach(self, machine_id: str, disk_id: str, lun: int | None) -> None:
        """Hang a disk on a machine, as its OS disk where `lun` is None; what hung there is off."""
        with self._lock:
            machine = self.world.machines[arm_ids.key(machine_id)]
            for one in machine.attached(self.now()):
                if one.lun == lun:
                    one.removed = self.now()
            machine.attachments.append(Attachment(disk_id, lun, created=self.now()))
        self.changed()

    def detach(self, disk_id: str) -> None:
        """Take a disk from the machine that it hangs on."""
        with self._lock:
            self._detach(disk_id)
        self.changed()

    def disks_of(self, machine_id: str) -> list[str]:
        """Return the ids of the disks of a machine: the OS disk first, data disks by their LUN."""
        with self._lock:
            machine = self.world.machines[arm_ids.key(machine_id)]
            return [one.disk_id for one in machine.attached(self.now())]

    def remove_group(self, group_id: str) -> None:
        """Let a group not exist, nor any disk or machine in it; every other group does."""
        with self._lock:
            for machine_id in [*self.world.machines]:
                if arm_ids.is_within(machine_id, group_id):
                    self.remove_machine(machine_id)
            for disk_id in [*self.world.disks]:
                if arm_ids.is_within(disk_id, group_id):
                    self.remove_disk(disk_id)
            self.world.missing_groups.append(arm_ids.key(group_id))
        self.changed()

    def _detach(self, disk_id: str) -> None:
        owner = owners(self.world.machines.values(), self.now()).get(arm_ids.key(disk_id))
        for one in owner.attached(self.now()) if owner else ():
            if arm_ids.key(one.disk_id) == arm_ids.key(disk_id):
                one.removed = self.now()

    def _remove_disk(self, disk_id: str) -> None:
        gone = self.world.disks.pop(arm_ids.key(disk_id), None)
        if gone is not None:
            gone.removed = self.now()
            self.world.removed_disks.append(gone)
