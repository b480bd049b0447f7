"""The look at Resource Graph: what it shows of the vaults. The app can do without it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from restore_core.azure.arm import Arm
from restore_core.azure.resource_graph import INSTANCES, MOST, ResourceGraph, begins
from restore_core.contract.resource_ids import BackupVaultId
from restore_core.engine.checks import Check, Findings, Look, Verdict
from restore_core.errors import Rejected, Unavailable

NAME: Final = "Resource Graph"
_WITHOUT: Final = (
    "Nothing has to be done: the app reads the vaults' own lists instead, which takes longer in "
    "vaults of thousands."
)


def look(
    arm: Arm, vaults: Sequence[BackupVaultId], clock: Callable[[], datetime], *, is_on: bool
) -> Look:
    """Return a look at what the graph shows of these vaults."""

    def take() -> Findings:
        if not is_on:
            return _skipped("RESTORE_RESOURCE_GRAPH is false.", "")
        if not vaults:
            return _skipped("No vault is known to ask it about.", "")
        graph = ResourceGraph(arm, clock)
        try:
            rows = graph.ask(INSTANCES, vaults, begins("id", f"{vaults[0]}/"))
        except (Rejected, Unavailable) as error:
            return _skipped(f"It did not answer: {error.problem}", _WITHOUT)
        if not rows:
            return _skipped("It shows no backup instance of the vaults.", _WITHOUT)
        more = " or more" if len(rows) == MOST else ""
        found = f"It shows {len(rows)}{more} backup instances of the vaults."
        return Findings([Check(NAME, Verdict.OK, found)])

    return Look(NAME, take)


def _skipped(found: str, action: str) -> Findings:
    return Findings([Check(NAME, Verdict.SKIPPED, found, action)])
