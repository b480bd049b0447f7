"""What can go wrong, each kind under a name of its own, and whether it does now.

A kind belongs to a group: where it strikes, and how often. Each group has a random stream of its
own, so that leaving a kind out changes as little as it can of what else happens.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Final

STORAGE: Final = {
    "storage-timeout-undone": 4,
    "storage-timeout-done": 4,
    "storage-timeout-done-later": 2,
    "storage-repeated-by-the-client": 4,
    "storage-409": 1,
    "storage-412": 1,
    "storage-500": 3,
    "storage-503": 3,
    "storage-slow": 4,
}
"""Per call of a table or a queue; the weights share the group's rate."""

ARM: Final = {
    "arm-429": 3,
    "arm-429-without-retry-after": 2,
    "arm-429-until-a-date": 2,
    "arm-cloud-dos": 2,
    "arm-401": 1,
    "arm-408": 1,
    "arm-409": 1,
    "arm-500-undone": 2,
    "arm-500-done": 2,
    "arm-503-undone": 2,
    "arm-503-done": 2,
    "arm-504-undone": 2,
    "arm-504-done": 2,
    "arm-504-done-later": 2,
    "arm-refused": 2,
    "arm-reset-undone": 2,
    "arm-reset-done": 2,
    "arm-timeout-done-later": 2,
    "arm-cut": 2,
    "arm-short": 1,
    "arm-empty": 2,
    "arm-html": 2,
    "arm-not-an-object": 2,
    "arm-error-page": 2,
    "arm-redirect": 1,
    "arm-202-without-operation": 1,
    "arm-202-foreign-operation": 1,
    "arm-403-on-poll": 2,
    "arm-404-on-poll": 2,
    "arm-204-on-poll": 1,
    "arm-403-on-post": 1,
    "arm-400-on-post": 1,
    "arm-slow": 3,
    "graph-403": 2,
    "graph-429": 2,
    "graph-503": 2,
    "arm-locked-by-the-gateway": 1,
    "arm-locked-unmarked": 1,
    "arm-locked-done": 1,
    "arm-unregistered": 1,
}
"""Per call of ARM."""

DEATH: Final = {"death-before-a-call": 1, "death-after-a-call": 1, "worker-dies-alone": 1}
"""Per call of anything: the process ends, and all that it does with it.

Where the worker dies alone, its host counts what ran there as tries that failed, and shows their
messages soon.
"""

MESSAGE: Final = {
    "message-twice": 3,
    "message-late": 3,
    "message-at-the-same-time-twice": 3,
    "step-lost": 3,
}
"""Per delivery of a message."""

TIMER: Final = {"timer-silent-for-an-hour": 1, "timer-twice-at-once": 8, "timer-handover": 3}
"""Per tick."""

WINDOWS: Final = (
    "storage-outage",
    "storage-gone-and-the-host",
    "vault-sick",
    "events-queue-gone",
    "arm-outage",
    "arm-forgets-operations",
    "arm-forbids-polling",
    "no-token",
)
"""Spans of time, once or twice in a world."""

CONDITIONS: Final = (
    "message-out-of-order",
    "job-list-lag",
    "clock-skew",
    "settings-change",
    "points-expire",
    "activity-suffixed",
    "activity-unrelated",
    "short-pages",
    "long-job-list",
    "graph-sees",
    "graph-lag",
    "graph-wrong-rows",
    "storm",
    "one-id-in-two-vaults",
    "old-rows",
)
"""How a world is."""

ENDINGS: Final = (
    "validation-fails",
    "validation-fails-for-now",
    "validation-cancelled",
    "validation-succeeds-with-error",
    "validation-unknown-word",
    "validation-never-ends",
    "operation-fails",
    "operation-cancelled",
    "operation-succeeds-with-error",
    "operation-unknown-word",
    "operation-never-ends",
    "operation-gone",
    "job-fails",
    "job-fails-for-now",
    "job-fails-twice-for-now",
    "job-cancelled",
    "job-warns",
    "job-ends-in-another-word-for-success",
    "job-ends-in-another-word-for-failure",
    "job-unknown-word",
    "job-never-ends",
)
"""How Azure ends what it was asked for, by restore."""

