"""The engine, assembled: a room for each trigger, and what they share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from restore_core.engine.followers import Followers
from restore_core.engine.intake import Intake
from restore_core.engine.performer import Performer
from restore_core.engine.ports import Queues, Tables, Vault
from restore_core.engine.refusals import Refusals
from restore_core.engine.steps import Steps
from restore_core.engine.sweep import Sweep
from restore_core.engine.turns import Turns
from restore_core.engine.withdrawals import Withdrawals
from restore_core.lifecycle.rules import Rules


@dataclass(frozen=True)
class Engine:
    """What the three triggers call. Safe for threads; any number of them may run at once."""

    intake: Intake
    """For the queue of requests: `accept`."""
    steps: Steps
    """For the queue of steps: `advance`."""
    sweep: Sweep
    """For the timer: `tick`."""

    @classmethod
    def of(
        cls,
        *,
        tables: Tables,
        queues: Queues,
        vault: Vault,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> Self:
        """Return the engine that works on these by these rules."""
        refusals = Refusals(tables=tables, queues=queues, rules=rules, clock=clock)
        steps = Steps(
            tables=tables,
            queues=queues,
            performer=Performer(tables=tables, vault=vault, rules=rules, clock=clock),
            refusals=refusals,
            rules=rules,
            clock=clock,
        )
        intake = Intake(
            tables=tables,
            refusals=refusals,
            steps=steps,
            withdrawals=Withdrawals(tables=tables, refusals=refusals, steps=steps, clock=clock),
            rules=rules,
            clock=clock,
        )
        sweep = Sweep(
            tables=tables,
            queues=queues,
            intake=intake,
            refusals=refusals,
            steps=steps,
            turns=Turns(tables=tables, steps=steps, rules=rules, clock=clock),
            followers=Followers(tables=tables, clock=clock),
            clock=clock,
        )
        return cls(intake, steps, sweep)
