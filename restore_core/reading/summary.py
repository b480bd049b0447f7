"""What the restores of some time come to: how many, how long, how old, why not. Pure.

Durations, ages and phases are of the restores that brought a disk back; a set's own row is none.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from restore_core.engine.columns import as_json
from restore_core.lifecycle.status import Status
from restore_core.reading.rows import Row, moment, row_id, vault_id
from restore_core.reading.spread import spread

Told = dict[str, Any]

BROUGHT_BACK: Final = frozenset({Status.COMPLETED.value, Status.COMPLETED_WITH_WARNINGS.value})
MOST_SLOW: Final = 5
PHASES: Final = ("queued", "validating", "job")
_SLOW: Final = ("requestId", "durationSeconds", "status", "completedAt", "targetDiskId")
_REASON: Final = ("errorCode", "errorMessage", "recommendedAction", "requestId")


def summary(rows: Sequence[Row]) -> Told:
    """Return counts, spreads and reasons of rows that ended, and the same by vault and by day."""
    single = [row for row in rows if "members" not in row]
    back = [row for row in single if row.get("status") in BROUGHT_BACK]
    return {
        "total": len(single),
        "sets": len(rows) - len(single),
        "counts": _counts(single),
        **_spreads(back),
        "phases": {name: spread(_phase(back, name)) for name in (*PHASES, "other")},
        "slowest": _slowest(back),
        "reasons": _reasons(single),
        "vaults": _vaults(back),
        "days": _days(single),
    }


def _counts(rows: Iterable[Row]) -> dict[str, int]:
    found = Counter(str(row.get("status", "")) for row in rows)
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def _spreads(rows: Sequence[Row]) -> Told:
    return {
        name: spread(_numbers(rows, name))
        for name in ("durationSeconds", "recoveryPointAgeSeconds")
    }


def _numbers(rows: Iterable[Row], name: str) -> list[int]:
    return [row[name] for row in rows if isinstance(row.get(name), int)]


def _phase(rows: Iterable[Row], name: str) -> list[int]:
    if name in PHASES:
        return _numbers(rows, f"{name}Seconds")
    return [_other(row) for row in rows if isinstance(row.get("durationSeconds"), int)]


def _other(row: Row) -> int:
    """Return what is left: steps between the phases, and waiting for the next look."""
    known = sum(_numbers([row], f"{name}Seconds")[0] for name in PHASES if _has(row, name))
    return max(0, int(row["durationSeconds"]) - known)


def _has(row: Row, phase: str) -> bool:
    return isinstance(row.get(f"{phase}Seconds"), int)


def _slowest(rows: Sequence[Row]) -> list[Told]:
    timed = [row for row in rows if isinstance(row.get("durationSeconds"), int)]
    timed.sort(key=lambda row: row["durationSeconds"], reverse=True)
    return [_told(row, _SLOW) for row in timed[:MOST_SLOW]]


def _told(row: Row, names: Sequence[str]) -> Told:
    known = as_json(row)
    vault = {"vaultId": vault_id(row)} if vault_id(row) else {}
    return {name: known[name] for name in names if name in known} | vault


def _reasons(rows: Iterable[Row]) -> list[Told]:
    """Return the codes, the most frequent first, each as it was told last."""
    by_code = _grouped([row for row in rows if row.get("errorCode")], lambda row: row["errorCode"])
    told = []
    for found in sorted(by_code.values(), key=len, reverse=True):
        newest = max(found, key=lambda row: (_time(row), row_id(row)))
        told.append({**_told(newest, _REASON), "count": len(found)})
    return told


def _vaults(rows: Sequence[Row]) -> list[Told]:
    by_vault = _grouped([row for row in rows if vault_id(row)], lambda row: vault_id(row).lower())
    found = sorted(by_vault.values(), key=len, reverse=True)
    return [{"vaultId": vault_id(of[0]), "count": len(of), **_spreads(of)} for of in found]


def _days(rows: Sequence[Row]) -> list[Told]:
    by_day = _grouped(rows, lambda row: row["PartitionKey"])
    return [_day(day, of) for day, of in sorted(by_day.items())]


def _day(day: str, rows: Sequence[Row]) -> Told:
    back = [row for row in rows if row.get("status") in BROUGHT_BACK]
    timed = [row for row in back if isinstance(row.get("durationSeconds"), int)]
    phases = {name: _share(_phase(timed, name), len(timed)) for name in (*PHASES, "other")}
    return {"day": day, "counts": _counts(rows), **_spreads(back), "phases": phases}


def _share(values: Sequence[int], count: int) -> int:
    """Return the mean of `count` restores, of which some lack the phase: so the phases add up."""
    return round(sum(values) / count) if count else 0


def _grouped(rows: Iterable[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _time(row: Row) -> datetime:
    return moment(row) or datetime.min.replace(tzinfo=UTC)
