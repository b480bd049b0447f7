"""Azure Resource Graph: one query over what all vaults hold. It says where to look, never more.

Its rows are behind by up to minutes (230 s is the most recorded), and whoever lacks a right is
shown none and told nothing. So what it shows is a candidate, confirmed elsewhere; what it does not
show may be there all the same. A graph that shows nothing of a vault at all is not asked again for
a while, nor is one that refuses.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from restore_core.azure.arm import Arm
from restore_core.azure.vault_calls import odd
from restore_core.contract.resource_ids import ArmId, BackupVaultId
from restore_core.errors import Problem, Rejected, Unavailable
from restore_core.loose_json import array_of, text_of

PATH: Final = "/providers/Microsoft.ResourceGraph/resources"
API_VERSION: Final = "2021-03-01"
"""The one that is recorded."""
MOST: Final = 20
"""Rows of an answer: those that are asked for come first, and there are seldom two."""
AT_ONCE: Final = 200
"""Ids in one query: some thirty thousand characters."""
PAGE: Final = 1_000
"""Rows of a page where all are wanted: no more come at once."""
BLIND: Final = timedelta(minutes=10)
"""How long a graph that refuses, or shows nothing of a vault, is not asked again."""
THROTTLED: Final = timedelta(seconds=5)
"""How long one that fails is left alone: its quota is 15 queries in 5 s."""

INSTANCES: Final = "backupinstances"
JOBS: Final = "backupjobs"

_SAFE: Final = re.compile(r"[^'\"\\\x00-\x1f\x7f]+")
_EVERYTHING: Final = ""
_PARTIAL: Final = Problem(
    "PartialAnswer",
    "Resource Graph's answer is truncated, or its count is not its total.",
    "This mends itself: it is asked again.",
)

Row = dict[str, Any]
_Id = TypeVar("_Id", bound=ArmId)


class ResourceGraph:
    """What one worker asks of Resource Graph, and remembers of it. Safe for threads."""

    def __init__(self, arm: Arm, clock: Callable[[], datetime], *, is_on: bool = True) -> None:
        self._arm = arm
        self._clock = clock
        self._is_on = is_on
        self._lock = threading.Lock()
        self._blind_until: dict[str, datetime] = {}
        self._failing_until: datetime | None = None

    def find(self, kind: str, vaults: Sequence[BackupVaultId], condition: str) -> list[Row] | None:
        """Return rows of `kind` in `vaults`, those for which `condition` holds first.

        None where it cannot help: switched off, forbidden, or blind for these vaults. Raise
        Unavailable where it fails for now.
        """
        scope = " ".join((kind, *sorted(vault.key for vault in vaults)))
        if not self._is_on or self._is_blind(scope):
            return None
        try:
            rows = self.ask(kind, vaults, condition)
        except Rejected:
            self._remember_blind(_EVERYTHING)
            return None
        except Unavailable as error:
            self._remember_failing(error)
            raise
        if not rows:
            self._remember_blind(scope)
            return None
        return rows

    def all_rows(self, query: str, subscriptions: Sequence[str]) -> list[Row] | None:
        """Return every row of a query that keeps the column `id`; None where it cannot help.

        An answer of which something is missing is none: raise Unavailable.
        """
        if not self._is_on or self._is_blind(_EVERYTHING):
            return None
        try:
            return self._every_page(query, subscriptions)
        except Rejected:
            self._remember_blind(_EVERYTHING)
            return None
        except Unavailable as error:
            self._remember_failing(error)
            raise

    def _every_page(self, query: str, subscriptions: Sequence[str]) -> list[Row]:
        rows, token, total = list[Row](), "", -1
        while token or total < 0:
            options = {"$top": PAGE, "resultFormat": "objectArray"}
            body = {
                "subscriptions": sorted({one.lower() for one in subscriptions}),
                "query": query,
                "options": {**options, "$skipToken": token} if token else options,
            }
            page = self._arm.post(PATH, body, api_version=API_VERSION).body
            rows += [row for row in array_of(page.get("data")) if isinstance(row, dict)]
            token, total = text_of(page.get("$skipToken")), _whole(page.get("totalRecords"))
            if len(rows) > total or not (token or len(rows) == total):
                raise Unavailable(_PARTIAL)
        return rows

    def ask(self, kind: str, vaults: Sequence[BackupVaultId], condition: str) -> list[Row]:
        """Return what one query shows, whatever is remembered; raise Unavailable or Rejected."""
        body = {
            "subscriptions": sorted({vault.group.subscription.lower() for vault in vaults}),
            "query": _query(kind, vaults, condition),
            "options": {"$top": MOST, "resultFormat": "objectArray"},
        }
        answer = self._arm.post(PATH, body, api_version=API_VERSION)
        data = answer.body.get("data")
        if not isinstance(data, list):
            raise Unavailable(odd("a query of Resource Graph"))
        return [row for row in data if isinstance(row, dict)]

    def _is_blind(self, scope: str) -> bool:
        now = self._clock()
        with self._lock:
            failing = self._failing_until
            untils = [self._blind_until.get(key, now) for key in (_EVERYTHING, scope)]
        if failing is not None and now < failing:
            raise Unavailable(odd("a query of Resource Graph"))
        return any(now < until for until in untils)

    def _remember_blind(self, scope: str) -> None:
        with self._lock:
            self._blind_until[scope] = self._clock() + BLIND

    def _remember_failing(self, error: Unavailable) -> None:
        with self._lock:
            self._failing_until = self._clock() + (error.retry_after or THROTTLED)


def same(path: str, text: str | ArmId) -> str:
    """Return the condition that what stands at `path` is this text, whatever the case."""
    return f"tostring({path}) =~ {literal(str(text))}"


def begins(path: str, text: str) -> str:
    """Return the condition that what stands at `path` begins with this text."""
    return f"tostring({path}) startswith {literal(text)}"


def among(path: str, texts: Iterable[str | ArmId]) -> str:
    """Return the condition that what stands at `path` is one of these texts, whatever the case."""
    return f"tostring({path}) in~ ({', '.join(literal(str(text)) for text in texts)})"


def contains(path: str, text: str | ArmId) -> str:
    """Return the condition that what stands at `path` holds this text somewhere."""
    return f"tostring({path}) contains {literal(str(text))}"


def batches(ids: Sequence[_Id]) -> Iterator[Sequence[_Id]]:
    """Yield as many ids at once as one query should hold."""
    for first in range(0, len(ids), AT_ONCE):
        yield ids[first : first + AT_ONCE]


def inside(vaults: Sequence[BackupVaultId]) -> str:
    """Return the condition that a row's id lies in one of these vaults."""
    return " or ".join(f"id startswith {literal(f'{vault}/')}" for vault in vaults)


def between(path: str, begin: datetime, end: datetime) -> str:
    """Return the condition that the time at `path` is neither before `begin` nor after `end`."""
    moment = f"todatetime({path})"
    first, last = f"datetime({begin.isoformat()})", f"datetime({end.isoformat()})"
    return f"({moment} >= {first} and {moment} <= {last})"


def _whole(value: Any) -> int:
    """Return a count; -1 where there is none, which is never a number of rows."""
    return value if isinstance(value, int) else -1


def literal(text: str) -> str:
    """Return `text` in quotes; raise ValueError where it could end them."""
    if not _SAFE.fullmatch(text):
        raise ValueError("a text with a quote or a control character cannot stand in a query")
    return f"'{text}'"


def _query(kind: str, vaults: Sequence[BackupVaultId], condition: str) -> str:
    """Return the query: others than those that are asked for show whether it sees anything."""
    return (
        "RecoveryServicesResources"
        f" | where type =~ 'microsoft.dataprotection/backupvaults/{kind}'"
        f" | where {inside(vaults)}"
        f" | extend wanted = {condition}"
        f" | order by wanted desc | take {MOST} | project id, name, properties"
    )
