"""Alert rules as they are deployed, judged as Azure Monitor judges them."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from tests.infra.deployment import deployment
from tests.infra.workspace import Workspace

_SPANS: Final = {"M": "minutes", "H": "hours", "D": "days"}


def rules() -> dict[str, "Rule"]:
    """Return every rule that a deployment has, by name."""
    made = deployment("smallest").all("Microsoft.Insights/scheduledQueryRules")
    found = [Rule.of(one) for one in made]
    return {rule.name: rule for rule in found}


@dataclass(frozen=True)
class Rule:
    """One criterion over one query."""

    name: str
    query: str
    window: timedelta
    """How far back rows count."""
    range: timedelta
    """How far back the query sees."""
    measure: str
    column: str
    operator: str
    threshold: float
    dimensions: tuple[str, ...]

    @classmethod
    def of(cls, resource: dict[str, Any]) -> Self:
        held = resource["properties"]
        (criterion,) = held["criteria"]["allOf"]
        window = _span(held["windowSize"])
        return cls(
            name=resource["name"].removeprefix("disk-restore-"),
            query=criterion["query"],
            window=window,
            range=_span(held["overrideQueryTimeRange"] or held["windowSize"]),
            measure=criterion["timeAggregation"],
            column=criterion["metricMeasureColumn"] or "",
            operator=criterion["operator"],
            threshold=criterion["threshold"],
            dimensions=tuple(one["name"] for one in criterion["dimensions"]),
        )

    def fired(self, workspace: Workspace, now: datetime) -> list[dict[str, Any]]:
        """Return the dimensions of each alert that fires at `now`."""
        seen = workspace.between(now - self.range, now).query(self.query, now)
        rows = [row for row in seen if now - self.window < row["TimeGenerated"] <= now]
        groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in rows:
            groups.setdefault(tuple(row[name] for name in self.dimensions), []).append(row)
        if not self.dimensions:
            groups.setdefault((), [])  # No row is a count of 0; of a dimension it is no series.
        return [
            dict(zip(self.dimensions, values, strict=True))
            for values, of in groups.items()
            if self._holds(of)
        ]

    def _holds(self, rows: list[dict[str, Any]]) -> bool:
        if self.measure == "Count":
            measured: float = len(rows)
        else:
            assert self.measure == "Maximum"
            numbers = [row[self.column] for row in rows if row[self.column] is not None]
            if not numbers:
                return False
            measured = max(numbers)
        return {
            "GreaterThan": measured > self.threshold,
            "LessThan": measured < self.threshold,
        }[self.operator]


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"PT?(\d+)([MHD])", text)
    assert found is not None, text
    return timedelta(**{_SPANS[found[2]]: int(found[1])})
