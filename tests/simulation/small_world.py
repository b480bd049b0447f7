"""A world with the life of one restore, or of one and a few others, and no chance in it."""

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any, Final

from simulator.exchange import Request
from simulator.world import Job
from tests import builders, envelopes
from tests.simulation import dress
from tests.simulation.lives import JOB, MACHINE, NEVER, OS_DISK, PACE, TARGET, Life
from tests.simulation.plan import Plan, Sent, Settings
from tests.simulation.world import Report, World

ASKS_ONLY: Final = (".create_table", ".create_queue", ".receive_messages", ".query_entities")
"""What such calls end in that change nothing."""


class SmallWorld(World):
    """A world with one restore, or one and a few others, and no chance in it."""

    life: Life
    late: Sent

    def __init__(self, life: Life, **options: Any) -> None:
        self.life = life
        heals = 1 + life.sooner * bool(life.others)
        super().__init__(0, frozenset(), plan=Plan(heals=heals, processes=1), **options)
        self.simulator.habits.pace = PACE
        usual = Settings(builders.ALLOW, max_age=life.max_age, job_list_lag=life.lag)
        self.settings = replace(usual, **life.settings)
        if life.disks:
            self._have_a_machine(life.disks)
        self._ask(0, 0.5 + life.sooner * bool(life.others), life.fields, life.kind)
        for number, fields in enumerate(life.others, 1):
            another = self._ask(number, 0.5 + (number - 1) * life.sooner / 10, fields, "good")
            another.target = another.fields.get("targetDiskId", "").rsplit("/", 1)[-1]
        for when in life.withdrawn:
            self._withdraw(when)
        if life.late is not None:
            self.late = self._ask(len(self.wants.sent), NEVER, life.late, "good")
        self.wants.refusals[TARGET] = set(life.codes)
        self.wants.endless.add(TARGET)
        if life.scripted:
            self.simulator.script(TARGET, **life.scripted)
        for target, scripted in life.scripted_of.items():
            self.simulator.script(target, **scripted)
        for when, what in life.happens:
            self.wants.changes.append((when, partial(what, self)))
            self.wants.heals = max(self.wants.heals, when + 1)
        if life.spoils_post:
            self.simulator.next("POST", "/restore", life.spoils_post)
        if life.spoils_polls:
            self.simulator.next("GET", "/backupJobs/*", life.spoils_polls)

    def _ask(self, number: int, at: float, changes: dict[str, Any], kind: str) -> Sent:
        """Have a restore asked for, of the disk and to the target of its number."""
        instance = self.simulator.protect(f"disk-{number}", subscription=builders.SUBSCRIPTION)
        fields = {
            "requestId": f"r{number}",
            "backupInstanceId": instance,
            "targetDiskId": builders.disk(f"t{number}"),
            **changes,
        }
        fields = {name: value for name, value in fields.items() if value is not ...}
        body, request_id = envelopes.sent(fields), str(fields["requestId"])
        if self.life.is_alert:
            body = envelopes.sent(dress.fired(fields, number, leaves_the_disk_out=True))
            request_id = dress.id_of_alert(number)
        kind = "set" if "sourceVirtualMachineId" in fields else kind
        sent = Sent(number, at, request_id, kind, body, f"t{number}", instance)
        sent.validates_only, sent.fields = bool(fields.get("validateOnly")), fields
        sent.source = fields.get("sourceDiskId") or self.simulator.source_disk(instance)
        self.wants.sent.append(sent)
        return sent

    def _have_a_machine(self, disks: tuple[bool, ...]) -> None:
        """Have a machine whose disks are protected, or are not."""
        names = [f"data-{number}" for number in range(len(disks) - 1)]
        machine = self.simulator.add_machine(
            MACHINE, os_disk=OS_DISK, data_disks=names, subscription=builders.SUBSCRIPTION
        )
        found = self.simulator.disks_of(machine)
        self.wants.meant[machine.lower()] = [frozenset(disk.lower() for disk in found)]
        for disk, is_protected in zip(found, disks, strict=True):
            if is_protected:
                self.simulator.protect(disk, subscription=builders.SUBSCRIPTION)

    def _withdraw(self, when: float) -> None:
        number = len(self.wants.sent)
        name = self.life.withdrawn_is
        fields = {"withdraw": name, "requestedBy": f"somebody {number}"}
        sent = Sent(number, when, name, "withdrawal", envelopes.sent(fields), fields=fields)
        self.wants.sent.append(sent)
        self.wants.heals = max(self.wants.heals, when + 1)

    def in_flight(self) -> bool:
        return False

    def caused(self, job: Job, concerned: str, asked: Request) -> None:
        super().caused(job, concerned, asked)
        if self.life.spoils_second_post and len(self.simulator.world.jobs) == 1:
            self.simulator.next("POST", "/restore", self.life.spoils_second_post)
        if self.life.leaves_a_disk and len(self.simulator.world.jobs) == 1:
            ended = self.scheduler.now + JOB.total_seconds() + 1
            self.scheduler.at(ended, lambda: self.simulator.add_disk(job.target_id))

    def run(self) -> Report:
        report = super().run()
        ends = Counter(self.life.ends or {self.life.status: 1})
        if self.life.among:
            if not self.breaches and not {*report.statuses} <= self.life.among:
                self.breach("I1", f"it ended as {dict(report.statuses)}")
        elif not self.breaches and report.statuses not in (ends, self.life.or_ends or ends):
            self.breach("I1", f"it ended as {dict(report.statuses)}, not as {ends}")
        return report
