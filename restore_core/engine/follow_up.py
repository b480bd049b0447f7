"""What is next, once a disk is back: where its source was attached, and how to swap them. Pure.

The app attaches nothing: a running machine is its owner's.
"""

from restore_core.contract import commands
from restore_core.engine.reservation import RESTORED
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.sets import Attachment
from restore_core.lifecycle.states import Plan


def follow_up(restore: Restore) -> str | None:
    """Return what to do with the new disk; None where nobody knows where its source was."""
    plan, outcome = restore.plan, restore.outcome
    if plan is None or plan.attachment is None or outcome is None:
        return None
    return _told(plan, plan.attachment) if outcome.status in RESTORED else None


def _told(plan: Plan, was: Attachment) -> str:
    machine = was.machine
    if was.is_os:
        swap = commands.swap_os_disk(machine, plan.target)
        role = f"the OS disk of the virtual machine {machine.name}"
        how = "Swap its data disks before: this stops it, and lets it start from the new disk."
    else:
        swap = commands.swap_data_disk(machine, plan.source, plan.target, was.lun)
        lun = "" if was.lun is None else f" at LUN {was.lun}"
        role = f"a data disk{lun} of the virtual machine {machine.name}"
        how = "Swap old and new while nothing on the machine uses the old one."
    return f"{plan.source.name} was {role}. {how} {commands.line(*swap)}"