LIES: Final = {"graph-truncated": 1, "graph-miscounts": 1}
"""Per query of Resource Graph that asks for all rows."""

BAD_DAYS: Final = (
    "sets",
    "strangers",
    "withdrawals",
    "machines-go",
    "machine-forbidden",
    "graph-hides",
    "graph-forbidden",
    "buckets-dry",
    "vault-full",
)
"""What belongs to sets: who asks for them or takes them back, and what keeps them waiting."""

GROUPS: Final = {
    "storage": STORAGE,
    "arm": ARM,
    "death": DEATH,
    "message": MESSAGE,
    "timer": TIMER,
    "lies": LIES,
}
_WITHOUT_SETS: Final = (*STORAGE, *ARM, *DEATH, *MESSAGE, *TIMER, *WINDOWS, *CONDITIONS, *ENDINGS)
ALL: Final = (*_WITHOUT_SETS, *LIES, *BAD_DAYS)
PLANNED: Final = (
    "plan",
    "rules",
    "senders",
    "endings",
    "conditions",
    "windows",
    "incidents",
)
"""Streams from which a world is planned before it begins."""
FEW: Final = 4
"""Where there are fewer kinds than this, each strikes more often."""
CONSEQUENCE: Final = "function-timeout"
"""What no one injects: a function that hung for so long that the host ended its process."""
RATES: Final = {
    "storage": 0.02,
    "arm": 0.06,
    "death": 0.004,
    "message": 0.06,
    "timer": 0.03,
    "lies": 0.15,
}


def stream(seed: int, name: str) -> Random:
    """Return the random generator of that name in the world of a seed."""
    return Random(f"{seed} {name}")  # noqa: S311  a seed must give the same world again


def choose(seed: int) -> frozenset[str]:
    """Return what can go wrong in the world of a seed: all at once, one kind alone, or some."""
    rng = stream(seed, "kinds")
    match seed % 4:
        case 0:
            return frozenset(ALL)
        case 1:
            return frozenset({ALL[seed // 4 % len(ALL)]})
        case _:
            share = rng.choice((0.1, 0.3, 0.6))
            return frozenset(kind for kind in ALL if rng.random() < share)


@dataclass
class Faults:
    """The faults of one world."""

    seed: int
    kinds: frozenset[str]
    salt: int = 0
    """Another one gives another history of the same plan."""
    counts: Counter[str] = field(default_factory=Counter)
    are_on: bool = True

    def __post_init__(self) -> None:
        self._streams = {group: self._new(group) for group in GROUPS}
        self._choices = {
            group: [(kind, weight) for kind, weight in kinds.items() if kind in self.kinds]
            for group, kinds in GROUPS.items()
        }
        often = 3 if len(self.kinds) < FEW else 1
        self._rates = {group: rate * often for group, rate in RATES.items()}

    def stream(self, name: str) -> Random:
        """Return the random generator of that name."""
        return self._streams.setdefault(name, self._new(name))

    def _new(self, name: str) -> Random:
        salted = self.salt and name not in PLANNED
        return stream(self.seed, f"{name} {self.salt}" if salted else name)

    def strikes(self, group: str) -> str | None:
        """Return the kind of this group that strikes now, if one does."""
        choices = self._choices[group]
        if not self.are_on or not choices:
            return None
        rng = self._streams[group]
        if rng.random() >= self._rates[group]:
            return None
        kinds = [kind for kind, _ in choices]
        return rng.choices(kinds, [weight for _, weight in choices])[0]

    def count(self, kind: str) -> None:
        """Note that a fault was injected."""
        self.counts[kind] += 1

    def has(self, kind: str) -> bool:
        """Tell whether this kind can happen in this world."""
        return kind in self.kinds
